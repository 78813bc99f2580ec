import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FoundOperation, OperationList, ReplayLine, SearchAnswer } from '@sallyport/contract'
import pg from 'pg'
import { z } from 'zod'
import { eventually } from '../gateway/test/support/eventually.ts'
import { type Journey, startJourney } from '../gateway/test/support/endpoints.ts'
import { readEvents } from '../gateway/test/support/ledger-records.ts'
import { type ClientResult, libpqEnvironment, startClient } from '../gateway/test/support/run-client.ts'
import { leaksIn } from '../gateway/test/support/shop.ts'

const program = fileURLToPath(new URL('sallyport.mjs', import.meta.url))
const hasPsql = spawnSync('psql', ['--version']).status === 0
const skip = hasPsql ? false : 'psql is not installed'

const POLICY = `
masks:
  - { name: personal, columns: [customers.email, customers.ssn], method: redact }
rules:
  - { name: reads, when: operation.readOnly, then: allow }
  - { name: destructive, when: 'operation.actions.exists(a, a in ["drop", "truncate"])', then: deny }
  - { name: writes, when: '!operation.readOnly', then: allow }
roles: { auditor: [auditors], administrator: [admins] }
`
/** What a terminal must never get from a statement: a title, a clipboard write, a cleared screen. */
const ATTACK = "select 'escape-attack', '\u001b]0;owned\u0007\u001b]52;c;b3duZWQ=\u0007\u001b[2J\u009b31m\u202e' as bad"

suite('reading sessions that psql made', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-sessions-'))
  let journey: Journey
  let auditor = ''
  let agent = ''
  let id = ''

  before(async () => {
    journey = await startJourney(POLICY)
    const { issuer } = gateway()
    auditor = await issuer.personToken('robin', ['auditors'])
    agent = await issuer.agentToken('support-bot')
    id = await psql('support-bot', [
      'select id, name, email from customers order by id limit 3', 'drop table payments', "update orders set status = 'refunded' where id = 7",
      'select nothing from orders', ATTACK, "select '=1+1' as formula, 'a,\"b\"' as quoted, null as nothing, -5 as number", 'select n from generate_series(1, 30) n',
    ])
  })
  after(async () => {
    await journey.stop()
    rmSync(folder, { recursive: true })
  })

  function gateway() {
    if (journey.gateway === undefined) throw new Error('this needs the gateway')
    return journey.gateway
  }

  /** Not by spawnSync: the issuer that the gateway asks is in this process. */
  async function sallyport(args: readonly string[], token = auditor): Promise<ClientResult> {
    const result = await startClient(process.execPath, [program, ...args], '', { env: environment(token) }).result
    assert.doesNotMatch(result.output + result.errors, /\n\s+at /, 'no stack')
    return result
  }

  const environment = (token: string) => ({ PATH: process.env['PATH'], SALLYPORT_API: gateway().apiUrl, SALLYPORT_IDENTITY_TOKEN: token })

  async function done(args: readonly string[], token = auditor): Promise<string> {
    const { status, output, errors } = await sallyport(args, token)
    assert.equal(status, 0, errors)
    return output
  }

  /** Runs statements through the gateway. @returns the session's id, once it is closed */
  async function psql(name: string, statements: readonly string[]): Promise<string> {
    const before = new Set((await readEvents(gateway().ledgerDirectory)).flatMap((event) => (event.event === 'session.closed' ? [event.session] : [])))
    const endpoint = await journey.endpoint('gateway')
    const env = { ...libpqEnvironment(endpoint), PGUSER: name, PGPASSWORD: await gateway().issuer.agentToken(name) }
    await startClient('psql', ['-X', '-q'], statements.map((text) => `${text};\n`).join(''), { env }).result
    let session = ''
    await eventually('the session is closed', async () => {
      const closed = (await readEvents(gateway().ledgerDirectory)).find((event) => event.event === 'session.closed' && !before.has(event.session))
      if (closed?.event === 'session.closed') session = closed.session
      return session !== ''
    })
    return session
  }

  const search = async (query: string, token = auditor) => SearchAnswer.parse(JSON.parse(await done(['session', 'search', query, '--json'], token)))
  const lines = (text: string) => text.trimEnd().split('\n').map((line) => ReplayLine.parse(JSON.parse(line)))

  test('search finds an operation as soon as it is over, by what it did', async () => {
    const found = await search('table:orders action:update agent:support-bot since:7d "refunded"')
    assert.equal(found.complete, true)
    assert.deepEqual(found.operations.map((operation) => FoundOperation.parse(operation).text), ["update orders set status = 'refunded' where id = 7;"])
    assert.deepEqual([found.operations[0]?.session, found.operations[0]?.rows, found.operations[0]?.outcomes.completed], [id, 1, 1])
    assert.match(await done(['session', 'search', 'decision:deny']), new RegExp(`support-bot on shop {2}deny by destructive\n {2}drop table payments;\n {2}${id} 2`))
    assert.match(await done(['session', 'search', 'error:42703']), /allow by reads, failed 42703\n {2}select nothing from orders;/)
    assert.match(await done(['session', 'search', 'table:nowhere']), /Nothing was found/)
  })

  test('a wrong query is told with its place and the nearest key', async () => {
    const { status, errors } = await sallyport(['session', 'search', 'tabel:customers'])
    assert.equal(status, 1)
    assert.match(errors, /character 1: "tabel" is no key[^]*"table"/)
  })

  test('an agent finds, replays and exports its own sessions only', async () => {
    const other = await psql('nightly-report', ['select count(*) from orders'])
    assert.deepEqual(new Set((await search('', agent)).operations.map(({ session }) => session)), new Set([id]))
    assert.ok((await search('')).operations.some(({ session }) => session === other))
    assert.equal((await sallyport(['session', 'replay', id, '--json'], agent)).status, 0)
    for (const args of [['show', other], ['replay', other], ['tail', other], ['export', other]]) {
      const { status, output, errors } = await sallyport(['session', ...args], agent)
      assert.equal(status, 1)
      assert.equal(output, '')
      assert.match(errors, /no such session/)
    }
  })

  test('replay shows each statement with its result as a table, masked as the agent saw it', async () => {
    const text = await done(['session', 'replay', id])
    assert.match(text, /select id, name, email from customers order by id limit 3;\n┌[^]*│ id │ name[^]*│ 1 {2}│ Customer 1/)
    assert.deepEqual(leaksIn(text), [])
    assert.match(text, /drop table payments;\n {3}deny by destructive/)
    assert.match(text, /completed, 3 rows/)
    assert.match(text, /failed 42703/)
    assert.match(text, /│ 20 │\n└────┘\n… 10 rows more; see --rows/)
    assert.match(await done(['session', 'replay', id, '--rows', '2']), /├───┤\n│ 1 │\n│ 2 │\n└───┘\n… 28 rows more/)
  })

  test('what a statement or a value holds never reaches the terminal as a control sequence', async () => {
    for (const args of [['show', id], ['replay', id], ['tail', id], ['search', 'escape'], ['search', 'escape', '--json'], ['replay', id, '--json']]) {
      const text = await done(['session', ...args])
      assert.match(text, /escape-attack/)
      // oxlint-disable-next-line no-control-regex -- control characters are the point
      assert.doesNotMatch(text, /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/, args.join(' '))
    }
  })

  test('replay as JSON has every line: session, operations with what came of them, and an end', async () => {
    const all = lines(await done(['session', 'replay', id, '--json']))
    assert.deepEqual([all[0]?.type, all.at(-1)?.type, all.at(-2)?.type], ['session', 'end', 'closed'])
    const of = (number: number) => all.filter((line) => ('operation' in line && line.operation === number) || ('number' in line && line.number === number)).map(({ type }) => type)
    assert.deepEqual(of(1), ['operation', 'columns', 'row', 'row', 'row', 'completed', 'outcome'])
    assert.deepEqual(of(2), ['operation'])
    assert.deepEqual(of(4), ['operation', 'failed', 'outcome'])
    assert.equal(all.filter(({ type }) => type === 'operation').length, 7)
  })

  test('that somebody looked at a session is on record', async () => {
    const acts = (await readEvents(gateway().ledgerDirectory)).flatMap((event) => (event.event === 'administrator.acted' ? [event] : []))
    assert.ok(acts.some(({ by, action, subject }) => by === 'robin' && action === 'session.replay' && subject === id))
  })

  test('export as JSON lines has every event of the session as the ledger has it', async () => {
    const events = (await readEvents(gateway().ledgerDirectory)).filter((event) => 'session' in event && event.session === id)
    const exported = (await done(['session', 'export', id])).trimEnd().split('\n').map((line) => JSON.parse(line) as { event?: string; stream?: { kind: string } })
    assert.deepEqual(exported.filter((line) => line.event !== undefined), events)
    assert.equal(exported.filter((line) => line.stream?.kind === 'row').length, 35)
  })

  test('export as CSV lists operations, and gives the rows of one without formulas', async () => {
    const file = join(folder, 'rows.csv')
    const list = (await done(['session', 'export', id, '--format', 'csv'])).split('\r\n')
    assert.equal(list.length, 9)
    assert.match(list[0] ?? '', /^number,at,decision,rule/)
    assert.match(list.find((line) => line.startsWith('3,')) ?? '', /,allow,writes,.*,completed,1,/)
    await done(['session', 'export', id, '--format', 'csv', '--operation', '6', '--output', file])
    assert.equal(readFileSync(file, 'utf8'), `formula,quoted,nothing,number\r\n'=1+1,"a,""b""",,-5\r\n`)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal((await sallyport(['session', 'export', id, '--output', file])).status, 1, 'a file that is there stays')
  })

  test('export as asciicast is a v3 recording, and as OCSF one class an event', async () => {
    const [header, ...events] = (await done(['session', 'export', id, '--format', 'asciicast'])).trimEnd().split('\n').map((line) => JSON.parse(line) as unknown)
    assert.partialDeepStrictEqual(header, { version: 3, term: { cols: 120, rows: 36 } })
    const timed = z.array(z.tuple([z.number().min(0), z.enum(['o', 'i']), z.string()])).parse(events)
    assert.match(timed.map(([, , text]) => text).join(''), /drop table payments;\r\n\(deny by destructive\)/)
    const classes = (await done(['session', 'export', id, '--format', 'ocsf'])).trimEnd().split('\n').map((line) => z.object({ class_uid: z.int(), type_uid: z.int() }).parse(JSON.parse(line)))
    assert.ok(classes.length >= 16)
  })

  test('tail follows a session until it ends', async () => {
    const { host, port, database, user, ca } = await journey.endpoint('gateway')
    const client = new pg.Client({ host, port, database, user, password: await gateway().issuer.agentToken('support-bot'), ssl: { ca, checkServerIdentity: () => undefined } })
    await client.connect()
    await client.query('select 1 as before')
    const { session } = (await search('"before"')).operations[0] ?? {}
    const child = spawn(process.execPath, [program, 'session', 'tail', session ?? '', '--json', '--no-output'], { env: environment(auditor) })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => { text += part })
    const closed = once(child, 'close')
    await eventually('the first outcome', () => text.includes('"type":"outcome"'))
    await client.query('select 2 as meanwhile')
    await eventually('the second statement', () => text.includes('meanwhile'))
    assert.equal(child.exitCode, null)
    await client.end()
    assert.deepEqual(await closed, [0, null])
    const types = lines(text).map(({ type }) => type)
    assert.deepEqual(types, ['session', 'operation', 'outcome', 'operation', 'outcome', 'closed', 'end'])
  })

  test('tail shows what the agent gets, while the session is open, and who looks is on record', async () => {
    const { host, port, database, user, ca } = await journey.endpoint('gateway')
    const client = new pg.Client({ host, port, database, user, password: await gateway().issuer.agentToken('support-bot'), ssl: { ca, checkServerIdentity: () => undefined } })
    await client.connect()
    await client.query('select email as live_one from customers where id = 1')
    const { session } = (await search('"live_one"')).operations[0] ?? {}
    const child = spawn(process.execPath, [program, 'session', 'tail', session ?? ''], { env: environment(auditor) })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => { text += part })
    const closed = once(child, 'close')
    await eventually('the first result', () => /│ live_one │[^]*│ \[redacted\] │/.test(text.replaceAll(/ +/g, ' ')))
    await client.query('select name as live_two from customers where id in (1, 2)')
    await eventually('the second result', () => /│ live_two[^]*│ Customer 1[^]*│ Customer 2/.test(text))
    assert.equal(child.exitCode, null)
    await client.query('select 1234 as live_last')
    await client.end()
    assert.deepEqual(await closed, [0, null])
    assert.match(text, /│ 1234/)
    assert.deepEqual(leaksIn(text), [])
    const acts = (await readEvents(gateway().ledgerDirectory)).flatMap((event) => (event.event === 'administrator.acted' ? [event] : []))
    assert.ok(acts.some(({ by, action, subject }) => by === 'robin' && action === 'session.watch' && subject === session))
  })

  test('operations of a session are given page by page', async () => {
    const get = async (after: number) => OperationList.parse(await (await fetch(`${gateway().apiUrl}/api/v1/sessions/${id}/operations?limit=3&after=${after}`, {
      headers: { authorization: `Bearer ${auditor}` },
    })).json())
    const seen: number[] = []
    for (let after: number | null = 0; after !== null;) {
      const page: OperationList = await get(after)
      seen.push(...page.operations.map(({ number }) => number))
      after = page.next
    }
    assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7])
  })
})
