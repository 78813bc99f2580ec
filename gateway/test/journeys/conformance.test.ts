import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { kubernetesAdapter } from '../../src/protocols/kubernetes/adapter.ts'
import { postgresAdapter } from '../../src/protocols/postgres/adapter.ts'
import { sshAdapter } from '../../src/protocols/ssh/adapter.ts'
import { protocols } from '../../src/protocols.ts'
import { type Arrival, startChoppingProxy } from '../support/chopping-proxy.ts'
import { type ConformanceSetup, type ConformanceSubject, setUpConformance, TOKEN } from '../support/conformance.ts'
import { startKubeEcho } from '../support/kube-echo.ts'
import { eventually } from '../support/eventually.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { startClient } from '../support/run-client.ts'
import { isRunning } from '../support/running-programs.ts'
import { sshTargetEntry } from '../support/ssh-journey.ts'
import { type Sshd, startSshd } from '../support/sshd.ts'

interface Started extends ConformanceSubject {
  stop(): Promise<void>
}

const SUBJECTS: Readonly<Record<string, () => Promise<Started>>> = { postgres: postgresSubject, ssh: sshSubject, kubernetes: kubernetesSubject }

test('every protocol is held to this suite', () => {
  assert.deepEqual(protocols.map(({ name }) => name).filter((name) => !(name in SUBJECTS) && !ELSEWHERE.has(name)), [])
})

/** Protocols whose suite is another, and why. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([])

for (const [name, start] of Object.entries(SUBJECTS)) {
  describe(name, () => {
    let subject: Started
    let setup: ConformanceSetup
    before(async () => {
      subject = await start()
      setup = await setUpConformance(subject)
    })
    after(async () => {
      await setup.close()
      await subject.stop()
    })
    const run = (text: string, port = setup.port): ReturnType<ConformanceSubject['run']> => subject.run(port, TOKEN, text)

    test('what is allowed runs', async () => {
      const { ok, output } = await run(subject.operations.allowed('allowed'))
      assert.ok(ok && /fine/.test(output), output)
      assert.ok(subject.reached('allowed'))
    })

    test('what is refused never reaches the target, and the client reads rule, reason and next step', async () => {
      const { ok, output } = await run(subject.operations.refused('kept-away'))
      assert.ok(!ok)
      assert.match(output, /refused by rule "refused": the suite refuses this/)
      assert.match(output, /Do not send it again unchanged/)
      assert.ok(!subject.reached('kept-away'))
    })

    test('a permit is spent by the adapter, and cannot be spent again', async () => {
      await run(subject.operations.allowed('spent'))
      assert.ok(setup.secondSpends.tried > 0)
      assert.equal(setup.secondSpends.succeeded, 0)
    })

    for (const arrival of [{ chop: 1 }, { chop: 7 }, { joinMs: 40 }] satisfies Arrival[]) {
      test(`frames mean the same however they arrive: ${JSON.stringify(arrival)}`, async () => {
        const proxy = await startChoppingProxy(setup.port, arrival)
        const tag = `arrival${JSON.stringify(arrival).replaceAll(/\W/g, '')}`
        try {
          const allowed = await run(subject.operations.allowed(tag), proxy.port)
          assert.ok(allowed.ok && /fine/.test(allowed.output), allowed.output)
          assert.ok(subject.reached(tag))
          const refused = await run(subject.operations.refused(`not${tag}`), proxy.port)
          assert.match(refused.output, /refused by rule "refused"/)
          assert.ok(!subject.reached(`not${tag}`))
        } finally {
          proxy.close()
        }
      })
    }

    test('a masked value does not reach the client', async () => {
      const { ok, output } = await run(subject.operations.revealing)
      assert.ok(ok, output)
      assert.doesNotMatch(output, new RegExp(subject.secret.replaceAll('.', '\\.')))
      assert.match(output, /beside it/)
    })

    test('while nothing can be recorded nothing reaches the target, and then it does again', async () => {
      setup.ledgerBroken = true
      const broken = await run(subject.operations.allowed('unrecorded'))
      setup.ledgerBroken = false
      assert.ok(!broken.ok)
      assert.ok(!subject.reached('unrecorded'))
      assert.ok((await run(subject.operations.allowed('recorded'))).ok)
    })

    test('a session that is ended stops its work on the target', async () => {
      const running = run(subject.operations.endless)
      await eventually('it runs', () => subject.runsEndless())
      assert.equal(setup.endSessions(), 1)
      assert.ok(!(await running).ok)
      await eventually('it does not run', async () => !(await subject.runsEndless()), 10_000)
    })
  })
}

async function postgresSubject(): Promise<Started> {
  const server: PostgresServer = await startPostgres({ settings: { log_statement: 'all' } })
  await server.query(`create table people (id integer, email text, note text); insert into people values (1, 'secret@example.com', 'beside it')`)
  return {
    adapter: postgresAdapter,
    target: `  - { name: shop, protocol: postgres, host: 127.0.0.1, port: ${server.port}, database: ${server.database}, credential: { user: ${server.superuser}, password: 'env:PASSWORD' }, tls: { mode: disable }, labels: {} }\n`,
    masks: '  - { name: personal, columns: [people.email], method: redact }\n',
    secrets: { PASSWORD: server.password },
    refusedWhen: '"drop" in operation.actions',
    operations: {
      allowed: (tag) => `select 'fine' as "${tag}"`,
      refused: (tag) => `drop table if exists "${tag}"`,
      revealing: 'select email, note from people',
      endless: 'select count(*) from pg_sleep(600)',
    },
    secret: 'secret@example.com',
    async run(port, token, text) {
      const client = new pg.Client({ host: '127.0.0.1', port, user: 'agent', password: token, database: 'shop' })
      client.on('error', () => undefined)
      try {
        await client.connect()
        return { ok: true, output: JSON.stringify((await client.query(text)).rows) }
      } catch (error) {
        const { message, hint } = error as { readonly message: string; readonly hint?: string }
        return { ok: false, output: `${message}\n${hint ?? ''}` }
      } finally {
        await client.end().catch(() => undefined)
      }
    },
    reached: (tag) => server.log().includes(`"${tag}"`),
    runsEndless: async () => (await server.query(`select 1 from pg_stat_activity where state = 'active' and query like '%pg_sleep(600)%' and pid <> pg_backend_pid()`)).length > 0,
    stop: () => server.stop(),
  }
}

async function sshSubject(): Promise<Started> {
  const sshd: Sshd = await startSshd()
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-conformance-'))
  const file = join(sshd.folder, 'people')
  writeFileSync(file, 'secret@example.com beside it\n')
  return {
    adapter: sshAdapter,
    target: sshTargetEntry('shop', sshd),
    masks: '  - { name: addresses, detect: [email], method: redact }\n',
    secrets: { TEST_SSH_KEY: readFileSync(sshd.keyFile, 'utf8') },
    refusedWhen: '"remove" in operation.actions',
    operations: {
      allowed: (tag) => `touch ${join(sshd.folder, tag)}; echo fine`,
      refused: (tag) => `touch ${join(sshd.folder, tag)}; rm -f ${join(sshd.folder, 'none')}`,
      revealing: `cat ${file}`,
      endless: 'sleep 4901',
    },
    secret: 'secret@example.com',
    async run(port, token, text) {
      const flags = ['-F', '/dev/null', '-o', 'StrictHostKeyChecking=no', '-o', `UserKnownHostsFile=${join(folder, 'known_hosts')}`, '-o', 'NumberOfPasswordPrompts=1', '-o', 'PubkeyAuthentication=no']
      const environment = { PATH: process.env['PATH'], HOME: folder, SSHPASS: token }
      const { status, output, errors } = await startClient('sshpass', ['-e', 'ssh', ...flags, '-p', String(port), 'shop@127.0.0.1', text], '', { env: environment, cwd: folder }).result
      return { ok: status === 0, output: output + errors }
    },
    reached: (tag) => existsSync(join(sshd.folder, tag)),
    runsEndless: () => Promise.resolve(isRunning('sleep 4901')),
    async stop() {
      await sshd.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function kubernetesSubject(): Promise<Started> {
  const echo = await startKubeEcho()
  echo.answers.set('/api/v1/namespaces/default/configmaps/people', { body: '{"data":{"who":"secret@example.com","note":"beside it"}}' })
  echo.answers.set('/api/v1/namespaces/default/pods', { body: '{"type":"ADDED"}\n', endless: true })
  return {
    adapter: kubernetesAdapter,
    target: `  - { name: shop, protocol: kubernetes, host: 127.0.0.1, port: ${echo.port}, credential: { token: 'env:CLUSTER_TOKEN' }, tls: { ca: 'file:${echo.caFile}' } }\n`,
    masks: '  - { name: addresses, detect: [email], method: redact }\n',
    secrets: { CLUSTER_TOKEN: 'of-the-gateway' },
    refusedWhen: '"remove" in operation.actions',
    operations: {
      allowed: (tag) => `GET /api/v1/namespaces/default/services/${tag}`,
      refused: (tag) => `DELETE /api/v1/namespaces/default/services/${tag}`,
      revealing: 'GET /api/v1/namespaces/default/configmaps/people',
      endless: 'GET /api/v1/namespaces/default/pods?watch=true',
    },
    secret: 'secret@example.com',
    async run(port, token, text) {
      const [method = '', path = ''] = text.split(' ')
      try {
        const answer = await fetch(`http://127.0.0.1:${port}/shop${path}`, { method, headers: { authorization: `Bearer ${token}`, connection: 'close' } })
        return { ok: answer.ok, output: (await answer.text()).replaceAll('\\"', '"') }
      } catch (error) {
        return { ok: false, output: String(error) }
      }
    },
    reached: (tag) => echo.seen.some(({ url }) => url.endsWith(`/${tag}`)),
    runsEndless: () => Promise.resolve(echo.endless > 0),
    stop: () => echo.close(),
  }
}
