import assert from 'node:assert/strict'
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { DemoState } from './src/demo-state.ts'
import { type DemoUnderTest, demoDirectory, startDemoUnderTest } from '../demo/demo-under-test.ts'

const program = fileURLToPath(new URL('sallyport.mjs', import.meta.url))
const hasPsql = spawnSync('psql', ['--version']).status === 0

/** The commands against a gateway, a provider and a database that are all real. */
suite('sallyport with a gateway', () => {
  const state = demoDirectory()
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-cli-'))
  let demo: DemoUnderTest

  before(async () => {
    demo = await startDemoUnderTest(state.path)
  })
  after(async () => {
    await demo.interrupt()
    state.remove()
    rmSync(folder, { recursive: true })
  })

  function sallyport(args: readonly string[], environment: NodeJS.ProcessEnv = {}): SpawnSyncReturns<string> {
    return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env: { ...demo.environment, ...environment } })
  }

  /** Prints what it finds in its environment. */
  const show = ['--', process.execPath, '-e', 'console.log(JSON.stringify(process.env))']
  const environmentOf = (result: SpawnSyncReturns<string>) => {
    assert.equal(result.status, 0, result.stderr)
    return JSON.parse(result.stdout) as Record<string, string>
  }

  /** A token of the demo's provider, asked for as any client would. */
  async function identityToken(name: string): Promise<string> {
    const { ready } = DemoState.parse(JSON.parse(readFileSync(join(state.path, 'state.json'), 'utf8')))
    const identity = ready?.identities[name]
    assert.ok(ready !== undefined && identity !== undefined)
    const { clientId, clientSecret } = identity.client
    const response = await fetch(`${ready.issuer}/token`, {
      method: 'POST', headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` }, body: new URLSearchParams(identity.parameters),
    })
    return ((await response.json()) as { access_token: string }).access_token
  }

  test('token gives a session token that a driver can log in with', async () => {
    const { status, stdout, stderr } = sallyport(['token', '--target', 'shop', '--purpose', 'ticket 4711', '--as', 'support-bot'])
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^slp_\S+\n$/)
    const { host, port, database } = demo.ready.targets['shop']!
    const client = new pg.Client({ host, port, database, user: 'support-bot', password: stdout.trim(), ssl: { rejectUnauthorized: false } })
    await client.connect()
    assert.equal((await client.query('select 1 as one')).rows[0].one, 1)
    await client.end()
    const listed = JSON.parse(sallyport(['session', 'list', '--as', 'support-bot', '--json']).stdout) as { sessions: { purpose: string }[] }
    assert.equal(listed.sessions[0]?.purpose, 'ticket 4711')
  })

  test('token --json tells when it expires', () => {
    const { stdout } = sallyport(['token', '--target', 'shop', '--as', 'support-bot', '--json'])
    const { token, expiresAt, target } = JSON.parse(stdout) as Record<string, string>
    assert.match(token ?? '', /^slp_/)
    assert.equal(target, 'shop')
    assert.ok(Date.parse(expiresAt ?? '') > Date.now())
  })

  test('a target that the identity may not open is refused with status 3, and those that it may are named', () => {
    for (const command of [['token', '--target', 'nonsense'], ['psql', 'nonsense'], ['run', 'nonsense', ...show]]) {
      const { status, stdout, stderr } = sallyport(['--as', 'support-bot', ...command])
      assert.equal(status, 3, stderr)
      assert.match(stderr, /no target "nonsense".*\nYou may open shop/)
      assert.equal(stdout, '')
    }
  })

  test('run sets what libpq reads, and checks the certificate', () => {
    const environment = environmentOf(sallyport(['run', 'shop', '--as', 'support-bot', ...show]))
    const { host, port, database } = demo.ready.targets['shop']!
    assert.equal(environment['PGHOST'], host)
    assert.equal(environment['PGPORT'], String(port))
    assert.equal(environment['PGDATABASE'], database)
    assert.equal(environment['PGUSER'], 'support-bot')
    assert.equal(environment['PGSSLMODE'], 'verify-full')
    assert.match(readFileSync(environment['PGSSLROOTCERT'] ?? '', 'utf8'), /BEGIN CERTIFICATE/)
    assert.match(environment['PGPASSWORD'] ?? '', /^slp_/)
  })

  test('run without the demo\'s conveniences: address, authority and identity token by environment or option', async () => {
    const token = await identityToken('support-bot')
    const { caFile } = DemoState.parse(JSON.parse(readFileSync(join(state.path, 'state.json'), 'utf8'))).ready!
    const given = { SALLYPORT_API: demo.ready.api, SALLYPORT_CA: caFile, SALLYPORT_IDENTITY_TOKEN: token }
    assert.equal(environmentOf(sallyport(['run', 'shop', ...show], given))['PGSSLMODE'], 'verify-full')
    const file = join(folder, 'token')
    writeFileSync(file, `${token}\n`)
    const options = ['--api', demo.ready.api, '--ca', caFile!, '--subject-token-file', file]
    assert.match(environmentOf(sallyport([...options, 'run', 'shop', ...show]))['PGPASSWORD'] ?? '', /^slp_/)
  })

  test('run gives the child\'s exit status, passes its arguments as they are, and writes nothing to disk', () => {
    const home = mkdtempSync(join(folder, 'home-'))
    const child = ['--', process.execPath, '-e', 'process.exit(process.argv[1] === "a \'b\' --json" ? 42 : 1)', 'a \'b\' --json']
    assert.equal(sallyport(['run', 'shop', '--as', 'support-bot', ...child], { HOME: home, TMPDIR: home }).status, 42)
    assert.deepEqual(readdirSync(home), [])
  })

  test('run says that there is no such program', () => {
    const { status, stderr } = sallyport(['run', 'shop', '--as', 'support-bot', '--', 'no-such-program'])
    assert.equal(status, 1)
    assert.match(stderr, /no program "no-such-program"/)
  })

  test('run passes a signal on, and ends as the child does', async () => {
    const child = spawn(process.execPath, [program, 'run', 'shop', '--as', 'support-bot', '--', process.execPath, '-e',
      'process.on("SIGTERM", () => process.exit(7)); console.log("ready"); setInterval(() => {}, 1000)'], { env: demo.environment })
    const closed = once(child, 'close')
    await once(child.stdout, 'data')
    child.kill('SIGTERM')
    assert.deepEqual(await closed, [7, null])
  })

  test('psql opens a session; what follows the target is psql\'s', { skip: hasPsql ? false : 'psql is not installed' }, () => {
    const read = sallyport(['psql', 'shop', '--as', 'support-bot', '-X', '-At', '-c', 'select count(*) from customers'])
    assert.equal(read.status, 0, read.stderr)
    assert.equal(read.stdout, '5000\n')
    const masked = sallyport(['psql', 'shop', '-XAt', '-c', 'select email from customers where id = 1', '--as', 'support-bot'])
    assert.equal(masked.status, 0, masked.stderr)
    assert.doesNotMatch(masked.stdout, /@/)
  })

  test('psql keeps its own status when policy refuses, and shows rule and hint', { skip: hasPsql ? false : 'psql is not installed' }, () => {
    const { status, stderr } = sallyport(['psql', 'shop', '--as', 'support-bot', '-X', '-c', 'drop table payments'])
    assert.equal(status, 1)
    assert.match(stderr, /destructive/)
    assert.match(stderr, /HINT/)
  })

  test('session show tells each operation, its rule and its outcome', async () => {
    const client = new pg.Client({ ...demo.ready.targets['shop'], ...pick(demo.ready.logins['nightly-report']!), ssl: { rejectUnauthorized: false } })
    await client.connect()
    await client.query('select city from customers limit 3')
    await assert.rejects(client.query('drop table payments'))
    await client.end()
    await sleep(1_500)
    const listed = JSON.parse(sallyport(['session', 'list', '--as', 'robin', '--json', '--limit', '1']).stdout) as { sessions: { id: string; identity: { name: string } }[]; next: string | null }
    assert.equal(listed.sessions[0]?.identity.name, 'nightly-report')
    assert.notEqual(listed.next, null)
    const id = listed.sessions[0].id
    const shown = sallyport(['session', 'show', id, '--as', 'robin'])
    assert.equal(shown.status, 0, shown.stderr)
    assert.match(shown.stdout, /allow by reads, completed, 3 rows\n\s+select city from customers limit 3/)
    assert.match(shown.stdout, /deny by destructive\n\s+drop table payments/)
    assert.match(sallyport(['session', 'list', '--as', 'robin']).stdout, new RegExp(`SESSION.*WHO[^]*${id}.*nightly-report`))
  })

  test('a session of another is not shown to an agent', () => {
    const { sessions } = JSON.parse(sallyport(['session', 'list', '--as', 'robin', '--json']).stdout) as { sessions: { id: string; identity: { name: string } }[] }
    const other = sessions.find(({ identity }) => identity.name === 'nightly-report')
    assert.ok(other !== undefined)
    assert.notEqual(sallyport(['session', 'show', other.id, '--as', 'support-bot']).status, 0)
  })

  test('session end ends it at once, for an administrator only', async () => {
    const client = new pg.Client({ ...demo.ready.targets['shop'], ...pick(demo.ready.logins['support-bot']!), ssl: { rejectUnauthorized: false } })
    await client.connect()
    await client.query('select 1')
    const ended = new Promise<Error>((resolve) => client.on('error', resolve))
    const { sessions } = JSON.parse(sallyport(['session', 'list', '--as', 'avery', '--json', '--limit', '1']).stdout) as { sessions: { id: string; state: string }[] }
    assert.equal(sessions[0]?.state, 'open')
    assert.equal(sallyport(['session', 'end', sessions[0].id, '--as', 'support-bot']).status, 3)
    assert.equal(sallyport(['session', 'end', sessions[0].id, '--as', 'avery']).status, 0)
    assert.match((await ended).message, /ended by avery/)
  })

  test('policy apply makes a version, the same text none, and a wrong one changes nothing', () => {
    const text = readFileSync(fileURLToPath(new URL('../demo/sallyport.yaml', import.meta.url)), 'utf8')
      .replace('http://127.0.0.1:4000', demo.ready.issuer).replace('port: 5432', `port: ${postgresPort(demo)}`)
    const file = join(folder, 'policy.yaml')
    writeFileSync(file, text.replace('add a WHERE clause', 'name the rows'))
    assert.equal(sallyport(['policy', 'apply', file, '--as', 'support-bot']).status, 3)
    const first = sallyport(['policy', 'apply', file, '--as', 'avery', '--json'])
    assert.equal(first.status, 0, first.stderr)
    const { version } = JSON.parse(first.stdout) as { version: number }
    assert.deepEqual(JSON.parse(sallyport(['policy', 'apply', file, '--as', 'avery', '--json']).stdout), { version, changed: false })
    writeFileSync(file, text.replace('rules:', 'rule:'))
    const wrong = sallyport(['policy', 'apply', file, '--as', 'avery'])
    assert.equal(wrong.status, 1)
    assert.match(wrong.stderr, /\d+:\d+ .*"rule".*"rules"/)
  })

  test('audit verify proves a copy of the ledger, and names the first bad entry of a changed one', async () => {
    await sleep(1_500)
    const { ledger } = DemoState.parse(JSON.parse(readFileSync(join(state.path, 'state.json'), 'utf8'))).ready!
    const copy = join(folder, 'ledger')
    cpSync(ledger, copy, { recursive: true })
    const right = sallyport(['audit', 'verify', copy])
    assert.equal(right.status, 0, right.stdout + right.stderr)
    assert.match(right.stdout, /The ledger holds: \d+ entries/)
    const [journal] = readdirSync(join(copy, 'journal')).toSorted()
    const path = join(copy, 'journal', journal!)
    const bytes = readFileSync(path)
    const at = bytes.indexOf('drop table payments')
    assert.ok(at > 0)
    bytes.write('d', at)
    bytes.write('select city from cu', at)
    writeFileSync(path, bytes)
    const wrong = sallyport(['audit', 'verify', copy])
    assert.equal(wrong.status, 1)
    assert.match(wrong.stdout, /^BAD: .*\d/)
    const report = JSON.parse(sallyport(['audit', 'verify', copy, '--json']).stdout) as { ok: boolean; bad: { index: number } }
    assert.equal(report.ok, false)
    assert.ok(report.bad.index > 0)
  })

  test('a session, an event and a copy of the whole ledger are proved in another place, with the key alone', async () => {
    await sleep(1_500)
    const { sessions } = JSON.parse(sallyport(['session', 'list', '--as', 'robin', '--json']).stdout) as { sessions: { id: string; state: string }[] }
    const session = sessions.at(-1)?.id ?? assert.fail()
    const { ledger } = DemoState.parse(JSON.parse(readFileSync(join(state.path, 'state.json'), 'utf8'))).ready!
    const key = ['--key', join(ledger, 'verifier.pub')]
    const bundle = join(folder, 'session.tar')
    assert.equal(sallyport(['audit', 'export', session, '--as', 'support-bot', '--output', bundle]).status, 3)
    const exported = sallyport(['audit', 'export', session, '--as', 'robin', '--output', bundle])
    assert.equal(exported.status, 0, exported.stderr)
    assert.match(sallyport(['audit', 'verify', bundle, ...key]).stdout, new RegExp(`^The bundle holds: session ${session}, \\d+ events`))
    const proof = join(folder, 'first.tlog-proof')
    assert.equal(sallyport(['audit', 'prove', `${session}:1`, '--output', proof]).status, 0)
    assert.match(sallyport(['audit', 'verify', proof, ...key]).stdout, /^The proof holds: entry \d+ of the log is\n\{"v":1,"event":"operation.decided"/)
    assert.equal(sallyport(['audit', 'prove', `${session}:100000`]).status, 1)
    assert.equal(sallyport(['audit', 'prove', 'nonsense']).status, 2)
    const copy = join(folder, 'tiles')
    assert.equal(sallyport(['audit', 'tiles', copy]).status, 0)
    const known = join(folder, 'known.note')
    cpSync(join(copy, 'checkpoint'), known)
    assert.match(sallyport(['audit', 'verify', copy, ...key, '--from', known]).stdout, /^The copy holds: \d+ entries/)
    assert.equal(sallyport(['audit', 'verify', bundle, ...key, '--from', known]).status, 1)
    assert.equal(sallyport(['audit', 'verify', '--from', known]).status, 0)
    const bytes = readFileSync(bundle)
    bytes.write('D', bytes.indexOf('operation.decided') + 10)
    writeFileSync(bundle, bytes)
    const wrong = sallyport(['audit', 'verify', bundle, ...key])
    assert.equal(wrong.status, 1)
    assert.match(wrong.stdout, /^BAD: entry \d+ \(entries, byte \d+\): this is not the entry that was signed/)
  })

  test('an identity that the demo does not have is wrong usage', () => {
    const { status, stderr } = sallyport(['session', 'list', '--as', 'eve'])
    assert.equal(status, 2)
    assert.match(stderr, /support-bot, nightly-report, dana, avery, robin/)
  })
})

function pick({ user, password }: { user: string; password: string }) {
  return { user, password }
}

function postgresPort(demo: DemoUnderTest): number {
  return Number(readFileSync(join(demo.folder, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[3])
}
