import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
const binaries = join(root, 'node_modules', '.bin')

/** What Node.js compiled is kept for the next process: hundreds are started by the tests. */
const NODE_COMPILE_CACHE = process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'compiled')

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
const GRACE_MS = 30_000
const ORPHAN_CHECK_MS = 500

const parent = process.ppid

/**
 * Runs a program to its end, in the repository's root and with the project's own programs first in PATH.
 * A signal for this process goes to the program, and, where `group` is set, to everything that it started; so does the
 * end of the process that started this one: npm and its shell do not pass every signal on.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ stdio?: import('node:child_process').StdioOptions, env?: NodeJS.ProcessEnv, group?: boolean }} [options]
 * @returns {Promise<number>} exit status; 128 and the signal's number when a signal ended it
 */
export function run(command, args, { stdio = 'inherit', env = {}, group = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root, stdio, detached: group,
      env: { ...process.env, NODE_COMPILE_CACHE, PATH: `${binaries}${delimiter}${process.env.PATH ?? ''}`, ...env },
    })
    const send = (signal) => {
      try {
        if (group && child.pid !== undefined) process.kill(-child.pid, signal)
        else child.kill(signal)
      } catch {
        // It ended in the meantime.
      }
    }
    let force
    const forward = (signal) => {
      send(signal)
      force ??= setTimeout(send, GRACE_MS, 'SIGKILL')
    }
    for (const signal of SIGNALS) process.on(signal, forward)
    const orphaned = setInterval(() => {
      if (process.ppid === parent) return
      clearInterval(orphaned)
      forward('SIGTERM')
    }, ORPHAN_CHECK_MS)
    const settle = () => {
      clearTimeout(force)
      clearInterval(orphaned)
      for (const signal of SIGNALS) process.off(signal, forward)
    }
    child.once('error', (error) => {
      settle()
      reject(error)
    })
    child.once('close', (code, signal) => {
      settle()
      // What it started and did not wait for goes with it.
      if (group && process.platform !== 'win32') send('SIGKILL')
      resolve(code ?? 128 + (constants.signals[signal] ?? 0))
    })
  })
}
