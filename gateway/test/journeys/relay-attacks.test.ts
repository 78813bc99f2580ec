import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Endpoint, type Journey, startJourney, type Way } from '../support/endpoints.ts'
import { eventually } from '../support/eventually.ts'
import { readEvents } from '../support/ledger-records.ts'
import { ALLOW_ALL, MASKED_WRITES } from '../support/policies.ts'
import * as raw from '../support/raw-client.ts'
import { leaksIn } from '../support/shop.ts'
import { legitimateSequences } from '../tables/legitimate-sequences.ts'
import { slowStatements } from '../tables/slow-statements.ts'
import { relayAttacks, type RelayAttack } from '../tables/relay-attacks.ts'

const MEBIBYTE = 1024 * 1024

const READS_ONLY = `
masks: []
rules:
  - { name: reads, when: operation.readOnly, then: allow }
`

const parametersOf = (endpoint: Endpoint, more: Readonly<Record<string, string>> = {}): Record<string, string> => ({ user: endpoint.user, database: endpoint.database, ...more })

/** Answers that a write must bring: one ReadyForQuery for each Query, FunctionCall and Sync in it. */
function answersTo(bytes: Buffer): number {
  let answers = 0
  for (let at = 0; at + 5 <= bytes.length; at += 1 + Math.max(bytes.readInt32BE(at + 1), 4)) if ('QSF'.includes(String.fromCharCode(bytes[at] ?? 0))) answers++
  return answers
}

/** Sends each write whole, and waits for its answers before the next. All that came back, to the end of the connection. */
async function converse(endpoint: Endpoint, attack: Pick<RelayAttack, 'writes' | 'startup' | 'answers'>): Promise<raw.RawMessage[]> {
  const client = await raw.openNegotiatedTls(endpoint)
  const seen: raw.RawMessage[] = []
  const login = await client.logIn(parametersOf(endpoint, attack.startup), endpoint.password)
  if (login.at(-1)?.type !== 'Z') return login
  for (const [at, write] of attack.writes.entries()) {
    client.send(write)
    for (let left = attack.answers?.[at] ?? answersTo(write); left > 0 && !client.closed; left--) seen.push(...(await client.receiveUntil('Z')))
  }
  client.end()
  return seen
}

const textOf = (messages: readonly raw.RawMessage[]): string => messages.map(({ type, body }) => `${type} ${body.toString('latin1')}`).join('\n')
const withoutStatus = (messages: readonly raw.RawMessage[]): string => raw.letters(messages.filter(({ type }) => type !== 'S'))

for (const [policyName, policy] of [['masks and every write allowed', MASKED_WRITES], ['reads only', READS_ONLY]] as const) {
  suite(`attacks on the relay under ${policyName}`, { concurrency: 1 }, () => {
    let journey: Journey
    let endpoint: Endpoint
    before(async () => {
      journey = await startJourney(policy)
      await journey.server.query(`alter role ${journey.shop.user} superuser`)
      endpoint = await journey.endpoint('gateway')
    })
    after(() => journey.stop())

    for (const attack of relayAttacks.filter(({ under }) => under === undefined || under === (policy === READS_ONLY ? 'reads' : 'masks'))) {
      test(attack.name, async () => {
        const untouched = await journey.shop.fingerprint()
        const seen = await converse(endpoint, attack)
        if (policy === MASKED_WRITES) assert.deepEqual(leaksIn(textOf(seen)), [], textOf(seen).slice(0, 2000))
        assert.equal(await journey.shop.fingerprint(), untouched, 'the data changed')
        assert.doesNotMatch(textOf(seen), /SXX000|internal error/)
      })
    }

    for (const { name, sql } of slowStatements) {
      test(`nobody else waits long while this is read: ${name}`, async () => {
        const other = await raw.openNegotiatedTls(endpoint)
        await other.logIn(parametersOf(endpoint), endpoint.password)
        const attacker = await raw.openNegotiatedTls(endpoint)
        await attacker.logIn(parametersOf(endpoint), endpoint.password)
        // A loaded machine may be slow once; a text that takes long takes long each time. Another text is read anew.
        let tookMs = Infinity
        for (let attempt = 0; attempt < 3 && tookMs >= 2_000; attempt++) {
          attacker.send(raw.parse('', `${sql} -- ${attempt}`), raw.SYNC)
          await sleep(20)
          const startedAt = performance.now()
          other.send(raw.query('select 1'))
          await other.receiveUntil('Z')
          tookMs = performance.now() - startedAt
          await attacker.receiveUntil('Z')
        }
        attacker.end()
        other.end()
        assert.ok(tookMs < 2_000, `${Math.round(tookMs)} ms`)
      })
    }

    if (policy === READS_ONLY) test('many refused statements of great length are not kept', async () => {
      const gateway = journey.gateway ?? assert.fail('no gateway')
      const client = await raw.openNegotiatedTls(endpoint)
      await client.logIn(parametersOf(endpoint), endpoint.password)
      const text = `delete frm ${'x'.repeat(16 << 20)}`
      const before = await gateway.memoryInUse()
      for (let number = 0; number < 40; number++) {
        client.send(raw.parse(`s${number}`, text), raw.SYNC)
        await client.receiveUntil('Z')
      }
      const growth = (await gateway.memoryInUse()) - before
      client.end()
      assert.ok(growth < 64 * MEBIBYTE, `${Math.round(growth / MEBIBYTE)} MiB`)
    })

    test('a client that goes away stops what it runs on the target', async () => {
      const gateway = journey.gateway ?? assert.fail('no gateway')
      const client = await raw.openNegotiatedTls(endpoint)
      await client.logIn(parametersOf(endpoint, { application_name: 'to be ended' }), endpoint.password)
      client.send(raw.query("select count(*) from generate_series(1, 10000000000) as endless"))
      await eventually('it runs', async () => !(await journey.isIdle('%10000000000%')))
      client.end()
      await eventually('it is stopped', () => journey.isIdle('%10000000000%')).catch(() => assert.fail(gateway.log()))
    })

    test('the gateway outlived all of it, and serves others', async () => {
      assert.equal(withoutStatus(await converse(endpoint, { writes: [raw.query('select 1')] })), 'T D C ZI')
    })
  })
}

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
