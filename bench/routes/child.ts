import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** A process of ours, ended together with us. */
export interface Child {
  readonly pid: number
  readonly process: ChildProcess
  stop(): Promise<void>
}

export function startChild(command: string, parameters: readonly string[], options: SpawnOptions): Child {
  const child = spawn(command, parameters, options)
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  return {
    pid: child.pid ?? 0,
    process: child,
    async stop() {
      process.removeListener('exit', kill)
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const force = setTimeout(kill, 5_000)
      await once(child, 'exit')
      clearTimeout(force)
    },
  }
}

/**
 * The first line a process prints.
 * @throws Error when it ends, or `timeoutMs` pass, without one
 */
export async function firstLine(child: ChildProcess, output: Readable, timeoutMs: number): Promise<string> {
  const lines = createInterface({ input: output })
  const line = once(lines, 'line', { signal: AbortSignal.timeout(timeoutMs) }).then(([text]) => String(text))
  const ended = once(child, 'exit').then(() =>
    Promise.reject(new Error(`${child.spawnfile} ended before it was ready`)),
  )
  return Promise.race([line, ended])
}
