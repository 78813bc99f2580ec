import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type DemoUnderTest, demoDirectory, startDemoUnderTest } from '../demo/demo-under-test.ts'
import { eventually } from '../gateway/test/support/eventually.ts'
import { answerDevicePage } from '../gateway/test/support/form-browser.ts'
import { listenOnLoopback, type LoopbackServer } from '../gateway/test/support/openid-servers.ts'

const program = fileURLToPath(new URL('sallyport.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'sallyport-login-'))
after(() => rmSync(folder, { recursive: true }))

interface Result {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Running {
  readonly child: ChildProcessWithoutNullStreams
  stderr(): string
  readonly result: Promise<Result>
}

function start(environment: NodeJS.ProcessEnv, args: readonly string[]): Running {
  const { SALLYPORT_API: _, SALLYPORT_IDENTITY_TOKEN: __, DBUS_SESSION_BUS_ADDRESS: ___, ...rest } = process.env
  const child = spawn(process.execPath, [program, ...args], { env: { ...rest, ...environment } })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text })
  return { child, stderr: () => stderr, result: once(child, 'close').then(([status]) => ({ status: status as number | null, stdout, stderr })) }
}

suite('sallyport login in the demo', () => {
  const state = demoDirectory()
  let demo: DemoUnderTest

  before(async () => {
    demo = await startDemoUnderTest(state.path)
  })
  after(async () => {
    await demo.interrupt()
    state.remove()
  })

  const home = () => mkdtempSync(join(folder, 'config-'))
  const environment = (config: string) => ({ XDG_CONFIG_HOME: config, SALLYPORT_DEMO_DIR: state.path })
  const sallyport = (config: string, ...args: string[]) => start(environment(config), args).result
  const filesOf = (config: string) => readdirSync(join(config, 'sallyport/logins')).filter((name) => name.endsWith('.json')).map((name) => join(config, 'sallyport/logins', name))

  /** Logs in, with a person at the browser; undefined refuses. */
  async function login(config: string, person: string | undefined, ...args: string[]): Promise<Result> {
    const running = start(environment(config), ['login', ...args])
    const invitation = () => /open\n {2}(\S+)\n.*\n {2}(\S+)\n/.exec(running.stderr())
    await eventually('the invitation', () => invitation() !== null)
    const [, url = '', userCode = ''] = invitation() ?? []
    assert.equal(readFileSync(`/proc/${running.child.pid}/cmdline`, 'utf8').includes(userCode), false)
    await answerDevicePage(url, userCode, person)
    return running.result
  }

  test('a newcomer logs in with a browser, is known, opens the target, and logs out', async () => {
    const config = home()
    const { status, stdout, stderr } = await login(config, 'dana')
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^dana, person, of issuer demo\nGroups {3}dba\nRoles {4}reviewer\n/)
    assert.match(stderr, /Warning: the login is kept in .*which only you can read/)
    const [file = ''] = filesOf(config)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const { secrets } = JSON.parse(readFileSync(file, 'utf8')) as { secrets: { token: string; refreshToken: string } }
    for (const secret of [secrets.token, secrets.refreshToken]) assert.ok(secret !== '' && !(stdout + stderr).includes(secret), 'no secret on the terminal')

    const who = JSON.parse((await sallyport(config, 'whoami', '--json')).stdout) as Record<string, unknown>
    assert.deepEqual([who['name'], who['roles'], who['gateway'], who['credential']], ['dana', ['reviewer'], demo.ready.api, 'identity-token'])
    assert.match((await sallyport(config, 'token', '--target', 'shop')).stdout, /^slp_\S+\n$/)
    const child = ['--', process.execPath, '-e', 'console.log(process.env.PGSSLMODE, process.env.PGSSLROOTCERT)']
    assert.match((await sallyport(config, 'run', 'shop', ...child)).stdout, /^verify-full \S+gateway\.crt\n$/, 'the authority is remembered')

    assert.match((await sallyport(config, 'logout')).stdout, /You are logged out at http/)
    assert.deepEqual(filesOf(config), [])
    const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'sallyport-cli', refresh_token: secrets.refreshToken })
    assert.equal((await fetch(`${demo.ready.issuer}/token`, { method: 'POST', body: form })).status, 400)
    const { status: later, stderr: words } = await sallyport(config, 'whoami', '--api', demo.ready.api)
    assert.equal(later, 2)
    assert.match(words, /nothing says who you are\nRun "sallyport login"/)
  })

  test('another person logs in in the same place, and --json is one document', async () => {
    const config = home()
    await login(config, 'dana', '--keep', 'file')
    const { stdout } = await login(config, 'robin', '--json', '--api', demo.ready.api)
    const document = JSON.parse(stdout) as Record<string, unknown>
    assert.deepEqual([document['name'], document['roles'], document['keptIn'], document['renews']], ['robin', ['auditor'], 'file', true])
    assert.match((await sallyport(config, 'whoami')).stdout, /^robin/)
    assert.equal(filesOf(config).length, 1)
  })

  test('a login that is refused in the browser keeps nothing', async () => {
    const config = home()
    const { status, stderr } = await login(config, undefined)
    assert.equal(status, 3, stderr)
    assert.match(stderr, /the login was refused/)
    assert.throws(() => filesOf(config))
  })

  test('an interrupted login ends at once and keeps nothing', async () => {
    const config = home()
    const running = start(environment(config), ['login'])
    await eventually('the invitation', () => running.stderr().includes('Waiting'))
    running.child.kill('SIGINT')
    assert.notEqual((await running.result).status, 0)
    assert.throws(() => filesOf(config))
  })

  test('what says who calls otherwise goes before a login, and a login that cannot be used is never passed over', async () => {
    const config = home()
    await login(config, 'dana')
    assert.match((await sallyport(config, 'whoami', '--as', 'robin')).stdout, /^robin/)
    const given = { ...environment(config), SALLYPORT_IDENTITY_TOKEN: 'nonsense' }
    assert.match((await start(given, ['whoami', '--api', demo.ready.api]).result).stderr, /this is not a token/)
    const [file = ''] = filesOf(config)
    chmodSync(file, 0o644)
    const { status, stderr } = await sallyport(config, 'whoami')
    assert.equal(status, 1)
    assert.match(stderr, /is open to others \(mode 644\)/)
    assert.match((await sallyport(config, 'logout')).stdout, /logged out/, 'it is ended all the same')
    await login(config, 'dana')
    writeFileSync(filesOf(config)[0] ?? '', '{"half":')
    assert.match((await sallyport(config, 'whoami')).stderr, /cannot be read\nRun "sallyport login"/)
    const removed = await sallyport(config, 'logout')
    assert.match(removed.stdout, /Removed .*json/)
    assert.match(removed.stderr, /not revoked/)
    assert.deepEqual(filesOf(config), [])
    assert.match((await sallyport(config, 'logout')).stdout, /You are not logged in/)
  })
})

suite('a gateway that means ill', () => {
  let server: LoopbackServer
  let answer: unknown

  before(async () => {
    server = await listenOnLoopback((_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer)))
  })
  after(() => server.close())

  const issuer = (changes: Record<string, unknown> = {}) => ({
    name: 'corp', issuer: server.url, audience: 'a', clientId: 'c', scopes: ['openid'], verificationHosts: [], ...changes,
  })
  for (const [what, offer, words] of [
    ['offers no issuer', () => ({ issuers: [] }), /names no issuer/],
    ['offers what makes no sense', () => ({ issuers: 'corp' }), /none of a sallyport gateway/],
    ['offers several issuers', () => ({ issuers: [issuer(), issuer({ name: 'other' })] }), /Name one with --issuer: corp, other/],
    ['names an issuer without TLS', () => ({ issuers: [issuer({ issuer: 'http://login.example.com' })] }), /not https/],
    ['names an issuer that is no address', () => ({ issuers: [issuer({ issuer: 'javascript:alert(1)' })] }), /not https/],
    ['names an issuer with a credential', () => ({ issuers: [issuer({ issuer: 'https://user:pw@login.example.com' })] }), /credential/],
    ['names an issuer that is none', () => ({ issuers: [issuer({ name: '\u001b]0;owned\u0007\u202ecorp' })] }), /cannot be used/],
  ] as const) {
    test(`that ${what} gets no login, and steers no terminal`, async () => {
      answer = offer()
      const config = mkdtempSync(join(folder, 'config-'))
      const { status, stdout, stderr } = await start({ XDG_CONFIG_HOME: config, SALLYPORT_DEMO_DIR: config }, ['login', '--api', server.url]).result
      assert.notEqual(status, 0)
      assert.match(stderr, words)
      assert.doesNotMatch((stdout + stderr).replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
      assert.deepEqual(readdirSync(config), [])
    })
  }
})
