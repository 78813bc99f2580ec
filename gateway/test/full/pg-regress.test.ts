import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { startPipe } from '../../../bench/pipe.ts'
import { journeyWays } from '../support/endpoints.ts'
import { startTestGateway } from '../support/gateway.ts'
import { REGRESS_DATABASES, type RegressLogin, type RegressSuite, runRegress } from '../support/pg-regress.ts'
import { ALLOW_ALL } from '../support/policies.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { type PostgresSuite, preparePostgresSuite, suiteObstacle } from '../support/postgres-suite.ts'

interface AcceptedDifference {
  readonly reason: string
  /** Stands in what the gateway's run printed; an entry of which that is no longer true must go. */
  readonly evidence: RegExp
}

/** What does not come out the same through the gateway, and why that is right. */
const ACCEPTED_DIFFERENCES: Readonly<Record<RegressSuite, Readonly<Record<string, AcceptedDifference>>>> = {
  regress: {
    largeobject: {
      reason:
        "psql's \\lo_import, \\lo_export and \\lo_unlink use FunctionCall, an obsolete message that names a function by a bare OID and is always refused",
      evidence: /ERROR: {2}the FunctionCall message is never passed on/,
    },
  },
  isolation: {},
}

const run = promisify(execFile)
const through = journeyWays().filter((way) => way !== 'direct')
const skip = suiteObstacle() ?? false

interface Way {
  readonly login: RegressLogin
  close(): Promise<void>
}

/** By way of a new server each time: the suites leave roles and databases behind. */
async function openWay(way: string, server: PostgresServer): Promise<Way> {
  const login = { user: server.superuser, password: server.password }
  if (way === 'direct') return { login: { ...login, port: server.port }, close: () => Promise.resolve() }
  if (way === 'pipe') {
    const pipe = await startPipe(server)
    return { login: { ...login, port: pipe.port }, close: () => pipe.close() }
  }
  const target = (
    database: string,
  ): { name: string; database: string; port: number; user: string; password: string } => ({
    name: database,
    database,
    port: server.port,
    ...login,
  })
  const gateway = await startTestGateway({
    targets: [target('postgres'), ...Object.values(REGRESS_DATABASES).map(target)],
    policy: ALLOW_ALL,
    tls: false,
  })
  return {
    login: { port: gateway.port, user: 'support-bot', password: await gateway.issuer.agentToken('support-bot') },
    close: () => gateway.stop(),
  }
}

/** Several times what each takes on a quiet machine. */
const TIMEOUT_MS = 1_800_000

describe("PostgreSQL's own suites", { skip, timeout: 3 * TIMEOUT_MS }, () => {
  let suite: PostgresSuite
  before(() => {
    suite = preparePostgresSuite()
  })
  after(() => suite.remove())

  async function within<T>(way: string, use: (login: RegressLogin) => Promise<T>): Promise<T> {
    const server = await startPostgres({
      installation: suite.installation,
      settings: { max_prepared_transactions: 10 },
    })
    try {
      const { login, close } = await openWay(way, server)
      try {
        return await use(login)
      } finally {
        await close()
      }
    } finally {
      await server.stop()
    }
  }

  for (const which of ['regress', 'isolation'] as const) {
    test(`${which}: every test prints the same through the gateway as without it`, { timeout: TIMEOUT_MS }, async (t) => {
      const direct = await within('direct', (login) => runRegress(suite, which, login, `${which}-direct`))
      assert.ok(direct.verdicts.size > 100, direct.log)
      const failed = [...direct.verdicts].filter(([, verdict]) => verdict !== 'ok').map(([name]) => name)
      assert.deepEqual(failed, [], 'the suite passes without a gateway')
      t.diagnostic(`direct: ${direct.verdicts.size} of ${direct.verdicts.size} in ${direct.seconds} s`)
      for (const way of through) {
        const other = await within(way, (login) => runRegress(suite, which, login, `${which}-${way}`))
        const differing = [...direct.outputs]
          .filter(([name, output]) => other.outputs.get(name) !== output)
          .map(([name]) => name)
        t.diagnostic(
          `${way}: ${direct.outputs.size - differing.length} of ${direct.outputs.size} the same, in ${other.seconds} s`,
        )
        const accepted = ACCEPTED_DIFFERENCES[which]
        for (const name of differing) {
          const difference = firstDifference(direct.outputs.get(name) ?? '', other.outputs.get(name) ?? '')
          t.diagnostic(`${name}: ${accepted[name] === undefined ? difference : `accepted: ${accepted[name].reason}`}`)
        }
        for (const [name, { evidence }] of way === 'gateway' ? Object.entries(accepted) : []) {
          assert.ok(differing.includes(name), `${name} is the same by now: take it off the list`)
          assert.match(other.outputs.get(name) ?? '', evidence)
        }
        assert.deepEqual(
          differing.filter((name) => accepted[name] === undefined),
          [],
          other.log.slice(-2000),
        )
        assert.deepEqual([...other.verdicts.keys()].sort(), [...direct.verdicts.keys()].sort())
      }
    })
  }

  test('libpq_pipeline: pipelines, aborts and single-row mode work the same, message by message', { timeout: TIMEOUT_MS }, async (t) => {
    const trace = async (way: string): Promise<Map<string, string>> =>
      within(way, (login) => runPipelineTests(suite, login))
    const direct = await trace('direct')
    assert.ok(direct.size > 8)
    for (const way of through) {
      const other = await trace(way)
      for (const [name, output] of direct) assert.equal(other.get(name), output, `${name} by ${way}`)
      t.diagnostic(`${way}: ${direct.size} tests with equal traces`)
    }
  })
})

/** Name of each test, all passed; for those with an expected trace in the source also libpq's trace of every message. */
async function runPipelineTests(suite: PostgresSuite, login: RegressLogin): Promise<Map<string, string>> {
  const options = {
    timeout: 300_000,
    maxBuffer: 256 * 1024 * 1024,
    env: { LD_LIBRARY_PATH: suite.libraries, PGPASSWORD: login.password },
  }
  const names = (await run(suite.libpqPipeline, ['tests'], options)).stdout.split('\n').filter((name) => name !== '')
  const connection = `host=127.0.0.1 port=${login.port} user=${login.user} dbname=postgres sslmode=disable gssencmode=disable`
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-traces-'))
  const outputs = new Map<string, string>()
  try {
    for (const name of names) {
      await run(suite.libpqPipeline, ['-r', '700', name, connection], options)
      outputs.set(name, '')
      // The others' messages depend on how fast they are read.
      if (!existsSync(join(suite.tests, 'modules/libpq_pipeline/traces', `${name}.trace`))) continue
      await run(
        `${suite.installation}/bin/psql`,
        ['-qX', connection, '-c', 'drop table if exists pq_pipeline_demo, pq_pipeline_tst'],
        options,
      )
      const file = join(folder, name)
      await run(suite.libpqPipeline, ['-t', file, '-r', '700', name, connection], options)
      outputs.set(name, readFileSync(file, 'utf8'))
    }
    return outputs
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function firstDifference(a: string, b: string): string {
  const [left, right] = [a.split('\n'), b.split('\n')]
  const line = left.findIndex((text, index) => text !== right[index])
  return `line ${line + 1}\n  - ${left.slice(line, line + 3).join('\n  - ')}\n  + ${right.slice(line, line + 3).join('\n  + ')}`
}
