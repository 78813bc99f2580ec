import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { root, run } from './child.mjs'
import { projectNode } from './install.mjs'

const LONG_TESTS = join('gateway', 'test', 'full')

/** Every test file, or only those that take long. */
export function findTests({ long }) {
  const files = ['contract', 'gateway', 'cli', 'console', 'demo', 'bench', 'scripts'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .map((file) => join(folder, file))
      .filter((file) => /\.test\.(ts|mjs)$/.test(file) && !file.split(sep).includes('node_modules')))
  return files.filter((file) => file.startsWith(LONG_TESTS + sep) === long).sort()
}

/**
 * Runs test files side by side in one go of node's runner, whose summary ends the output.
 * @returns {Promise<{ status: number, skipped: string[] }>}
 */
export async function runTests(files, args = []) {
  if (files.length === 0) throw new Error('no test file was found')
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-tests-'))
  const skippedFile = join(folder, 'skipped')
  try {
    const status = await run(projectNode(), [
      '--test', `--test-concurrency=${Math.max(2, availableParallelism())}`, '--test-timeout=600000',
      '--test-reporter=spec', '--test-reporter-destination=stdout',
      '--test-reporter=./scripts/skipped-reporter.mjs', `--test-reporter-destination=${skippedFile}`,
      ...args, ...files,
    ], { group: true })
    // Without a file the runner did not come as far as a test.
    const skipped = existsSync(skippedFile) ? readFileSync(skippedFile, 'utf8') : ''
    return { status, skipped: skipped.split('\n').filter((line) => line !== '') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
