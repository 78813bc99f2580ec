import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { EXIT, Failure } from './failure.ts'

/**
 * Runs a program to its end in the caller's terminal, with more in its environment.
 * @returns its exit status, or 128 and the number of the signal that ended it
 * @throws Failure when it cannot be started
 */
export async function runChild(command: string, args: readonly string[], environment: Readonly<Record<string, string>>): Promise<number> {
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...environment } })
  const forward = (signal: NodeJS.Signals) => child.kill(signal)
  // Ctrl-C in a terminal reaches the child by itself; psql, for one, takes it for its statement and lives on.
  const interrupt = () => process.stdin.isTTY || child.kill('SIGINT')
  process.on('SIGINT', interrupt)
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, forward)
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT'
        ? new Failure(`there is no program "${command}"`, 'Install it, or give its path.', EXIT.failure)
        : new Failure(`"${command}" cannot be run: ${error.message}`, 'Check the path and its permissions.', EXIT.failure))
    })
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  })
}
