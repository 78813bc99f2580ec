import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { type DemoUnderTest, demoDirectory, spawnDemo, startDemoUnderTest } from './demo-under-test.ts'
import { isAlive } from './processes.ts'
import { findSshServer } from './ssh-host.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const program = join(root, 'cli/sallyport.mjs')

suite('the demo', () => {
  const state = demoDirectory()
  let demo: DemoUnderTest

  before(async () => {
    demo = await startDemoUnderTest(state.path)
  })
  after(async () => {
    await demo.clear()
    state.remove()
  })

  async function connect(name: string, more: pg.ClientConfig = {}): Promise<pg.Client> {
    const shop = demo.ready.targets['shop']
    const login = demo.ready.logins[name]
    assert.ok(shop !== undefined && login !== undefined)
    const { host, port, database } = shop
    const { user, password } = login
    const client = new pg.Client({ host, port, database, user, password, ssl: { rejectUnauthorized: false }, ...more })
    await client.connect()
    return client
  }

  async function query(name: string, text: string): Promise<pg.QueryResult<Record<string, unknown>>> {
    const client = await connect(name)
    try {
      return await client.query(text)
    } finally {
      await client.end()
    }
  }

  function sallyport(...args: string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { cwd: root, encoding: 'utf8', env: demo.environment })
    return { status, stdout, stderr }
  }

  test('is ready in under 15 seconds, and shows progress before', () => {
    assert.ok(demo.readyAfterMs < 15_000, `it took ${Math.round(demo.readyAfterMs)} ms`)
    const [first] = demo.output().split('{"ready"')
    for (const step of [/OpenID provider/, /PostgreSQL 18/, /5,000 customers/, /gateway/]) assert.match(first ?? '', step)
  })

  test('prints a login for each of its agents and people that is good for minutes', () => {
    assert.deepEqual(Object.keys(demo.ready.logins), ['support-bot', 'nightly-report', 'dana', 'avery', 'robin'])
    for (const [name, { user, expiresAt }] of Object.entries(demo.ready.logins)) {
      assert.equal(user, name)
      const minutes = (Date.parse(expiresAt) - Date.now()) / 60_000
      assert.ok(minutes > 2 && minutes < 60, `${name}: ${minutes} minutes`)
    }
  })

  test('keeps what its clients need for its owner only', () => {
    assert.equal(statSync(join(state.path, 'state.json')).mode & 0o077, 0)
  })

  test('has a shop of some thousands of customers, orders and payments', async () => {
    for (const [table, count, columns] of [
      ['customers', 5_000, ['id', 'name', 'email', 'phone', 'ssn', 'city', 'created_at']],
      ['orders', 20_000, ['id', 'customer_id', 'status', 'total', 'placed_at']],
      ['payments', 20_000, ['id', 'order_id', 'card_number', 'amount', 'paid_at']],
    ] as const) {
      assert.equal((await query('nightly-report', `select count(*)::int as n from ${table}`)).rows[0]?.['n'], count)
      assert.deepEqual((await query('nightly-report', `select * from ${table} limit 1`)).fields.map(({ name }) => name), columns)
    }
  })

  test('masks e-mail addresses, SSNs and card numbers for an agent', async () => {
    const { rows } = await query('support-bot', 'select name, email, ssn, city from customers where id <= 20')
    assert.equal(rows.length, 20)
    for (const row of rows) {
      assert.match(String(row['name']), /^\p{L}+ \p{L}+$/u)
      assert.doesNotMatch(String(row['email']), /@/)
      assert.doesNotMatch(String(row['ssn']), /\d/)
    }
    const cards = await query('support-bot', 'select card_number from payments where id <= 20')
    assert.equal(cards.rows.length, 20)
    for (const row of cards.rows) assert.match(String(row['card_number']), /^\D{12}\d{4}$/)
  })

  test('refuses what destroys, and what a report may not write, with 42501 and the rule', async () => {
    await assert.rejects(query('support-bot', 'drop table payments'), { code: '42501', message: /destructive/ })
    await assert.rejects(query('nightly-report', `update orders set status = 'new' where id = 1`), { code: '42501' })
    assert.equal((await query('nightly-report', 'select count(*)::int as n from payments')).rows[0]?.['n'], 20_000)
  })

  test('holds what an agent changes until a person approves it', async () => {
    const client = await connect('support-bot')
    const ticket = new Promise<string>((resolve) => client.on('notice', ({ message = '' }) => resolve(/rv_[\w-]{22}/.exec(message)?.[0] ?? message)))
    const running = client.query(`update orders set status = 'paid' where id = 6`)
    const id = await ticket
    assert.equal(await statusOf(6), 'new')
    assert.match(sallyport('review', 'show', id, '--as', 'dana').stdout, /Touches: +1 row, found by running it and rolling back/)
    assert.equal(sallyport('review', 'approve', id, '--as', 'support-bot', '--yes').status, 3)
    assert.equal(sallyport('review', 'approve', id, '--as', 'avery', '--yes').status, 3)
    assert.equal(sallyport('review', 'approve', id, '--as', 'dana', '--yes').status, 0)
    assert.equal((await running).rowCount, 1)
    assert.equal(await statusOf(6), 'paid')
    await client.end()
  })

  test('gives a ticket at once to a client that asks for tickets', async () => {
    const client = await connect('support-bot', { options: '-c sallyport.review=ticket' })
    await assert.rejects(client.query('delete from payments where id = 1'), { code: 'SPR01', detail: /^ticket rv_/ })
    await client.end()
  })

  test('lets a person write while another has granted access, or by break glass, and not otherwise', async () => {
    const change = `update orders set status = 'paid' where id = 12`
    await assert.rejects(query('dana', change), { code: '42501', hint: /access request shop/ })
    const asked = sallyport('access', 'request', 'shop', '--as', 'dana', '--for', '30m', '--reason', 'ticket 2031', '--json')
    assert.equal(asked.status, 4, asked.stderr)
    const { id } = JSON.parse(asked.stdout) as { id: string }
    assert.equal(sallyport('review', 'approve', id, '--as', 'dana', '--yes').status, 3)
    assert.equal(sallyport('review', 'approve', id, '--as', 'avery', '--yes').status, 0)
    assert.equal((await query('dana', change)).rowCount, 1)
    await endAccess()
    await assert.rejects(query('dana', change), { code: '42501' })
    assert.equal(sallyport('access', 'break-glass', 'shop', '--as', 'avery', '--reason', 'incident 42').status, 3)
    assert.equal(sallyport('access', 'break-glass', 'shop', '--as', 'dana', '--reason', 'incident 42').status, 0)
    assert.equal((await query('dana', change)).rowCount, 1)
    await endAccess()
  })

  async function statusOf(order: number): Promise<unknown> {
    return (await query('nightly-report', `select status from orders where id = ${order}`)).rows[0]?.['status']
  }

  async function endAccess(): Promise<void> {
    const { grants } = JSON.parse(sallyport('access', 'list', '--as', 'dana', '--json').stdout) as { grants: { id: string }[] }
    assert.equal(grants.length, 1)
    for (const { id } of grants) assert.equal(sallyport('access', 'end', id, '--as', 'dana').status, 0)
  }

  const withoutServer = findSshServer() === undefined ? 'there is no OpenSSH server' : false

  test('has a host where reads pass with masks, trees are not removed, nobody goes further, and shells are for people', { skip: withoutServer }, () => {
    const ssh = (name: string, ...args: string[]) => sallyport('ssh', 'box', '--as', name, '--', ...args)
    assert.match(demo.output(), /OpenSSH, the demo's host box/)
    const { protocol, host } = demo.ready.targets['box'] ?? assert.fail()
    assert.deepEqual([protocol, host], ['ssh', '127.0.0.1'])
    const read = ssh('support-bot', 'tail', '-n', '1', 'logs/shop.log')
    assert.equal(read.stdout, '2026-11-02T08:49:00Z order 1199 paid by [redacted]\n', read.stderr)
    const removed = ssh('support-bot', 'rm -rf *')
    assert.equal(removed.status, 126)
    assert.match(removed.stderr, /refused by rule "box-destructive"/)
    assert.match(ssh('support-bot').stderr, /no rule lets support-bot run "shell" on box/)
    assert.match(ssh('dana', '-W', '127.0.0.1:1').stderr, /refused by rule "box-forward"/)
    const shell = spawnSync(process.execPath, [program, 'ssh', 'box', '--as', 'dana'], { cwd: root, encoding: 'utf8', env: demo.environment, input: 'ls\nexit 3\n' })
    assert.deepEqual([shell.status, shell.stdout], [3, 'logs\nreports\nshop.git\nsrv\n'], shell.stderr)
  })

  test('knows its people: an auditor sees every session, an agent only its own', () => {
    const auditor = sallyport('session', 'list', '--as', 'robin', '--json')
    assert.equal(auditor.status, 0, auditor.stderr)
    const seen: unknown = JSON.parse(auditor.stdout)
    assert.match(JSON.stringify(seen), /"nightly-report"/)
    const agent = sallyport('session', 'list', '--as', 'support-bot', '--json')
    assert.equal(agent.status, 0, agent.stderr)
    assert.doesNotMatch(agent.stdout, /"nightly-report"/)
  })

  test('lets an administrator apply a policy, and nobody else', () => {
    const file = join(root, 'demo/sallyport.yaml')
    assert.equal(sallyport('policy', 'apply', file, '--as', 'support-bot').status, 3)
  })

  test('has a ledger that verifies while it runs', () => {
    const { status, stdout, stderr } = sallyport('audit', 'verify', '--json')
    assert.equal(status, 0, stderr)
    assert.match(stdout, /"ok":true/)
  })

  test('started twice says so, and leaves the first alone', async () => {
    const second = spawnDemo(state.path, [])
    await once(second, 'close')
    assert.notEqual(second.exitCode, 0)
    assert.doesNotMatch(second.words(), /stopped/)
    assert.match(second.words(), new RegExp(`running already, as process ${demo.pid}`))
    assert.equal((await query('support-bot', 'select 1 as one')).rows[0]?.['one'], 1)
  })

  test('killed outright, is cleaned up behind by the next one', async () => {
    const before = demo
    process.kill(before.pid, 'SIGKILL')
    await before.clear()
    demo = await startDemoUnderTest(state.path)
    assert.ok(demo.readyAfterMs < 15_000)
    assert.equal(existsSync(before.folder), false)
    assert.ok(await gone(before.postgresPid))
    if (before.sshPid !== undefined) assert.ok(await gone(before.sshPid))
  })

  test('ends all of it at Ctrl-C, with clients connected', async () => {
    const client = await connect('support-bot')
    // One error tells why, another that the connection is gone.
    const lost = new Promise((resolve) => client.on('error', resolve))
    await demo.interrupt()
    await lost
    assert.match(demo.output(), /Everything is stopped and removed\.\n*$/)
    assert.doesNotMatch(demo.output(), /did not end/)
    await nothingLeft(demo)
    const { status, stderr } = sallyport('session', 'list', '--as', 'robin')
    assert.equal(status, 1)
    assert.match(stderr, /no demo is running/)
  })

  test('ends all of it when npm is ended, which does not pass the signal on', async () => {
    demo = await startDemoUnderTest(state.path)
    process.kill(demo.npmPid, 'SIGTERM')
    await nothingLeft(demo)
  })

  test('goes without the host on a machine that has no OpenSSH server, says so, and is otherwise as ever', async () => {
    demo = await startDemoUnderTest(state.path, { SALLYPORT_DEMO_SSHD: '/nonexistent/sshd' })
    assert.match(demo.output(), /no OpenSSH server on this machine: the demo goes without its host "box"/)
    assert.deepEqual(Object.keys(demo.ready.targets), ['shop'])
    assert.equal((await query('support-bot', 'select 1 as one')).rows[0]?.['one'], 1)
    await demo.interrupt()
    await nothingLeft(demo)
  })

  async function nothingLeft({ pid, postgresPid, sshPid, folder }: DemoUnderTest): Promise<void> {
    for (const one of [pid, postgresPid, ...(sshPid === undefined ? [] : [sshPid])]) assert.ok(await gone(one), `process ${one} is still there`)
    assert.equal(existsSync(folder), false)
    assert.equal(existsSync(join(state.path, 'state.json')), false)
  }
})

async function gone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 150 && isAlive(pid); tries++) await sleep(100)
  return !isAlive(pid)
}
