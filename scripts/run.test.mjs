import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { root } from './child.mjs'
import { findTests, mayShareProcess } from './run-tests.mjs'

const script = fileURLToPath(new URL('run.mjs', import.meta.url))

/** A runner within a runner would believe to be one of its files. */
function environment(more) {
  const { NODE_TEST_CONTEXT: _, CI: __, ...rest } = process.env
  return { ...rest, ...more }
}

async function run(args, more = {}) {
  const child = spawn(process.execPath, [script, ...args], { env: environment(more) })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output += text })
  const [status] = await once(child, 'close')
  return { status, output }
}

function withTest(text, work) {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-run-'))
    const file = join(folder, 'one.test.mjs')
    writeFileSync(file, `import test from 'node:test'\n${text.replaceAll('FOLDER', JSON.stringify(folder))}\n`)
    try {
      await work(file, folder)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}

test('an unknown task is wrong usage', async () => {
  const { status, output } = await run(['nonsense'])
  assert.equal(status, 2)
  assert.match(output, /usage: .*demo\|test/)
})

test('a failed test fails the run', withTest('test("no", () => { throw new Error("x") })', async (file) => {
  assert.equal((await run(['test', file])).status, 1)
}))

test('a skipped test is named with its reason, and fails the run only under CI=true',
  withTest('test("one that needs a moon", { skip: "no moon here" }, () => {}); test("yes", () => {})', async (file) => {
    const here = await run(['test', file])
    assert.equal(here.status, 0, here.output)
    assert.match(here.output, /^Skipped: one that needs a moon: no moon here$/m)
    const onCi = await run(['test', file], { CI: 'true' })
    assert.equal(onCi.status, 1)
    assert.match(onCi.output, /nothing may be skipped/)
  }))

test('a signal ends the tests and what they started', withTest(`
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
test("long", () => new Promise(() => {
  const child = spawn("sleep", ["300"])
  writeFileSync(FOLDER + "/pids", process.pid + " " + child.pid)
  setInterval(() => {}, 1000)
}))`, async (file, folder) => {
  const child = spawn(process.execPath, [script, 'test', file], { env: environment(), stdio: 'ignore' })
  const started = Date.now()
  while (!existsSync(join(folder, 'pids')) && Date.now() - started < 30_000) await sleep(50)
  const pids = readFileSync(join(folder, 'pids'), 'utf8').split(' ').map(Number)
  child.kill('SIGTERM')
  const [status] = await once(child, 'close')
  assert.notEqual(status, 0)
  for (const pid of pids) assert.ok(await gone(pid), `process ${pid} is still there`)
}))

async function gone(pid) {
  for (let tries = 0; tries < 50; tries++) {
    try {
      // A zombie that its new parent has not yet reaped is gone, too.
      if (process.platform === 'linux' && / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return true
      process.kill(pid, 0)
    } catch {
      return true
    }
    await sleep(100)
  }
  return false
}

test('every test file of the tree is run, the long ones only when they are asked for', () => {
  const usual = findTests({ long: false })
  for (const folder of ['gateway/src/', 'gateway/test/', 'cli/', 'demo/', 'scripts/']) {
    assert.ok(usual.some((file) => file.startsWith(folder)), `no test in ${folder}`)
  }
  assert.deepEqual(usual.filter((file) => file.includes('node_modules') || file.startsWith('gateway/test/full/')), [])
  assert.deepEqual(findTests({ long: true }).filter((file) => !file.startsWith('gateway/test/full/')), [])
})

test('files share a process when nothing that they import starts a program', () => {
  for (const [file, may] of [
    ['gateway/src/bytes/byte-reader.test.ts', true],
    // By itself, by a file of test/support, and by a file that this imports.
    ['scripts/run.test.mjs', false],
    ['gateway/test/support/postgres.test.ts', false],
    ['gateway/test/journeys/psql.test.ts', false],
    ['console/test/journeys.test.ts', false],
    ['gateway/src/shell/analyse-command.speed.test.ts', false],
  ]) assert.equal(mayShareProcess(join(...file.split('/'))), may, file)
})

/** Through a program of its own: this process is one of the runner's already. */
async function runShared(t, files) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-run-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const names = Object.entries(files).map(([name, text]) => {
    const path = join(folder, `${name}.test.mjs`)
    writeFileSync(path, `import test, { after } from 'node:test'\n${text}\n`)
    return relative(root, path)
  })
  const program = `import { runTests } from ${JSON.stringify(new URL('run-tests.mjs', import.meta.url).href)}
    const { status, skipped } = await runTests([], { shared: ${JSON.stringify(names)} })
    console.log(JSON.stringify(skipped))
    process.exitCode = status`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { env: environment() })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output += text })
  const [status] = await once(child, 'close')
  return { status, output, names }
}

test('in a shared process every file has hooks of its own, and what is skipped is named', async (t) => {
  const { status, output } = await runShared(t, {
    a: 'after(() => { globalThis.ended = true }); test("a", { skip: "no moon here" }, () => {})',
    // Dealt out in turn to four processes: the fifth shares the first's.
    b: '', c: '', d: '',
    e: 'test("e", () => { if (globalThis.ended !== true) throw new Error("a has not ended") })',
  })
  assert.equal(status, 0, output)
  assert.match(output, /^\["a: no moon here"\]$/m)
})

for (const [what, text, words] of [
  ['whose test fails', 'test("no", () => { throw new Error("a moon") })', /b\.test\.mjs:2:[^]*a moon/],
  ['that cannot be loaded', 'import "./none.mjs"', /✖ .*b\.test\.mjs[^]*none\.mjs/],
  ['that changes the environment', 'test("b", () => { process.env.MOON = "x" })', /b\.test\.mjs left environment/],
  ['that leaves something open', 'test("b", () => { setInterval(() => {}, 1000) })', /b\.test\.mjs left nothing open/],
]) {
  test(`a file ${what} fails by its name in a process that it shares`, async (t) => {
    const { status, output } = await runShared(t, { a: 'test("a", () => {})', b: text })
    assert.equal(status, 1, output)
    assert.match(output, words)
  })
}

test('the lockfile names every package of every platform: npm ci refuses one that does not', () => {
  const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'))
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) => Object.keys(optionalDependencies)
    .filter((name) => packages[`node_modules/${name}`] === undefined && packages[`${path}/node_modules/${name}`] === undefined))
  assert.deepEqual(missing, [])
})
