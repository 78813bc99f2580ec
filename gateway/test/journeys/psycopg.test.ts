import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { z } from 'zod'
import { type Journey, journeyWays, startJourney } from '../support/endpoints.ts'
import { libpqEnvironment, startClient } from '../support/run-client.ts'

const script = join(import.meta.dirname, 'psycopg_journey.py')
const skip = existsSync('/usr/lib/python3/dist-packages/psycopg') ? false : "Debian's python3-psycopg is not installed"

describe('psycopg 3', { skip }, () => {
  let journey: Journey
  before(async () => {
    journey = await startJourney()
  })
  after(() => journey.stop())

  for (const way of journeyWays()) {
    test(`every step of the journey, ${way}`, { timeout: 360_000 }, async (t) => {
      const env = { ...libpqEnvironment(await journey.endpoint(way)), JOURNEY_WAY: way }
      // Debian's own python has Debian's psycopg.
      const { output, errors } = await startClient('/usr/bin/python3', [script], '', { env, timeout: 300_000 }).result
      const steps = z
        .record(z.string(), z.string())
        .parse(JSON.parse(output === '' ? JSON.stringify({ start: errors }) : output))
      for (const [name, result] of Object.entries(steps)) {
        await t.test(name.replaceAll('_', ' '), () => {
          assert.equal(result, 'ok', result)
        })
      }
      assert.ok(Object.keys(steps).length >= 15, errors)
    })
  }
})
