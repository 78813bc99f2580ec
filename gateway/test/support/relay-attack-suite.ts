import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Endpoint, type Journey, startJourney } from './endpoints.ts'
import { eventually } from './eventually.ts'
import { MASKED_WRITES } from './policies.ts'
import * as raw from './raw-client.ts'
import { leaksIn } from './shop.ts'
import { slowStatements } from '../tables/slow-statements.ts'
import { relayAttacks, type RelayAttack } from '../tables/relay-attacks.ts'

export const MEBIBYTE = 1024 * 1024

export const READS_ONLY = `
masks: []
rules:
  - { name: reads, when: operation.readOnly, then: allow }
`

export const parametersOf = (endpoint: Endpoint, more: Readonly<Record<string, string>> = {}): Record<string, string> => ({ user: endpoint.user, database: endpoint.database, ...more })

/** Answers that a write must bring: one ReadyForQuery for each Query, FunctionCall and Sync in it. */
function answersTo(bytes: Buffer): number {
  let answers = 0
  for (let at = 0; at + 5 <= bytes.length; at += 1 + Math.max(bytes.readInt32BE(at + 1), 4)) if ('QSF'.includes(String.fromCharCode(bytes[at] ?? 0))) answers++
  return answers
}

/** Sends each write whole, and waits for its answers before the next. All that came back, to the end of the connection. */
export async function converse(endpoint: Endpoint, attack: Pick<RelayAttack, 'writes' | 'startup' | 'answers'>): Promise<raw.RawMessage[]> {
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
export const withoutStatus = (messages: readonly raw.RawMessage[]): string => raw.letters(messages.filter(({ type }) => type !== 'S'))

/** Messages that PostgreSQL's protocol allows, or does not, and that are meant to get past the gateway. */
export function testRelayAttacks(policyName: string, policy: string): void {
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
