import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { governed, startMaskedShop, type MaskedShop } from '../../../test/support/masked-session.ts'
import { maskedLegitimate } from '../../../test/tables/masked-legitimate.ts'
import { maskedReads } from '../../../test/tables/masked-reads.ts'

/** Uses that no value needs to come out of: they must be refused before they reach the server. */
const MUST_BE_REFUSED = new Set(['oracle', 'text that runs', 'write-back', 'mask removed'])

let shop: MaskedShop

before(async () => {
  shop = await startMaskedShop()
})

after(async () => {
  await shop.server.stop()
})

describe('an attempt to read what is masked shows no value of it', () => {
  for (const attempt of maskedReads) {
    test(`${attempt.class}: ${attempt.name}`, async () => {
      const session = await governed(shop.server, async (session) => {
        for (const sql of attempt.setup ?? []) await session.administer(sql)
        for (const sql of attempt.sql) await session.run(sql)
      })
      const leaked = shop.secrets.exec(session.seen)
      assert.equal(leaked, null, `shown: ${leaked?.[0]} in ${session.seen.slice(Math.max(0, (leaked?.index ?? 0) - 80)).slice(0, 200)}`)
      if (MUST_BE_REFUSED.has(attempt.class)) assert.ok(session.refusals.length > 0, `not refused; server: ${session.errors.join('; ')}`)
    })
  }
})

describe('a legitimate statement over masked tables runs', () => {
  for (const { name, sql } of maskedLegitimate) {
    test(name, async () => {
      const session = await governed(shop.server, async (session) => {
        for (const text of sql) await session.run(text)
      })
      assert.deepEqual(session.refusals, [])
      assert.deepEqual(session.errors, [])
      assert.equal(shop.secrets.exec(session.seen)?.[0], undefined)
    })
  }
})

test('no mask comes off a table of a type when the type changes', async () => {
  const changes = ['alter type contact_type rename attribute ssn to note cascade', 'alter type contact_type drop attribute ssn cascade, add attribute ssn text cascade']
  for (const change of changes) {
    const session = await governed(shop.server, async (session) => {
      await session.administer("create schema typed; create table typed.customers of contact_type; insert into typed.customers values ('q7mail1@sentinel.example', '901-77-0001')")
      await session.run(change)
      await session.run('select * from typed.customers')
    })
    assert.equal(shop.secrets.exec(session.seen)?.[0], undefined)
    assert.equal(session.refusals.length, 1)
  }
})

test('the values are there to be found', async () => {
  const session = await governed(shop.server, async (session) => {
    await session.run('select id from customers')
  })
  assert.equal(shop.secrets.test(session.seen), false)
  const rows = await shop.server.query('select * from customers where id = 1', [], 'shop')
  assert.ok(shop.secrets.test(JSON.stringify(rows)))
})
