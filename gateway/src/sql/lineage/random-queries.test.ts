import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { GovernedSession, startMaskedShop, type MaskedShop } from '../../../test/support/masked-session.ts'
import { randomQuery } from '../../../test/support/random-query.ts'

const RUNS = Number(process.env['SALLYPORT_RANDOM_QUERIES'] ?? 600)

let shop: MaskedShop
let session: GovernedSession

before(async () => {
  shop = await startMaskedShop()
  session = new GovernedSession(shop.server)
  await session.open()
})

after(async () => {
  await session.close()
  await shop.server.stop()
})

test('no query made at random shows a masked value', async () => {
  await fc.assert(fc.asyncProperty(randomQuery, async (sql) => {
    session.seen = ''
    await session.run(sql)
    const leaked = shop.secrets.exec(session.seen)
    assert.equal(leaked, null, `shown: ${leaked?.[0]} by ${sql}`)
  }), { numRuns: RUNS })
  // Otherwise this proves nothing: most are to be valid, many to run, and many of these to return masked columns.
  const succeeded = session.ran - session.errors.length
  assert.ok(succeeded > RUNS / 5, `only ${succeeded} of ${RUNS} ran: ${session.errors.slice(0, 20).join('; ')}`)
  assert.ok(session.refusals.length > RUNS / 10, `only ${session.refusals.length} were refused`)
  assert.ok(session.masked > RUNS / 5, `only ${session.masked} values were masked`)
})
