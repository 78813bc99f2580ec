import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, suite } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { root } from './child.mjs'

const CLOSE_MS = 5_000
const LAST_WORDS_MS = 1_000

/**
 * Runs test files one after another in this process, each as a suite of its own name, to which its hooks belong.
 * A file that leaves behind what the next would feel fails by it.
 */
export async function runInOneProcess(files) {
  let leaking = false
  for (const file of files) {
    await suite(file, async () => {
      const before = shared()
      const open = openResources()
      await import(pathToFileURL(join(root, file)))
      after(async () => {
        assert.deepEqual(shared(), before, `${file} left environment, folder or clock as they were`)
        for (const deadline = Date.now() + CLOSE_MS; Date.now() < deadline && without(open).length > 0;) await sleep(10)
        leaking ||= without(open).length > 0
        assert.deepEqual(without(open), [], `${file} left nothing open`)
      })
    })
  }
  // What is still open would keep this process until the runner ends it.
  if (leaking) setTimeout(() => process.exit(1), LAST_WORDS_MS)
}

const shared = () => ({ environment: { ...process.env }, folder: process.cwd(), clock: Date, timer: setTimeout })

/** What keeps a process from ending, besides its output. */
const openResources = () => process.getActiveResourcesInfo().filter((one) => !/^(Pipe|TTY|File|FSReq)/.test(one))

/** What is open now and was not before. */
function without(before) {
  const rest = [...before]
  return openResources().filter((one) => {
    const at = rest.indexOf(one)
    if (at >= 0) rest.splice(at, 1)
    return at < 0
  })
}
