import { type SpawnOptionsWithoutStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { Endpoint } from './endpoints.ts'

export interface ClientResult {
  readonly status: number | null
  readonly output: string
  readonly errors: string
}

export interface RunningClient {
  readonly pid: number
  interrupt(): void
  readonly result: Promise<ClientResult>
}

/** Environment by which libpq and what is built on it find an endpoint, with the certificate checked. */
export function libpqEnvironment(endpoint: Endpoint): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    LC_ALL: 'C.UTF-8',
    HOME: '/nonexistent',
    PGTZ: 'UTC',
    PGHOST: endpoint.host,
    PGPORT: String(endpoint.port),
    PGUSER: endpoint.user,
    PGPASSWORD: endpoint.password,
    PGDATABASE: endpoint.database,
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: endpoint.caFile,
    PGGSSENCMODE: 'disable',
  }
}

/** Starts a real client; `input` goes to its standard input. It is ended after five minutes. */
export function startClient(
  command: string,
  parameters: readonly string[],
  input: string | Buffer,
  options: SpawnOptionsWithoutStdio,
): RunningClient {
  const child = spawn(command, parameters, { timeout: 300_000, ...options })
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  return {
    pid: child.pid ?? 0,
    interrupt: () => void child.kill('SIGINT'),
    result: Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]).then(([, output, errors]) => ({
      status: child.exitCode,
      output,
      errors,
    })),
  }
}
