import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Pipe, startPipe } from '../../../bench/pipe.ts'
import { eventually } from '../support/eventually.ts'
import { type TestGateway, startTestGateway } from '../support/gateway.ts'
import { proveLedger, readEvents } from '../support/ledger-records.ts'
import { ALLOW_ALL } from '../support/policies.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import * as raw from '../support/raw-client.ts'
import { readSlowly } from '../support/slow-reader.ts'
import { mountSmallDisk } from '../support/small-disk.ts'

const MEBIBYTE = 1024 * 1024

let server: PostgresServer
before(async () => {
  server = await startPostgres({ settings: { log_statement: 'all' } })
})
after(() => server.stop())

const target = (port = server.port): { port: number; database: string; user: string; password: string } => ({
  port,
  database: server.database,
  user: server.superuser,
  password: server.password,
})

async function login(
  gateway: TestGateway,
): Promise<{ host: string; port: number; user: string; database: string; password: string }> {
  return {
    host: gateway.host,
    port: gateway.port,
    user: 'support-bot',
    database: gateway.database,
    password: await gateway.issuer.agentToken('support-bot'),
  }
}

async function open(gateway: TestGateway): Promise<pg.Client> {
  const client = new pg.Client(await login(gateway))
  // Some of these connections are meant to break.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

describe('the target', () => {
  let pipe: Pipe
  let gateway: TestGateway
  before(async () => {
    pipe = await startPipe(server)
    gateway = await startTestGateway({ targets: [target(pipe.port)], policy: ALLOW_ALL, tls: false })
  })
  after(async () => {
    await gateway.stop()
    await pipe.close()
  })

  test('when it goes away, running statements fail at once, logins say so, and all is well when it is back', async () => {
    const client = await open(gateway)
    const failed = assert.rejects(client.query('select pg_sleep(600)'))
    const running = `select from pg_stat_activity where query like '%sleep(600)'`
    await eventually('it runs', async () => (await server.query(running)).length > 0)
    const { port } = pipe
    await pipe.close()
    await failed
    await assert.rejects(open(gateway), (error: pg.DatabaseError) => error.code !== undefined && error.code !== '42501')
    pipe = await startPipe(server, port)
    const again = await open(gateway)
    assert.deepEqual((await again.query('select 1 as n')).rows, [{ n: 1 }])
    await again.end()
  })

  test('when one of its backends stands still, others are served, and the slow answer comes when it goes on', async () => {
    const client = await open(gateway)
    const pid = Number((await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid)
    process.kill(pid, 'SIGSTOP')
    let isAnswered = false
    const slow = client.query<{ n: number }>('select 7 as n').finally(() => (isAnswered = true))
    try {
      const other = await open(gateway)
      for (let n = 0; n < 50; n += 1) await other.query('select 1')
      await other.end()
      assert.equal(isAnswered, false)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    assert.equal((await slow).rows[0]?.n, 7)
    await client.end()
  })

  test(
    'when it does not read, a client that copies much into it waits, and the gateway does not store it',
    { timeout: 300_000 },
    async () => {
      const client = await raw.openRaw(gateway)
      await client.logIn({ user: 'support-bot', database: gateway.database }, (await login(gateway)).password)
      client.send(raw.query('create temp table big (words text)'), raw.query('select pg_backend_pid()'))
      await client.receiveUntil('Z')
      const pid = Number(raw.rowValues((await client.receiveUntil('Z'))[1])[0])
      client.send(raw.query('copy big from stdin'))
      await client.receiveUntil('G')
      const before = await gateway.memoryInUse()
      const data = raw.frame('d', Buffer.from(`${'y'.repeat(99_999)}\n`))
      process.kill(pid, 'SIGSTOP')
      let sent = 0
      try {
        // Far more than the sockets' buffers hold; what is not taken stays here.
        for (; sent < 1000 && client.socket.writableLength < 64 * MEBIBYTE; sent += 1) client.send(data)
        await sleep(1500)
        const growth = (await gateway.memoryInUse()) - before
        assert.ok(growth < 16 * MEBIBYTE, `${Math.round(growth / MEBIBYTE)} MiB`)
      } finally {
        process.kill(pid, 'SIGCONT')
      }
      client.send(raw.frame('c'), raw.query('select count(*) from big'))
      const copied = await client.receiveUntil('Z')
      assert.equal(raw.letters(copied), 'C ZI', JSON.stringify(raw.errorFields(copied[0])))
      assert.deepEqual(raw.rowValues((await client.receiveUntil('Z'))[1]), [String(sent)])
      client.end()
    },
  )
})

describe('clients', () => {
  let gateway: TestGateway
  before(async () => {
    gateway = await startTestGateway({
      targets: [target()],
      policy: ALLOW_ALL,
      settings: 'limits: { handshakeTimeout: 10s }',
    })
  })
  after(() => gateway.stop())

  test('that say nothing, or not all, cost nobody else anything, and are cut off in time', async () => {
    const words = raw.startup({ user: 'support-bot', database: gateway.database })
    const silent = await Promise.all(
      Array.from({ length: 150 }, async (_, n) => {
        const client = await raw.openRaw(gateway)
        const said = [
          Buffer.alloc(0),
          words.subarray(0, 3),
          words.subarray(0, words.length - 1),
          words,
          raw.SSL_REQUEST,
        ][n % 5]
        if (said !== undefined && said.length > 0) client.send(said)
        return client
      }),
    )
    const client = await open(gateway)
    assert.deepEqual((await client.query('select 1 as n')).rows, [{ n: 1 }])
    assert.ok(silent.every(({ closed }) => !closed), 'others do not wait until they are cut off')
    await eventually('all of them are cut off', () => silent.every(({ closed }) => closed))
    assert.deepEqual((await client.query('select 2 as n')).rows, [{ n: 2 }])
    await client.end()
  })

  test('that read a large result slowly get all of it, with flat memory', { timeout: 300_000 }, async () => {
    const total = 200_000_000
    const { bytes, heldBytes, peakBytes } = await readSlowly(await login(gateway), gateway, total, 300)
    assert.ok(bytes > total)
    assert.ok(heldBytes < 16 * MEBIBYTE, `the gateway held ${Math.round(heldBytes / MEBIBYTE)} MiB`)
    assert.ok(peakBytes < 2048 * MEBIBYTE, `the gateway had ${Math.round(peakBytes / MEBIBYTE)} MiB`)
  })

  test('that come and go leave nothing open', { timeout: 300_000 }, async () => {
    for (let round = 0; round < 10; round += 1) {
      const clients = await Promise.all(Array.from({ length: 10 }, () => open(gateway)))
      await Promise.all(clients.filter((_, n) => n % 2 === 0).map((client) => client.query('select 1')))
      for (const [n, client] of clients.entries()) {
        if (n % 3 === 0)
          (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
        else await client.end()
      }
    }
    const left = (): Promise<Record<string, unknown>[]> =>
      server.query(
        `select pid, state, application_name, query from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()
        and application_name <> 'sallyport catalog' and query not like '%pg_sleep%'`,
      )
    await eventually('no backend is left on the target', async () => (await left()).length === 0).catch(
      async (error: unknown) => assert.fail(`${String(error)}: ${JSON.stringify(await left())}`),
    )
  })
})

test('a ledger whose disk is full stops the traffic with a clear error, and goes on when there is room', async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'sallyport-full-'))
  const disk = mountSmallDisk(join(data, 'ledger'), 2)
  if ('obstacle' in disk) return t.skip(disk.obstacle)
  // A session whose rows are recorded would be ended: what is recorded has its digests in the ledger.
  const unrecorded = { ...target(), record: '{ rows: none }' }
  const gateway = await startTestGateway({ targets: [unrecorded], policy: ALLOW_ALL, tls: false, data })
  try {
    const client = await open(gateway)
    let refusedAt = -1
    // Five pages of the disk or more: far more than a checkpoint takes and gives back, whenever one falls due.
    const filling = 'z'.repeat(20_000)
    for (let n = 0; n < 5000 && refusedAt < 0; n += 1) {
      await client.query(`select ${n} as full_disk /* ${filling} */`).catch((error: pg.DatabaseError) => {
        assert.equal(error.code, '58030')
        assert.match(error.message, /cannot record/)
        assert.match(error.hint ?? '', /Nothing was run/)
        refusedAt = n
      })
    }
    assert.ok(refusedAt > 50, `refused at ${refusedAt}`)
    for (let n = 0; n < 20; n += 1) {
      // What did not fit left room behind, in which a decision without the outcome before it could go.
      disk.fill()
      await assert.rejects(client.query(`select 'never run ${n}' /* ${filling} */`), { code: '58030' })
    }
    assert.ok(server.log().includes(`select ${refusedAt - 1} as full_disk`))
    assert.ok(!server.log().includes(`select ${refusedAt} as full_disk`))
    assert.ok(!server.log().includes('never run'))
    disk.grow(8)
    await eventually(
      'traffic goes on',
      () =>
        client.query('select 1').then(
          () => true,
          () => false,
        ),
    )
    await client.end()
    const { ok, bad } = await proveLedger(gateway.ledgerDirectory)
    assert.equal(ok, true, JSON.stringify(bad))
  } finally {
    await gateway.stop()
    disk.unmount()
    rmSync(data, { recursive: true, force: true })
  }
})

test('a recorded session is ended when the disk of the ledger is full, and others begin when there is room', async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'sallyport-full-'))
  const disk = mountSmallDisk(join(data, 'ledger'), 2)
  if ('obstacle' in disk) return t.skip(disk.obstacle)
  const gateway = await startTestGateway({ targets: [target()], policy: ALLOW_ALL, tls: false, data })
  const filling = 'z'.repeat(20_000)
  try {
    const client = await open(gateway)
    let end: Error | undefined
    client.once('error', (error) => (end = error))
    await client.query("select 'on record'")
    await eventually('the session is ended', async () => {
      disk.fill()
      await assert.rejects(client.query(`select 'run without record' /* ${filling} */`), (error) => {
        // Without a code the connection was gone already.
        if (!(error instanceof pg.DatabaseError)) return true
        assert.match(`${error.code} ${error.message}`, /^(?:58030|57P01) .*cannot record/)
        if (error.code === '57P01') end ??= error
        return true
      })
      return end !== undefined
    })
    assert.match(end?.message ?? '', /the session was ended: the gateway cannot record it any more/)
    disk.fill()
    await assert.rejects(open(gateway), { severity: 'FATAL' })
    assert.ok(!server.log().includes('run without record'))
    disk.grow(8)
    await eventually('sessions begin', () =>
      open(gateway).then(
        async (again) => {
          await again.query('select 1')
          await again.end()
          return true
        },
        () => false,
      ),
    )
    const { ok, bad } = await proveLedger(gateway.ledgerDirectory)
    assert.equal(ok, true, JSON.stringify(bad))
  } finally {
    await gateway.stop()
    disk.unmount()
    rmSync(data, { recursive: true, force: true })
  }
})

test(
  'after kill -9 under load the ledger verifies and holds a decision for every statement that reached the target',
  { timeout: 300_000 },
  async () => {
    const data = mkdtempSync(join(tmpdir(), 'sallyport-killed-'))
    let gateway = await startTestGateway({ targets: [target()], policy: ALLOW_ALL, tls: false, data })
    try {
      for (let kill = 1; kill <= 3; kill += 1) {
        const clients = await Promise.all(Array.from({ length: 8 }, () => open(gateway)))
        let answered = 0
        const load = clients.map(async (client, number) => {
          for (let n = 0; ; n += 1) {
            await client.query(
              n % 2 === 0
                ? `select 'load ${kill}-${number}-${n}'`
                : { text: `select 'load ${kill}-${number}-${n}', $1::int`, values: [n] },
            )
            answered += 1
          }
        })
        const over = Promise.allSettled(load)
        await eventually('it works', () => answered > 100 * kill)
        await gateway.kill()
        await over
        gateway = await gateway.restart()
        const client = await open(gateway)
        assert.deepEqual((await client.query('select 1 as n')).rows, [{ n: 1 }])
        await client.end()
      }
      const { ok, bad } = await proveLedger(gateway.ledgerDirectory)
      assert.equal(ok, true, JSON.stringify(bad))
      const reached = new Set(Array.from(server.log().matchAll(/select '(load [\d-]+)'/g), ([, text]) => text ?? ''))
      assert.ok(reached.size > 600)
      const decided = new Set(
        (await readEvents(gateway.ledgerDirectory)).flatMap((event) =>
          event.event === 'operation.decided' ? [/'(load [\d-]+)'/.exec(event.text)?.[1] ?? ''] : [],
        ),
      )
      assert.deepEqual(
        [...reached].filter((text) => !decided.has(text)),
        [],
      )
    } finally {
      await gateway.stop()
      rmSync(data, { recursive: true, force: true })
    }
  },
)
