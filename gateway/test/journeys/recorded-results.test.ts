import assert from 'node:assert/strict'
import { createHash, randomInt } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { ReplayLine } from '@sallyport/contract'
import fc from 'fast-check'
import { type Arrival, startChoppingProxy } from '../support/chopping-proxy.ts'
import { eventually } from '../support/eventually.ts'
import { type TestGateway, startTestGateway } from '../support/gateway.ts'
import { readEvents } from '../support/ledger-records.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import * as raw from '../support/raw-client.ts'
import { createShop, leaksIn } from '../support/shop.ts'

/** Whatever is asked, and however the target's bytes arrive: the record says what the client got. */
const POLICY = `
masks:
  - { name: personal, columns: [customers.email, customers.ssn], method: redact }
rules:
  - { name: everything, then: allow }
roles: { auditor: [auditors] }
`
const SOME_ROWS = 3
const TARGETS: readonly { readonly name: string; readonly arrival: Arrival; readonly record: string; readonly most: number }[] = [
  { name: 'bytewise', arrival: { chop: () => randomInt(1, 60) }, record: '{ rows: all }', most: 40 },
  { name: 'chopped', arrival: { chop: () => randomInt(1, 6_000) }, record: `{ rows: first ${SOME_ROWS} }`, most: 2_000 },
  { name: 'joined', arrival: { joinMs: 3 }, record: '{ rows: all }', most: 3_000 },
]

/** What one Query or Execute brought: its rows, and the messages that make its result. */
interface Result {
  readonly rows: (string | null)[][]
  readonly copied: Buffer[]
  readonly messages: raw.RawMessage[]
  /** Nothing of it came: the target skipped it. */
  readonly skipped?: boolean
}
/** A Query, or statements of one pipeline up to one Sync, each with the row limits of its Execute messages. */
type Exchange = { readonly query: string } | { readonly pipeline: readonly (readonly [sql: string, limits: readonly number[]])[] }

function bytesOf(exchange: Exchange): Buffer {
  if ('query' in exchange) return raw.query(exchange.query)
  const messages = exchange.pipeline.flatMap(([sql, limits], at) =>
    // The one of an earlier pipeline may still be there.
    [raw.close('S', `s${at}`), raw.parse(`s${at}`, sql), raw.bind(`p${at}`, `s${at}`), raw.describe('P', `p${at}`), ...limits.map((limit) => raw.execute(`p${at}`, limit))])
  return Buffer.concat([...messages, raw.SYNC])
}

function exchanges(most: number): fc.Arbitrary<Exchange[]> {
  const count = fc.nat(most)
  const wide = fc.constantFrom(0, 1, 30, 700)
  const plain = fc.tuple(count, wide).map(([rows, width]) => `select n, repeat('é', ${width}) from generate_series(1, ${width > 100 ? Math.ceil(rows / 10) : rows}) n`)
  const masked = fc.tuple(fc.nat(Math.min(most, 200)), fc.constantFrom('id, email, name', 'ssn', '*')).map(([rows, columns]) => `select ${columns} from customers order by id limit ${rows}`)
  const fails = count.map((at) => `select 1 / (n - ${at}), n from generate_series(1, 1000) n`)
  const select = fc.oneof(plain, masked, fails)
  const copy = count.map((rows) => `copy (select n, 'text' from generate_series(1, ${rows}) n) to stdout`)
  const limits = fc.constantFrom([0], [2, 0], [1, 3, 0])
  return fc.array(fc.oneof(
    fc.array(fc.oneof(plain, masked, fc.constant('')), { minLength: 1, maxLength: 3 }).map((parts) => ({ query: parts.join('; ') })),
    fc.oneof(fails, copy, fc.constant('select 1/0')).map((query) => ({ query })),
    fc.array(fc.tuple(select, limits), { minLength: 1, maxLength: 4 }).map((pipeline) => ({ pipeline })),
  ), { minLength: 4, maxLength: 10 })
}

/** Puts the answer's messages under the operations that asked for them. */
function resultsOf(exchange: Exchange, answer: readonly raw.RawMessage[]): Result[] {
  const extended = 'pipeline' in exchange
  const results: Result[] = []
  let description: raw.RawMessage | undefined
  const begin = (): Result => ({ rows: [], copied: [], messages: extended && description !== undefined ? [description] : [] })
  let result: Result | undefined
  for (const message of answer) {
    const { type } = message
    if (type === 'T' && extended) description = message
    else if ('TDCENd'.includes(type)) {
      result ??= begin()
      result.messages.push(message)
      if (type === 'D') result.rows.push(raw.rowValues(message))
      if (type === 'd') result.copied.push(message.body)
    }
    if (extended && 'CEs'.includes(type)) {
      results.push(result ?? { ...begin(), messages: [] })
      result = undefined
    }
  }
  if (!extended) results.push(result ?? begin())
  const operations = extended ? exchange.pipeline.flatMap(([, limits]) => limits).length : 1
  while (results.length < operations) results.push({ ...begin(), messages: [], skipped: true })
  return results
}

function digestOf(messages: readonly raw.RawMessage[]): string | undefined {
  if (messages.length === 0) return undefined
  const digest = createHash('sha256')
  for (const { type, body } of messages) digest.update(raw.frame(type, body))
  return digest.digest('hex')
}

suite('what is on record of a result is what the client got', { concurrency: 1 }, () => {
  let server: PostgresServer
  let gateway: TestGateway
  const proxies: { close(): void }[] = []
  before(async () => {
    server = await startPostgres({})
    const { database, user, password } = await createShop(server)
    const targets = []
    for (const { name, arrival, record } of TARGETS) {
      const proxy = await startChoppingProxy(server.port, arrival)
      proxies.push(proxy)
      targets.push({ name, port: proxy.port, database, user, password, record })
    }
    gateway = await startTestGateway({ targets, policy: POLICY, tls: false })
  })
  after(async () => {
    await gateway.stop()
    for (const proxy of proxies) proxy.close()
    await server.stop()
  })

  async function check(target: string, conversation: readonly Exchange[]): Promise<void> {
    const known = new Set((await readEvents(gateway.ledgerDirectory)).flatMap((event) => (event.event === 'session.opened' ? [event.session] : [])))
    const client = await raw.openRaw(gateway)
    await client.logIn({ user: 'support-bot', database: target }, await gateway.issuer.agentToken('support-bot'))
    const results: Result[] = []
    for (const exchange of conversation) {
      client.send(bytesOf(exchange))
      results.push(...resultsOf(exchange, await client.receiveUntil('Z')))
    }
    client.send(raw.TERMINATE)
    const text = results.flatMap(({ rows }) => rows.flat()).join('\n')
    assert.deepEqual(leaksIn(text), [])

    let events = await readEvents(gateway.ledgerDirectory)
    const session = events.flatMap((event) => (event.event === 'session.opened' && !known.has(event.session) ? [event.session] : []))[0] ?? assert.fail('no session')
    const token = await gateway.issuer.personToken('robin', ['auditors'])
    const ends = results.flatMap(({ messages }) => messages).filter(({ type }) => 'CE'.includes(type)).length
    let lines: ReplayLine[] = []
    await eventually('all of it is on record', async () => {
      const answer = await fetch(`${gateway.apiUrl}/api/v1/sessions/${session}/replay`, { headers: { authorization: `Bearer ${token}` } })
      lines = (await answer.text()).trimEnd().split('\n').map((line) => ReplayLine.parse(JSON.parse(line)))
      return lines.filter(({ type }) => type === 'completed' || type === 'failed').length >= ends
    })
    events = await readEvents(gateway.ledgerDirectory)
    const outcomes = new Map(events.flatMap((event) => (event.event === 'operation.finished' && event.session === session ? [[event.n, event] as const] : [])))
    assert.deepEqual([...outcomes.keys()].toSorted((a, b) => a - b), results.map((_, at) => at + 1))
    for (const [at, { rows, copied, messages, skipped = false }] of results.entries()) {
      const operation = at + 1
      const outcome = outcomes.get(operation)
      assert.equal(outcome?.digest, digestOf(messages), `the digest of operation ${operation}`)
      assert.equal(outcome?.result === 'aborted', skipped)
      const ofOperation = lines.filter((line) => 'operation' in line && line.operation === operation)
      const kept = target === 'chopped' ? SOME_ROWS : Infinity
      assert.deepEqual(ofOperation.flatMap((line) => (line.type === 'row' ? [line.values] : [])), rows.slice(0, kept), `the rows of operation ${operation}`)
      assert.deepEqual(ofOperation.flatMap((line) => (line.type === 'output' ? [Buffer.from(line.base64, 'base64').toString()] : [])), copied.slice(0, kept).map(String))
      const pieces = rows.length + copied.length
      assert.equal(events.some((event) => event.event === 'recording.limited' && event.session === session && event.n === operation), pieces > kept)
    }
  }

  for (const { name, most } of TARGETS) {
    test(`when the target's bytes arrive ${name}`, () => fc.assert(fc.asyncProperty(exchanges(most), (conversation) => check(name, conversation)), { numRuns: 5, endOnFailure: true }))
  }

  test('nothing is on record of what comes behind the end of a session', async () => {
    for (const last of [raw.TERMINATE, raw.frame('?')]) {
      const known = (await readEvents(gateway.ledgerDirectory)).length
      const client = await raw.openRaw(gateway)
      await client.logIn({ user: 'support-bot', database: 'joined' }, await gateway.issuer.agentToken('support-bot'))
      client.send(raw.query('select 1'), last, raw.query('select 2'), raw.parse('', 'select 3'), raw.bind('', ''), raw.execute(), raw.SYNC)
      await client.receiveUntil('none')
      let texts: string[] = []
      await eventually('the session is closed', async () => {
        const events = (await readEvents(gateway.ledgerDirectory)).slice(known)
        texts = events.flatMap((event) => (event.event === 'operation.decided' ? [event.text] : []))
        return events.some(({ event }) => event === 'session.closed')
      })
      assert.deepEqual(texts, ['select 1'])
    }
  })
})
