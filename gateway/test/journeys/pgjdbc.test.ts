import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Journey, journeyWays, startJourney } from '../support/endpoints.ts'
import { libpqEnvironment, startClient } from '../support/run-client.ts'

const DRIVER = '/usr/share/java/postgresql.jar'
const source = join(import.meta.dirname, 'PgjdbcJourney.java')
const skip =
  existsSync(DRIVER) && existsSync('/usr/bin/javac')
    ? false
    : "Debian's libpostgresql-jdbc-java and a JDK are not installed"

describe('pgjdbc', { skip }, () => {
  let journey: Journey
  before(async () => {
    journey = await startJourney()
  })
  after(() => journey.stop())

  for (const way of journeyWays()) {
    test(`every step of the journey, ${way}`, { timeout: 360_000 }, async (t) => {
      const endpoint = await journey.endpoint(way)
      const env = {
        ...libpqEnvironment(endpoint),
        JOURNEY_WAY: way,
        JOURNEY_URL: `jdbc:postgresql://${endpoint.host}:${endpoint.port}/${endpoint.database}`,
      }
      const { output, errors } = await startClient('java', ['-Xmx256m', '-cp', DRIVER, source], '', {
        env,
        timeout: 300_000,
      }).result
      const steps = output
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('\t'))
      for (const [name, result] of steps)
        await t.test(name ?? '', () => {
          assert.equal(result, 'ok')
        })
      assert.equal(steps.length, 15, errors)
    })
  }
})
