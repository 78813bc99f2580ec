import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Journey, startJourney, type Way } from '../support/endpoints.ts'
import { readEvents } from '../support/ledger-records.ts'
import { ALLOW_ALL, MASKED_WRITES } from '../support/policies.ts'
import * as raw from '../support/raw-client.ts'
import { converse, MEBIBYTE, parametersOf, testRelayAttacks, withoutStatus } from '../support/relay-attack-suite.ts'
import { legitimateSequences } from '../tables/legitimate-sequences.ts'

// Where only reads are allowed: test/full.
testRelayAttacks('masks and every write allowed', MASKED_WRITES)

suite('legitimate sequences', { concurrency: 1 }, () => {
  let journey: Journey
  before(async () => {
    journey = await startJourney(ALLOW_ALL, 'support-bot', 'password')
  })
  after(() => journey.stop())

  for (const { name, writes, answers } of legitimateSequences) {
    test(`${name}: answered as the target itself answers`, async () => {
      const answer = async (way: Way): Promise<string> => withoutStatus(await converse(await journey.endpoint(way), answers === undefined ? { writes } : { writes, answers }))
      const direct = await answer('direct')
      assert.equal(await answer('gateway'), direct)
    })
  }

  test('a CopyData message outside COPY takes no memory, however its header is split', async () => {
    const gateway = journey.gateway ?? assert.fail('no gateway')
    const client = await raw.openNegotiatedTls(await journey.endpoint('gateway'))
    await client.logIn(parametersOf(await journey.endpoint('gateway')), (await journey.endpoint('gateway')).password)
    const before = await gateway.memoryInUse()
    client.send(Buffer.from([0x64, 0x7f]))
    await sleep(50)
    client.send(Buffer.from([0xff, 0xff, 0xff]))
    const block = Buffer.alloc(1 << 20)
    for (let sent = 0; sent < 300; sent++) if (!client.socket.write(block)) await new Promise((resolve) => client.socket.once('drain', resolve))
    const growth = (await gateway.memoryInUse()) - before
    assert.ok(growth < 64 * MEBIBYTE, `${Math.round(growth / MEBIBYTE)} MiB`)
    client.end()
  })

  test('what runs on the target has a decision on record, also after skipped messages', async () => {
    const gateway = journey.gateway ?? assert.fail('no gateway')
    const endpoint = await journey.endpoint('gateway')
    await converse(endpoint, { writes: [
      Buffer.concat([raw.parse('kept', "select 'the older text'"), raw.SYNC]),
      Buffer.concat([raw.parse('x', 'not sql at all'), raw.close('S', 'kept'), raw.parse('kept', "select 'the newer text'"), raw.SYNC, raw.bind('', 'kept'), raw.execute(), raw.SYNC]),
    ] })
    const events = await readEvents(gateway.ledgerDirectory)
    const decided = events.filter((event) => event.event === 'operation.decided')
    const ran = journey.server.log().split('\n').filter((line) => line.includes("execute kept: select 'the older text'")).length
    assert.equal(ran, 1, 'the statement that the target held is what ran')
    assert.equal(decided.filter((event) => JSON.stringify(event).includes('the older text')).length, 2, 'its Parse and its Execute')
  })
})
