import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { ReplayLine } from '@sallyport/contract'
import { rawPublicKey } from '../../src/governance/recording/hpke.ts'
import { openOriginals } from '../../src/governance/recording/originals.ts'
import type { OperationFinished, RecordedEvent } from '../../src/governance/recording/event-schema.ts'
import { eventually } from '../support/eventually.ts'
import { type TestGateway, startTestGateway } from '../support/gateway.ts'
import { readEvents } from '../support/ledger-records.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import * as raw from '../support/raw-client.ts'
import { createShop, leaksIn, type Shop } from '../support/shop.ts'

/** What a recording holds of what an agent got, for each way in which PostgreSQL sends it. */
const POLICY = `
masks:
  - { name: personal, columns: [customers.email, customers.ssn], method: redact }
rules:
  - { name: everything, then: allow }
roles: { auditor: [auditors] }
`
let server: PostgresServer
let shop: Shop
let gateway: TestGateway
let auditorKey: KeyObject

before(async () => {
  server = await startPostgres({})
  shop = await createShop(server)
  const login = { port: server.port, database: shop.database, user: shop.user, password: shop.password }
  const { publicKey, privateKey } = generateKeyPairSync('x25519')
  auditorKey = privateKey
  gateway = await startTestGateway({
    targets: [
      { name: 'some', ...login, record: '{ rows: first 3 }' },
      { name: 'all', ...login, record: '{ rows: all }' },
      { name: 'none', ...login, record: '{ rows: none }' },
      { name: 'originals', ...login, record: `{ rows: all, originals: { publicKey: '${rawPublicKey(publicKey).toString('base64')}' } }` },
    ],
    policy: POLICY,
    tls: false,
  })
})
after(async () => {
  await gateway.stop()
  await server.stop()
})

interface Recorded {
  readonly session: string
  readonly lines: readonly ReplayLine[]
  readonly events: readonly RecordedEvent[]
}

/** Runs a conversation, ends it, and reads what was recorded of it. */
async function converse(target: string, talk: (client: raw.RawClient) => Promise<void>): Promise<Recorded> {
  const closed = async () => (await readEvents(gateway.ledgerDirectory)).flatMap((event) => (event.event === 'session.closed' ? [event.session] : []))
  const before = await closed()
  const client = await raw.openRaw(gateway)
  await client.logIn({ user: 'support-bot', database: target }, await gateway.issuer.agentToken('support-bot'))
  await talk(client)
  client.send(raw.TERMINATE)
  let session = ''
  await eventually('the session is closed', async () => (session = (await closed()).find((id) => !before.includes(id)) ?? '') !== '')
  const token = await gateway.issuer.personToken('robin', ['auditors'])
  let lines: ReplayLine[] = []
  // The last segment is sealed after the session is closed.
  await eventually('the recording is complete', async () => {
    const answer = await fetch(`${gateway.apiUrl}/api/v1/sessions/${session}/replay`, { headers: { authorization: `Bearer ${token}` } })
    lines = (await answer.text()).trimEnd().split('\n').map((line) => ReplayLine.parse(JSON.parse(line)))
    return target === 'none' || lines.some(({ type }) => type === 'row' || type === 'completed' || type === 'failed')
  })
  const events = (await readEvents(gateway.ledgerDirectory)).filter((event) => 'session' in event && event.session === session)
  return { session, lines, events }
}

const rows = ({ lines }: Recorded, operation: number) => lines.flatMap((line) => (line.type === 'row' && line.operation === operation ? [line.values] : []))
const columns = ({ lines }: Recorded, operation: number) => lines.flatMap((line) => (line.type === 'columns' && line.operation === operation ? [line.names] : []))
const outcomes = ({ events }: Recorded) => events.filter((event): event is OperationFinished => event.event === 'operation.finished')

/** SHA-256 over messages as a client got them, of the kinds that make a result. */
function digestOf(messages: readonly raw.RawMessage[]): string {
  const digest = createHash('sha256')
  for (const { type, body } of messages) if ('TDCENd'.includes(type)) digest.update(raw.frame(type, body))
  return digest.digest('hex')
}

describe('a recording', () => {
  test('holds rows as the agent saw them, masked, under the statement that asked', async () => {
    const recorded = await converse('all', async (client) => {
      client.send(raw.query('select id, email from customers order by id limit 2'))
      await client.receiveUntil('Z')
      client.send(raw.query('select 1 as one; select 2 as two'))
      await client.receiveUntil('Z')
    })
    assert.deepEqual(columns(recorded, 1), [['id', 'email']])
    assert.deepEqual(rows(recorded, 1).map(([id]) => id), ['1', '2'])
    assert.deepEqual(leaksIn(JSON.stringify(recorded.lines)), [])
    assert.deepEqual(columns(recorded, 2), [['one'], ['two']])
    assert.deepEqual(rows(recorded, 2), [['1'], ['2']])
  })

  test('names the columns also where the agent was told of them before', async () => {
    const recorded = await converse('all', async (client) => {
      client.send(raw.parse('s', 'select id, total, placed_at is null as open from orders where id = 7'), raw.describe('S', 's'), raw.SYNC)
      await client.receiveUntil('Z')
      for (const format of [0, 1]) {
        client.send(raw.bind('', 's', [], format), raw.execute(), raw.SYNC)
        await client.receiveUntil('Z')
      }
    })
    // The Parse alone is the first operation.
    const [text, binary] = [2, 3].map((operation) => rows(recorded, operation))
    assert.deepEqual(columns(recorded, 2), [['id', 'total', 'open']])
    assert.deepEqual(columns(recorded, 3), [['id', 'total', 'open']])
    assert.equal(text?.[0]?.[0], '7')
    assert.deepEqual(binary?.[0]?.slice(0, 2), text?.[0]?.slice(0, 2))
  })

  test('holds COPY data both ways, and errors', async () => {
    const recorded = await converse('all', async (client) => {
      client.send(raw.query('copy (select n from generate_series(1, 3) n) to stdout'))
      await client.receiveUntil('Z')
      client.send(raw.query('create temp table t(a text)'))
      await client.receiveUntil('Z')
      client.send(raw.query('copy t from stdin'))
      await client.receiveUntil('G')
      client.send(raw.frame('d', Buffer.from('first\n')), raw.frame('d', Buffer.from('second\n')), raw.frame('c'))
      await client.receiveUntil('Z')
      client.send(raw.query('select 1/0'))
      await client.receiveUntil('Z')
    })
    const bytes = (type: 'output' | 'input', operation: number) =>
      Buffer.concat(recorded.lines.flatMap((line) => (line.type === type && line.operation === operation ? [Buffer.from(line.base64, 'base64')] : []))).toString()
    assert.equal(bytes('output', 1), '1\n2\n3\n')
    assert.match(bytes('input', 3), /first\nsecond\n/)
    assert.ok(recorded.lines.some((line) => line.type === 'failed' && line.operation === 4 && line.text.includes('division by zero')))
  })

  test('ends after the rows that the policy asks for, says so, and begins again with the next statement', async () => {
    const recorded = await converse('some', async (client) => {
      for (const count of [5, 3, 100_000]) {
        client.send(raw.query(`select n from generate_series(1, ${count}) n`))
        await client.receiveUntil('Z', 20_000)
      }
    })
    for (const operation of [1, 2, 3]) assert.deepEqual(rows(recorded, operation), [['1'], ['2'], ['3']])
    const limited = recorded.events.flatMap((event) => (event.event === 'recording.limited' ? [[event.n, event.limit]] : []))
    assert.deepEqual(limited, [[1, 'first 3 rows'], [3, 'first 3 rows']])
    assert.deepEqual(outcomes(recorded).map((outcome) => outcome.rows), [5, 3, 100_000])
  })

  test('of none holds no rows, and the digest of each result all the same', async () => {
    let expected = ''
    const recorded = await converse('none', async (client) => {
      client.send(raw.query('select n from generate_series(1, 5) n'))
      expected = digestOf(await client.receiveUntil('Z'))
    })
    assert.deepEqual(rows(recorded, 1), [])
    assert.equal(outcomes(recorded)[0]?.digest, expected)
  })
})

test('masked values are kept for the auditor where the policy asks, and nobody else reads them', async () => {
  const sql = 'select email, id, ssn from customers order by id limit 2'
  const real = await server.query(sql, [], shop.database)
  const { session, lines } = await converse('originals', async (client) => {
    client.send(raw.query('select 1'), raw.query(sql))
    await client.receiveUntil('Z')
    await client.receiveUntil('Z')
  })
  assert.deepEqual(leaksIn(JSON.stringify(lines)), [])
  const token = await gateway.issuer.personToken('robin', ['auditors'])
  const answer = await fetch(`${gateway.apiUrl}/api/v1/sessions/${session}/originals`, { headers: { authorization: `Bearer ${token}` } })
  const sealed = (await answer.text()).trimEnd().split('\n').map((line) => Buffer.from((JSON.parse(line) as { sealed: string }).sealed, 'base64'))
  const opened = sealed.flatMap((message) => [...openOriginals(auditorKey, session, message)])
  const expected = real.flatMap((row, at) => [[2, at + 1, 1, row['email']], [2, at + 1, 3, row['ssn']]])
  assert.deepEqual(opened.map(({ operation, row, column, value }) => [operation, row, column, value.toString()]), expected)
})

test('an outcome has the digest of what the agent got, be it short or long, masked or refused by the target', async () => {
  const expected: string[] = []
  const recorded = await converse('some', async (client) => {
    for (const sql of ['select 1', 'select * from customers', 'select repeat(n::text, 100) from generate_series(1, 20000) n', 'select 1/0']) {
      client.send(raw.query(sql))
      expected.push(digestOf(await client.receiveUntil('Z', 20_000)))
    }
    client.send(raw.parse('', 'select id, email from customers'), raw.bind('', ''), raw.describe('P', ''), raw.execute(), raw.SYNC)
    expected.push(digestOf(await client.receiveUntil('Z')))
  })
  assert.deepEqual(outcomes(recorded).map(({ digest }) => digest), expected)
})
