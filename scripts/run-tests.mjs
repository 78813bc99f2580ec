import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join, sep } from 'node:path'
import { root, run } from './child.mjs'
import { projectNode } from './install.mjs'

const LONG_TESTS = join('gateway', 'test', 'full')
/** Enough that none of them nears the time that a test file may take. */
const SHARED_PROCESSES = 4

/** Every test file, or only those that take long. */
export function findTests({ long }) {
  const files = ['contract', 'gateway', 'cli', 'console', 'demo', 'bench', 'scripts'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .map((file) => join(folder, file))
      .filter((file) => /\.test\.(ts|mjs)$/.test(file) && !file.split(sep).includes('node_modules')))
  return files.filter((file) => file.startsWith(LONG_TESTS + sep) === long).sort()
}

/** What starts another program, or a browser. */
const PROGRAMS = new Set(['node:child_process', 'node:cluster', 'playwright-core'])

/**
 * Whether a test file may share a process with others: nothing that it imports, however far, starts another program, and
 * its name does not say that it measures speed.
 */
export function mayShareProcess(file) {
  if (/\.speed\.test\./.test(file)) return false
  const seen = new Set([join(root, file)])
  // A set that grows while it is walked.
  for (const path of seen) {
    for (const specifier of importsOf(path)) {
      if (PROGRAMS.has(specifier)) return false
      const imported = join(dirname(path), specifier)
      if (specifier.startsWith('.') && /\.m?[jt]sx?$/.test(imported) && existsSync(imported)) seen.add(imported)
    }
  }
  return true
}

const known = new Map()

/** What a file imports as it is written. What is not seen here costs at most a process that is shared. */
function importsOf(path) {
  if (!known.has(path)) known.set(path, Array.from(readFileSync(path, 'utf8').matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g), ([, specifier]) => specifier))
  return known.get(path)
}

/** Writes test files that each run a part of others in one process: starting a process for each took longer than they. */
function shareProcesses(files, folder) {
  return Array.from({ length: SHARED_PROCESSES }, (_, part) => {
    const path = join(folder, `part-${part + 1}-of-${SHARED_PROCESSES}.test.mjs`)
    const own = files.filter((_file, index) => index % SHARED_PROCESSES === part)
    const runner = new URL('run-in-one-process.mjs', import.meta.url).href
    writeFileSync(path, `import { runInOneProcess } from ${JSON.stringify(runner)}\nawait runInOneProcess(${JSON.stringify(own)})\n`)
    return path
  })
}

/**
 * Runs test files side by side in one go of node's runner, whose summary ends the output.
 * @param {{ shared?: string[] }} [options] files of which each process runs many
 * @returns {Promise<{ status: number, skipped: string[] }>}
 */
export async function runTests(files, { shared = [] } = {}) {
  if (files.length + shared.length === 0) throw new Error('no test file was found')
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-tests-'))
  const skippedFile = join(folder, 'skipped')
  try {
    const parts = shared.length === 0 ? [] : shareProcesses(shared, folder)
    const status = await run(projectNode(), [
      '--test', `--test-concurrency=${Math.max(2, availableParallelism())}`, '--test-timeout=600000',
      '--test-reporter=spec', '--test-reporter-destination=stdout',
      '--test-reporter=./scripts/skipped-reporter.mjs', `--test-reporter-destination=${skippedFile}`,
      ...parts, ...files,
    ], { group: true, env: { SALLYPORT_TEST_CLUSTERS: folder } })
    // Without a file the runner did not come as far as a test.
    const skipped = existsSync(skippedFile) ? readFileSync(skippedFile, 'utf8') : ''
    return { status, skipped: skipped.split('\n').filter((line) => line !== '') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
