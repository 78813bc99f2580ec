import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { makeProgram } from './src/program.ts'
import { runProgram } from './src/run-program.ts'

const program = fileURLToPath(new URL('sallyport.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'sallyport-cli-'))
after(() => rmSync(folder, { recursive: true }))

for (const name of ['SALLYPORT_API', 'SALLYPORT_IDENTITY_TOKEN']) delete process.env[name]
Object.assign(process.env, { SALLYPORT_DEMO_DIR: folder, XDG_CONFIG_HOME: folder })

function sallyport(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env: { ...process.env, ...environment } })
}

/** In this process: a new one for each of so many would take 0.4 s of the processor. */
async function sallyportHere(context: TestContext, args: readonly string[]) {
  let stdout = ''
  let stderr = ''
  context.mock.method(console, 'error', (words: string) => { stderr += `${words}\n` })
  const listenTo = (command: Command): void => {
    command.configureOutput({ writeOut: (text) => { stdout += text }, writeErr: (text) => { stderr += text } })
    command.commands.forEach(listenTo)
  }
  const here = makeProgram('0')
  listenTo(here)
  return { status: await runProgram(here, args) ?? 0, stdout, stderr }
}

suite('wrong usage ends with status 2 and says what to do', () => {
  for (const [args, words] of [
    [['nonsense'], /unknown command 'nonsense'/],
    [['audit', 'verify', join(folder, 'nowhere')], /nowhere cannot be read/],
    [[], /Commands:/],
    [['session'], /Commands:/],
    [['token'], /Name it: sallyport token --target NAME/],
    [['lock', 'place', 'agent', 'support-bot'], /required option '--reason <why>'/],
    [['lock', 'place', 'session', 'x', '--reason', 'r'], /identity, agent or target/],
    [['lock', 'lift', 'agent', 'support-bot'], /required option '--reason <why>'/],
    [['token', '--target', 'shop', '--nonsense'], /unknown option '--nonsense'/],
    [['psql'], /missing required argument 'target'/],
    [['ssh'], /missing required argument 'target'/],
    [['run', 'shop'], /missing required argument 'command'/],
    [['session', 'list', '--limit', '0'], /whole number from 1 to 200/],
    [['session', 'list', '--limit', '201'], /whole number from 1 to 200/],
    [['session', 'show'], /missing required argument 'id'/],
    [['session', 'replay', 'x', '--rows', '0'], /whole number from 1/],
    [['session', 'replay', 'x', '--speed', '0'], /number above 0/],
    [['session', 'export', 'x', '--format', 'pdf'], /asciicast, csv, jsonl, ocsf/],
    [['session', 'search'], /missing required argument 'query'/],
    [['session', 'list'], /Set SALLYPORT_API/],
    [['session', 'list', '--api', 'http://gateway.example.com'], /https/],
    [['session', 'list', '--api', 'ftp://127.0.0.1'], /https/],
    [['session', 'list', '--api', 'http://127.0.0.1:1'], /SALLYPORT_IDENTITY_TOKEN/],
    [['hold', 'place', 'identity', 'support-bot'], /required option '--reason <why>'/],
    [['hold', 'place', 'target', 'shop', '--reason', 'r'], /session or identity/],
    [['review', 'show'], /missing required argument 'id'/],
    [['review', 'list', '--state', 'closed'], /open, approved, used, denied, expired, withdrawn, any/],
    [['review', 'list', '--watch', '--state', 'denied'], /--watch goes without --state/],
    [['review', 'approve', 'rv_1'], /this is no terminal/],
    [['review', 'approve', 'rv_1', '--yes', '--digest', 'abc'], /64 hexadecimal digits/],
    [['review', 'approve', 'rv_1', '--rows', '0'], /whole number from 1/],
    [['review', 'deny', 'rv_1'], /required option '--reason <why>'/],
    [['review', 'deny', 'rv_1', '--reason', 'no'], /this is no terminal/],
    [['access', 'request', 'shop', '--reason', 'r'], /required option '--for <time>'/],
    [['access', 'request', 'shop', '--for', '30s', '--reason', 'r'], /such as 30m or 1h30m/],
    [['access', 'request', 'shop', '--for', '30m'], /required option '--reason <why>'/],
    [['access', 'break-glass', 'shop'], /required option '--reason <why>'/],
    [['originals', 'open', 'one'], /required option '--key <file>'/],
    [['vault', 'set', 'shop'], /required option '--config <file>'/],
  ] as const) {
    test(`sallyport ${args.join(' ')}`, async (context) => {
      const { status, stderr, stdout } = await sallyportHere(context, args)
      assert.equal(status, 2, stderr)
      assert.match(stderr, words)
      assert.equal(stdout, '')
    })
  }
})

suite('every command explains itself, with examples', () => {
  for (const command of [[], ['serve'], ['policy'], ['token'], ['run'], ['psql'], ['ssh'], ['ssh-config'], ['ssh-certificate'], ['session'], ['session', 'search'], ['session', 'replay'], ['session', 'tail'], ['session', 'export'], ['review'], ['review', 'list'], ['review', 'show'], ['review', 'approve'], ['review', 'deny'], ['access'], ['access', 'request'], ['access', 'break-glass'], ['audit'], ['audit', 'verify'], ['lock'], ['vault']]) {
    test(`sallyport ${command.join(' ')} --help`, async (context) => {
      const { status, stdout } = await sallyportHere(context, [...command, '--help'])
      assert.equal(status, 0)
      assert.match(stdout, /Usage: sallyport/)
      assert.match(stdout, /Examples:\n {2}\$ sallyport|Examples:\n {2}\$ PGPASSWORD/)
      assert.match(stdout, /--json/)
    })
  }

  test('as a program does so with its status, what is wrong to the one stream and help to the other', () => {
    assert.deepEqual(pick(sallyport(['token'])), { status: 2, stdout: '' })
    assert.deepEqual(pick(sallyport([])), { status: 2, stdout: '' })
    assert.equal(sallyport(['session', '--help']).status, 0)
  })

  test('the exit statuses are told', () => {
    assert.match(sallyport(['--help']).stdout, /0 done, 1 failed, 2 wrong usage, 3 refused by policy, 4 waiting/)
  })
})

test('its version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as { version: string }
  assert.equal(sallyport(['--version']).stdout, `${version}\n`)
})

suite('policy check', () => {
  const right = readFileSync(new URL('../demo/sallyport.yaml', import.meta.url), 'utf8')

  test('finds nothing in a right document', () => {
    const file = join(folder, 'right.yaml')
    writeFileSync(file, right)
    assert.deepEqual(pick(sallyport(['policy', 'check', file])), { status: 0, stdout: `${file} is a valid policy document.\n` })
    assert.deepEqual(JSON.parse(sallyport(['policy', 'check', file, '--json']).stdout), { file, ok: true, problems: [] })
  })

  test('names file, line, column and the nearest valid key', () => {
    const file = join(folder, 'key.yaml')
    writeFileSync(file, right.replace('\nmasks:', '\nmask:'))
    const { status, stdout } = sallyport(['policy', 'check', file])
    assert.equal(status, 1)
    const line = right.split('\n').indexOf('masks:') + 1
    assert.match(stdout, new RegExp(`^${file}:${line}:1 .*"mask".*"masks"`, 'm'))
  })

  test('checks the types of conditions, also as JSON for programs', () => {
    const file = join(folder, 'condition.yaml')
    writeFileSync(file, right.replace('operation.readOnly', 'operation.readOnyl'))
    const { status, stdout } = sallyport(['--json', 'policy', 'check', file])
    assert.equal(status, 1)
    const report = JSON.parse(stdout) as { ok: boolean; problems: { line: number; column: number; message: string }[] }
    assert.equal(report.ok, false)
    assert.equal(report.problems.length, 1)
    assert.equal(report.problems[0]?.line, right.split('\n').findIndex((text) => text.includes('operation.readOnly')) + 1)
    assert.match(report.problems[0]?.message ?? '', /readOnyl/)
  })

  test('a file that is not there is a failure with words, not a stack', () => {
    const { status, stderr } = sallyport(['policy', 'check', join(folder, 'none.yaml')])
    assert.equal(status, 1)
    assert.match(stderr, /^sallyport: .*none\.yaml cannot be read/)
    assert.doesNotMatch(stderr, /\n\s+at /)
  })
})

suite('without a gateway', () => {
  const token = 'a-very-secret-token'
  const unreachable = { SALLYPORT_API: 'http://127.0.0.1:2', SALLYPORT_IDENTITY_TOKEN: token }

  test('a command says that nobody answers, and does not repeat the token', () => {
    for (const args of [['session', 'list'], ['token', '--target', 'shop'], ['psql', 'shop'], ['run', 'shop', '--', 'true'], ['ssh', 'box'], ['ssh-config'], ['ssh-certificate', 'box']]) {
      const { status, stdout, stderr } = sallyport(args, unreachable)
      assert.equal(status, 1)
      assert.match(stderr, /does not answer/)
      assert.ok(!(stdout + stderr).includes(token))
    }
  })

  test('--as says that no demo is running', () => {
    const { status, stderr } = sallyport(['psql', 'shop', '--as', 'support-bot'])
    assert.equal(status, 1)
    assert.match(stderr, /no demo is running.*\n.*npm run demo/)
  })

  test('--json makes errors JSON too', () => {
    const { status, stderr } = sallyport(['session', 'list', '--json'], unreachable)
    assert.equal(status, 1)
    const { error } = JSON.parse(stderr) as { error: { message: string; hint: string; status: number } }
    assert.match(error.message, /does not answer/)
    assert.equal(error.status, 1)
  })

  test('serve refuses a wrong document, with its places', () => {
    const file = join(folder, 'wrong.yaml')
    writeFileSync(file, 'version: 1\nrule: []\n')
    const { status, stderr } = sallyport(['serve', '--config', file])
    assert.equal(status, 1)
    assert.match(stderr, /:2:1 .*"rule".*"rules"/)
    assert.doesNotMatch(stderr, /\n\s+at /)
  })
})

suite('an auditor\'s key', () => {
  const file = join(folder, 'auditor.key')

  test('is made once, for its owner alone, and its public half printed as the policy takes it', () => {
    const { status, stdout } = sallyport(['originals', 'new-key', '--out', file])
    assert.equal(status, 0)
    assert.match(stdout, /^[A-Za-z0-9+/]{43}=\n$/)
    assert.equal(statSync(file).mode & 0o077, 0)
    const again = sallyport(['originals', 'new-key', '--out', file])
    assert.equal(again.status, 1)
    assert.match(again.stderr, /not written/)
  })

  test('is not taken from a file that holds something else, and nothing of that is shown', () => {
    const other = join(folder, 'other.key')
    writeFileSync(other, 'open sesame')
    const { status, stderr } = sallyport(['originals', 'open', 'one', '--key', other])
    assert.equal(status, 1)
    assert.match(stderr, /no auditor's key/)
    assert.doesNotMatch(stderr, /sesame/)
  })
})

function pick({ status, stdout }: { status: number | null; stdout: string }) {
  return { status, stdout }
}
