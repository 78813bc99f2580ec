import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { serverUser } from './embedded-binaries.ts'
import type { PostgresSuite } from './postgres-suite.ts'

export interface RegressResult {
  /** Test name to `ok` or `failed`, as pg_regress saw it. */
  readonly verdicts: ReadonlyMap<string, 'ok' | 'failed'>
  /** Test name to all that psql printed in it. */
  readonly outputs: ReadonlyMap<string, string>
  /** pg_regress's own words. */
  readonly log: string
  readonly seconds: number
}

export interface RegressLogin {
  readonly port: number
  readonly user: string
  readonly password: string
}

/** Several times what a suite takes; a test of it that hangs would otherwise wait for ever. */
const TIMEOUT_MS = 900_000

/** PostgreSQL's suites for a running server: the core tests, and those of several sessions at once. */
export type RegressSuite = 'regress' | 'isolation'

export const REGRESS_DATABASES: Readonly<Record<RegressSuite, string>> = {
  regress: 'regression',
  isolation: 'isolation_regression',
}

/**
 * Runs one of PostgreSQL's suites over TCP. It creates a database of its own, by way of database `postgres`.
 * @param name of the folder for its results
 */
export async function runRegress(
  suite: PostgresSuite,
  which: RegressSuite,
  login: RegressLogin,
  name: string,
): Promise<RegressResult> {
  const output = suite.outputFolder(name)
  const user = serverUser()
  const started = Date.now()
  const tests = join(suite.tests, which)
  const driver = which === 'regress' ? 'pg_regress' : 'pg_isolation_regress'
  const child = spawn(
    join(suite.installation, 'lib/pgxs/src/test', which, driver),
    [
      `--inputdir=${tests}`,
      `--outputdir=${output}`,
      `--dlpath=${suite.modules}`,
      `--bindir=${suite.installation}/bin`,
      '--host=127.0.0.1',
      `--port=${login.port}`,
      `--user=${login.user}`,
      `--dbname=${REGRESS_DATABASES[which]}`,
      '--max-connections=20',
      `--schedule=${join(tests, which === 'regress' ? 'parallel_schedule' : 'isolation_schedule')}`,
    ],
    {
      cwd: output,
      // The server's user reads and writes files of the tests, and so does psql.
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
      env: {
        PATH: process.env['PATH'],
        PGPASSWORD: login.password,
        PGSSLMODE: 'disable',
        PGGSSENCMODE: 'disable',
        LD_LIBRARY_PATH: suite.libraries,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
    },
  )
  const [log, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  const verdicts = new Map<string, 'ok' | 'failed'>()
  for (const [, test, verdict] of log.matchAll(/^(?:test| {4,}) *(\S+) +\.\.\. (ok|FAILED|failed)/gm)) {
    if (test !== undefined) verdicts.set(test, verdict === 'ok' ? 'ok' : 'failed')
  }
  const results = join(output, 'results')
  const outputs = new Map(
    existsSync(results)
      ? readdirSync(results)
          .filter((file) => file.endsWith('.out'))
          .map((file) => [file.slice(0, -4), readFileSync(join(results, file), 'utf8')])
      : [],
  )
  return { verdicts, outputs, log: `${log}\n${errors}`, seconds: (Date.now() - started) / 1000 }
}
