import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { eventually } from '../support/eventually.ts'
import type { TestGateway } from '../support/gateway.ts'
import { readEvents } from '../support/ledger-records.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { ApiUser, person } from '../support/reviewing.ts'
import * as raw from '../support/raw-client.ts'
import { createShop, type Shop } from '../support/shop.ts'
import { startTwoGateways, type TwoGateways } from '../support/two-gateways.ts'

const POLICY = `
masks: []
rules:
  - { name: reads, when: 'operation.readOnly || "pg_catalog.pg_sleep" in operation.functions || "pg_sleep" in operation.functions', then: allow }
  - { name: writes, when: '!operation.readOnly && "public.orders" in operation.objects', then: review, reviewers: [dba], preview: none }
  - { name: payments, when: '!operation.readOnly && "public.payments" in operation.objects', then: allow, during: access-review, reviewers: [dba] }
roles: { reviewer: [dba], operator: [on-call], auditor: [], administrator: [platform] }
`
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
/** From the request that stops something to the last trace of it on the target. */
const AT_ONCE_MS = 1_000

let server: PostgresServer
let shop: Shop
let gateways: TwoGateways
let olga: { one: ApiUser; two: ApiUser }

before(async () => {
  server = await startPostgres()
  shop = await createShop(server)
  gateways = await startTwoGateways(server, { targets: [{ port: server.port, user: shop.user, password: shop.password, database: shop.database }], policy: POLICY, tls: false })
  olga = { one: await person(() => gateways.one, 'olga', 'on-call'), two: await person(() => gateways.two, 'olga', 'on-call') }
})
after(async () => {
  await gateways.stop()
  await server.stop()
})

async function connect(gateway: TestGateway, user: string, password: string, options = ''): Promise<pg.Client> {
  const client = new pg.Client({ host: gateway.host, port: gateway.port, user, password, database: gateway.database, options })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

const bot = async (gateway: TestGateway, name = 'support-bot'): Promise<pg.Client> => connect(gateway, name, await gateways.issuer.agentToken(name))
const rejection = (promise: Promise<unknown>): Promise<pg.DatabaseError> => promise.then(() => assert.fail('it was let through'), (error: unknown) => error as pg.DatabaseError)
const sleeping = async (mark: string): Promise<number> =>
  (await server.query(`select 1 from pg_stat_activity where state = 'active' and query like '%' || $1 || '%' and pid <> pg_backend_pid()`, [mark])).length

/** A statement that runs on the target until it is stopped, and how it ended. */
function running(client: pg.Client, mark: string): Promise<Error> {
  return client.query(`select pg_sleep(60) /* ${mark} */`).then(() => assert.fail('it ran to its end'), (error: unknown) => error as Error)
}

/** Milliseconds until nothing of it runs on the target any more. */
async function gone(mark: string, sinceMs: number): Promise<number> {
  while ((await sleeping(mark)) > 0) if (performance.now() - sinceMs > 10_000) assert.fail(`${mark} still runs`)
  return performance.now() - sinceMs
}

async function lift(kind: string, name: string): Promise<void> {
  assert.equal((await olga.one.call('DELETE', `/api/v1/locks/${kind}/${name}?reason=over`)).status, 204)
  await eventually('both gateways know', async () => {
    const [one, two] = await Promise.all([olga.one.call('GET', '/api/v1/locks'), olga.two.call('GET', '/api/v1/locks')])
    return JSON.stringify([one.body, two.body]) === '[{"locks":[]},{"locks":[]}]'
  })
}

async function exchange(gateway: TestGateway, token: string, more: Readonly<Record<string, string>> = {}): Promise<{ status: number; body: Record<string, string> }> {
  const answer = await fetch(`${gateway.apiUrl}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: TOKEN_EXCHANGE, subject_token: token, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt', audience: 'shop', ...more }),
  })
  return { status: answer.status, body: await answer.json() as Record<string, string> }
}

async function sessionToken(gateway: TestGateway, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const { body } = await exchange(gateway, await gateways.issuer.agentToken('support-bot'), more)
  return body['access_token'] ?? assert.fail(JSON.stringify(body))
}

describe('a lock', () => {
  for (const { kind, name } of [{ kind: 'agent', name: 'support-bot' }, { kind: 'identity', name: 'SUPPORT-BOT' }, { kind: 'target', name: 'shop' }]) {
    test(`on ${kind} ${name} ends live sessions at both gateways in under a second, with what runs on the target`, async (t) => {
      const clients = [await bot(gateways.one), await bot(gateways.two)]
      const ends = clients.map((client, at) => running(client, `${kind} at ${at}`))
      await eventually('both run', async () => (await sleeping(`${kind} at`)) === 2)
      const sinceMs = performance.now()
      const placed = await olga.one.call('POST', '/api/v1/locks', { kind, name, reason: 'it deletes what it should not' })
      assert.equal(placed.status, 201, JSON.stringify(placed.body))
      const answeredMs = performance.now() - sinceMs
      const [hereMs, thereMs] = await Promise.all([gone(`${kind} at 0`, sinceMs), gone(`${kind} at 1`, sinceMs)])
      t.diagnostic(`${kind}: answered after ${Math.round(answeredMs)} ms, gone from the target after ${Math.round(hereMs)} ms here and ${Math.round(thereMs)} ms there`)
      assert.ok(Math.max(hereMs, thereMs) < AT_ONCE_MS, `${hereMs} ${thereMs}`)
      for (const end of ends) assert.match((await end).message, /locked: it deletes what it should not|terminat|closed|ended/)
      for (const gateway of [gateways.one, gateways.two]) {
        const refused = await rejection(bot(gateway))
        assert.match(refused.message, new RegExp(`the ${kind} "${name}" is locked: it deletes`))
        assert.equal(refused.code, '28P01')
      }
      if (kind !== 'target') {
        const { status, body } = await exchange(gateways.two, await gateways.issuer.agentToken('support-bot'))
        assert.equal(status, 400)
        assert.match(body['error_description'] ?? '', /is locked/)
        assert.equal((await new ApiUser(() => gateways.two, await gateways.issuer.agentToken('support-bot')).call('GET', '/api/v1/targets')).status, 401)
        // Others go on.
        await (await bot(gateways.two, 'nightly-report')).end()
      }
      assert.equal((await olga.two.call('POST', '/api/v1/locks', { kind, name, reason: 'again' })).status, 200)
      await lift(kind, name)
      const again = await bot(gateways.two)
      assert.equal((await again.query('select 1 as one')).rowCount, 1)
      await again.end()
    })
  }

  test('comes behind the answers that were on their way: each whole and once, then why the session ended, and nothing else', async () => {
    const password = await gateways.issuer.agentToken('support-bot')
    const askAndListen = async (): Promise<raw.RawMessage[]> => {
      const client = await raw.openRaw(gateways.one)
      await client.logIn({ user: 'support-bot', database: 'shop' }, password)
      let asked = 0
      const ask = (): void => client.send(raw.query(`select ${++asked} as number`))
      const seen: raw.RawMessage[] = []
      while (asked < 10) ask()
      for (let message = await client.receive(); message !== undefined; message = await client.receive()) {
        seen.push(message)
        if (message.type === 'Z') ask()
      }
      return seen
    }
    const completed = async (): Promise<number> => (await readEvents(gateways.one.ledgerDirectory)).filter((event) => event.event === 'operation.finished' && event.result === 'completed').length
    const before = await completed()
    const listening = Array.from({ length: 8 }, askAndListen)
    await eventually('answers come', async () => (await completed()) > before + 200)
    await olga.one.call('POST', '/api/v1/locks', { kind: 'target', name: 'shop', reason: 'midst of it' })
    for (const messages of await Promise.all(listening)) {
      assert.match(raw.letters(messages), /^(?:T D C ZI )*(?:T D C )?E$/)
      const numbers = messages.flatMap((message) => (message.type === 'D' ? raw.rowValues(message) : []))
      assert.deepEqual(numbers, numbers.map((_, at) => String(at + 1)))
      const { S, C, M } = raw.errorFields(messages.at(-1))
      assert.deepEqual([S, C], ['FATAL', '57P01'])
      assert.match(M ?? '', /midst of it/)
    }
    const answers = (await Promise.all(listening)).flat().filter(({ type }) => type === 'Z').length
    assert.equal((await completed()) - before, answers, 'answers that are on record as given')
    await lift('target', 'shop')
  })

  test('is on record before it takes effect, with who placed and lifted it and why', async () => {
    await olga.one.call('POST', '/api/v1/locks', { kind: 'agent', name: 'nightly-report', reason: 'on record' })
    await lift('agent', 'nightly-report')
    const events = (await readEvents(gateways.one.ledgerDirectory)).flatMap((event) => (event.event === 'lock.placed' || event.event === 'lock.lifted' ? [`${event.event} ${event.kind} ${event.name} by ${event.by}: ${event.reason}`] : []))
    assert.deepEqual(events.slice(-2), ['lock.placed agent nightly-report by olga: on record', 'lock.lifted agent nightly-report by olga: over'])
  })

  test('is for operators and administrators, of what there is, and never on whoever places it', async () => {
    const dana = await person(() => gateways.one, 'dana', 'dba')
    assert.equal((await dana.call('POST', '/api/v1/locks', { kind: 'agent', name: 'support-bot', reason: 'x' })).status, 403)
    assert.equal((await dana.call('DELETE', '/api/v1/locks/agent/support-bot?reason=x')).status, 403)
    assert.equal((await olga.one.call('POST', '/api/v1/locks', { kind: 'agent', name: 'suport-bot', reason: 'x' })).status, 404)
    assert.equal((await olga.one.call('POST', '/api/v1/locks', { kind: 'target', name: 'shopp', reason: 'x' })).status, 404)
    assert.equal((await olga.one.call('POST', '/api/v1/locks', { kind: 'identity', name: 'x' })).status, 400)
    for (const name of ['olga', 'Olga', 'id-of-olga']) {
      assert.equal((await olga.one.call('POST', '/api/v1/locks', { kind: 'identity', name, reason: 'x' })).status, 422, name)
    }
    assert.deepEqual((await olga.one.call('GET', '/api/v1/locks')).body, { locks: [] })
  })

  test('lets nobody through who logs in at that moment, at either gateway, in 100 rounds', async (t) => {
    let refused = 0
    let ended = 0
    for (let round = 0; round < 100; round += 1) {
      const token = await gateways.issuer.agentToken('nightly-report')
      const logins = [gateways.one, gateways.two].map(async (gateway) => {
        const client = await connect(gateway, 'nightly-report', token)
        for (;;) await client.query('select 1')
      })
      const settled = Promise.allSettled(logins)
      await new Promise((resolve) => setTimeout(resolve, (round % 20) * 3))
      const placed = await olga.one.call('POST', '/api/v1/locks', { kind: 'agent', name: 'nightly-report', reason: `round ${round}` })
      assert.equal(placed.status, 201)
      const sinceMs = performance.now()
      for (const result of await settled) {
        assert.equal(result.status, 'rejected')
        if (result.status === 'rejected' && /"nightly-report" is locked/.test(String(result.reason)) && (result.reason as pg.DatabaseError).code === '28P01') refused += 1
        else ended += 1
      }
      assert.ok(performance.now() - sinceMs < AT_ONCE_MS, `round ${round}: ${performance.now() - sinceMs} ms`)
      await lift('agent', 'nightly-report')
    }
    t.diagnostic(`refused ${refused}, ended ${ended}`)
    // Both happened, or the rounds did not meet the moment.
    assert.ok(refused > 0 && ended > 0, `${refused} refused, ${ended} ended`)
  })

  test('on an identity withdraws its open reviews, ends its grants, and keeps it from answering', async () => {
    const dana = await person(() => gateways.two, 'dana', 'dba')
    const asker = new ApiUser(() => gateways.one, await gateways.issuer.agentToken('support-bot'))
    const asked = await asker.call('POST', '/api/v1/access', { target: 'shop', minutes: 30, reason: 'before the lock' })
    await dana.approve(await dana.review(String(asked.body['id'])))
    const grants = async () => ((await olga.two.call('GET', '/api/v1/access')).body['grants'] as unknown[]).length
    await eventually('access is granted', async () => (await grants()) === 1)
    const client = await bot(gateways.one)
    const waiting = rejection(client.query("update orders set status = 'locked' where id = 1"))
    const review = await dana.asked("status = 'locked'")
    assert.equal((await olga.two.call('POST', '/api/v1/locks', { kind: 'identity', name: 'support-bot', reason: 'stolen' })).status, 201)
    await waiting
    await eventually('the review is withdrawn', async () => (await dana.review(review.id)).state === 'withdrawn')
    await eventually('the grant is over', async () => (await grants()) === 0)
    assert.equal((await dana.answer(review, { answer: 'approve' })).status, 409)
    await lift('identity', 'support-bot')

    const again = await bot(gateways.one)
    const held = rejection(again.query("update orders set status = 'reviewer' where id = 1"))
    const open = await dana.asked("status = 'reviewer'")
    assert.equal((await olga.one.call('POST', '/api/v1/locks', { kind: 'identity', name: 'id-of-dana', reason: 'left' })).status, 201)
    await eventually('the other gateway knows', async () => (await dana.call('GET', '/api/v1/reviews')).status === 401)
    assert.equal((await dana.answer(open, { answer: 'approve' })).status, 401)
    await lift('identity', 'id-of-dana')
    await dana.answer(open, { answer: 'deny', reason: 'no' })
    await held
    await again.end()
  })

  test('on somebody who follows what happens ends that too', async () => {
    const avery = await gateways.issuer.personToken('avery', ['platform'])
    const answer = await fetch(`${gateways.two.apiUrl}/api/v1/reviews/events`, { headers: { authorization: `Bearer ${avery}` } })
    assert.equal(answer.status, 200)
    const sinceMs = performance.now()
    assert.equal((await olga.one.call('POST', '/api/v1/locks', { kind: 'identity', name: 'avery', reason: 'left' })).status, 201)
    await answer.text().catch(() => '')
    assert.ok(performance.now() - sinceMs < AT_ONCE_MS)
    await lift('identity', 'avery')
  })

  test('on who approved something takes back what nobody has used yet', async () => {
    const client = await bot(gateways.one)
    const text = "update orders set status = 'unused' where id = 1"
    // Nobody waits for it: the client goes, and may come back with the same statement.
    const ticket = await connect(gateways.one, 'support-bot', await gateways.issuer.agentToken('support-bot'), '-c sallyport.review=ticket')
    await rejection(ticket.query(text))
    const dana = await person(() => gateways.two, 'dana', 'dba')
    const review = await dana.asked("status = 'unused'")
    await dana.approve(review)
    assert.equal((await olga.one.call('POST', '/api/v1/locks', { kind: 'identity', name: 'dana', reason: 'her laptop is gone' })).status, 201)
    await eventually('it is withdrawn', async () => ((await olga.two.reviews('withdrawn')).some(({ id }) => id === review.id)))
    await lift('identity', 'dana')
    await Promise.all([client.end(), ticket.end()])
  })
})

describe('ending a session', () => {
  test('works from the gateway that does not have it, at once, with what runs on the target', async (t) => {
    const client = await bot(gateways.one)
    const end = running(client, 'ended elsewhere')
    await eventually('it runs', async () => (await sleeping('ended elsewhere')) === 1)
    const { body } = await olga.two.call('GET', '/api/v1/sessions?limit=1')
    const [{ id }] = body['sessions'] as [{ id: string }]
    const sinceMs = performance.now()
    assert.equal((await olga.two.call('DELETE', `/api/v1/sessions/${id}`)).status, 204)
    const ms = await gone('ended elsewhere', sinceMs)
    t.diagnostic(`session: gone from the target after ${Math.round(ms)} ms`)
    assert.ok(ms < AT_ONCE_MS, String(ms))
    assert.match((await end).message, /ended by olga|terminat|closed/)
    assert.equal((await olga.two.call('DELETE', `/api/v1/sessions/${id}`)).status, 404)
    await eventually('why is in the list', async () => String((await olga.one.call('GET', `/api/v1/sessions/${id}`)).body['reason']) === 'ended by olga')
  })
})

describe('a session token', () => {
  test('is revoked by an operator at the other gateway, with its sessions, and so is the identity token that it came from', async (t) => {
    for (const what of ['session token', 'identity token']) {
      const token = await sessionToken(gateways.one)
      const client = await connect(gateways.one, 'support-bot', token)
      const end = running(client, `revoked ${what}`)
      await eventually('it runs', async () => (await sleeping(`revoked ${what}`)) === 1)
      const opened = (await readEvents(gateways.one.ledgerDirectory)).filter((event) => event.event === 'session.opened').at(-1)
      const rows = await server.query('select parent_id from session_tokens where token_id = $1', [opened?.event === 'session.opened' ? opened.tokenId : ''], 'state')
      const id = what === 'session token' && opened?.event === 'session.opened' ? opened.tokenId : String(rows[0]?.['parent_id'])
      // The note of the exchange may be gone long before the session is.
      if (what === 'identity token') await server.query('delete from session_tokens', [], 'state')
      const sinceMs = performance.now()
      const revoked = await olga.two.call('POST', `/api/v1/tokens/${encodeURIComponent(id)}/revoke`)
      assert.equal(revoked.status, 200, JSON.stringify(revoked.body))
      const ms = await gone(`revoked ${what}`, sinceMs)
      t.diagnostic(`${what}: gone from the target after ${Math.round(ms)} ms`)
      assert.ok(ms < AT_ONCE_MS, String(ms))
      await end
      assert.match((await rejection(connect(gateways.one, 'support-bot', token))).message, /revoked|not known/)
    }
  })

  test('is given up by whoever holds it, whatever else they can prove, and nothing is said of others', async () => {
    const token = await sessionToken(gateways.one)
    const client = await connect(gateways.one, 'support-bot', token)
    const ended = new Promise((resolve) => client.once('error', resolve))
    const revoke = async (form: Record<string, string>) => {
      const answer = await fetch(`${gateways.two.apiUrl}/oauth/revoke`, { method: 'POST', body: new URLSearchParams(form) })
      return { status: answer.status, text: await answer.text() }
    }
    const unknown = await revoke({ token: `${token.slice(0, -1)}x` })
    const sinceMs = performance.now()
    assert.deepEqual(await revoke({ token, token_type_hint: 'refresh_token' }), unknown)
    assert.deepEqual(unknown, { status: 200, text: '' })
    await ended
    assert.ok(performance.now() - sinceMs < AT_ONCE_MS)
    assert.match((await rejection(connect(gateways.one, 'support-bot', token))).message, /revoked/)
    assert.match((await revoke({ token: 'a.b.c' })).text, /unsupported_token_type/)
    assert.equal((await revoke({})).status, 400)
  })

  test('that is for one login opens one session, whoever comes first at whichever gateway', async () => {
    for (let round = 0; round < 20; round += 1) {
      const token = await sessionToken(gateways.one, { single_use: 'true' })
      const logins = await Promise.allSettled([gateways.one, gateways.two, gateways.one, gateways.two].map((gateway) => connect(gateway, 'support-bot', token)))
      const open = logins.flatMap((login) => (login.status === 'fulfilled' ? [login.value] : []))
      assert.equal(open.length, 1)
      for (const login of logins) if (login.status === 'rejected') assert.match(String(login.reason), /made for one login, and that was used/)
      await Promise.all(open.map((client) => client.end()))
      assert.equal((await new ApiUser(() => gateways.two, token).call('GET', '/api/v1/targets')).status, 401)
    }
    const often = await sessionToken(gateways.one, { single_use: 'false' })
    for (let login = 0; login < 2; login += 1) await (await connect(gateways.one, 'support-bot', often)).end()
  })
})

describe('the purpose', () => {
  const seen = async () => (await readEvents(gateways.one.ledgerDirectory)).flatMap((event) => (event.event === 'session.opened' ? [event.purpose] : [])).at(-1)

  test('is declared while connecting, recorded, and never told the target', async () => {
    const client = await connect(gateways.one, 'support-bot', await gateways.issuer.agentToken('support-bot'), '-c sallyport.purpose=ticket\\ 77')
    assert.equal(await seen(), 'ticket 77')
    assert.deepEqual((await client.query("select current_setting('sallyport.purpose', true) as set")).rows, [{ set: null }])
    await client.end()
    await (await connect(gateways.one, 'support-bot', await sessionToken(gateways.one), '-c sallyport.purpose=ticket\\ 78')).end()
    assert.equal(await seen(), 'ticket 78')
    await (await bot(gateways.one)).end()
    assert.equal(await seen(), 'answers customer tickets')
  })

  test('is that of the token, where it was asked for with one: another is refused', async () => {
    const token = await sessionToken(gateways.one, { purpose: 'ticket 79' })
    const refused = await rejection(connect(gateways.one, 'support-bot', token, '-c sallyport.purpose=ticket\\ 80'))
    assert.match(refused.message, /declared purpose is not the one that the token was asked for with/)
    await (await connect(gateways.one, 'support-bot', token, '-c sallyport.purpose=ticket\\ 79')).end()
    await (await connect(gateways.one, 'support-bot', token)).end()
    assert.equal(await seen(), 'ticket 79')
  })
})
