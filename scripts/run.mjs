// Installs what is missing, then runs a task on the project's own Node.js. Runs on Node.js 20, without any package.
import { join } from 'node:path'
import { buildConsole } from './build-console.mjs'
import { root, run } from './child.mjs'
import { installPackages, projectNode } from './install.mjs'
import { findTests, mayShareProcess, runTests } from './run-tests.mjs'
import { installSystemPackages } from './system-packages.mjs'

const onCi = process.env.CI === 'true'

const tasks = {
  // By the channel the demo notices when this process is no more.
  demo: (args) => run(projectNode(), [join(root, 'demo', 'main.ts'), ...args], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] }),
  test: async (args) => {
    const missing = await installSystemPackages('test')
    const failed = args.length === 0 ? await runChecks() : []
    const outcome = await (args.length === 0 ? runAll() : runTests(args))
    return report(outcome, missing, failed)
  },
  'test:full': async (args) => {
    const missing = await installSystemPackages('test:full')
    return report(await runTests(args.length === 0 ? findTests({ long: true }) : args), missing, [])
  },
  bench: async (args) => {
    for (const line of await installSystemPackages('bench')) console.error(`Left out: ${line}`)
    const [, one] = /^--(ledger|recorder|search|reviews|logins|ssh|kubernetes)$/.exec(args[0] ?? '') ?? []
    return run(projectNode(), [join(root, 'bench', `${one ?? 'main'}.ts`), ...args.slice(one === undefined ? 0 : 1)])
  },
}

/** Those that start a program each in a process of its own, and so does whoever names files; the others share a few. */
function runAll() {
  const files = findTests({ long: false })
  const shared = new Set(files.filter(mayShareProcess))
  return runTests(files.filter((file) => !shared.has(file)), { shared: [...shared] })
}

/** @returns the names of the checks that failed; none stops the tests */
async function runChecks() {
  const failed = []
  for (const [name, command] of [['types', ['tsc', '--noEmit']], ['types of the console', ['tsc', '--noEmit', '-p', 'console']], ['lint', ['oxlint', '--type-aware', '--deny-warnings']], ['unused code', ['knip']]]) {
    const started = Date.now()
    const status = await run(command[0], command.slice(1))
    console.log(`${status === 0 ? '✔' : '✖'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
    if (status !== 0) failed.push(name)
  }
  return failed
}

/** What node's runner does not say: what this machine could not run, and which checks failed before. */
function report({ status, skipped }, missing, failed) {
  for (const line of missing) console.error(`Not on this machine: ${line}`)
  for (const line of skipped) console.error(`Skipped: ${line}`)
  for (const name of failed) console.error(`Failed before the tests: ${name}`)
  const incomplete = missing.length + skipped.length > 0
  if (onCi && incomplete) console.error('CI=true: nothing may be skipped')
  if (failed.length > 0 || (onCi && incomplete)) return status === 0 ? 1 : status
  return status
}

const [task, ...args] = process.argv.slice(2)
if (!Object.hasOwn(tasks, task)) {
  console.error(`usage: node scripts/run.mjs ${Object.keys(tasks).join('|')} [arguments]`)
  process.exit(2)
}
try {
  await installPackages()
  if (task !== 'bench') await buildConsole()
  process.exitCode = await tasks[task](args)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
