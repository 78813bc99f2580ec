import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Review } from '@sallyport/contract'
import { type Endpoint, type Journey, startJourney } from '../support/endpoints.ts'
import { eventually } from '../support/eventually.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { readEvents } from '../support/ledger-records.ts'
import { bind, cancelRequest, errorFields, execute, letters, openNegotiatedTls, openRaw, parse, query, type RawClient, type RawMessage, SYNC, TERMINATE } from '../support/raw-client.ts'
import { ApiUser, person } from '../support/reviewing.ts'
import { leaksIn } from '../support/shop.ts'
import { arounds, bindings, type Conversation, previewEffects, shown, substitutions, type Under, unreviewable } from '../tables/review-attacks.ts'

const MEBIBYTE = 1024 * 1024
/** Settings and temporary tables pass without a review where nothing is masked. */
const FREE = '!operation.unknown && operation.actions.all(a, a in ["set", "create", "select"]) && operation.objects.all(o, o.startsWith("pg_temp."))'
const rules = (masks: string, free: string): string => `
masks: ${masks}
rules:
  - { name: reads, when: operation.readOnly, then: allow }
  - { name: carts, when: '!operation.unknown && operation.objects == ["public.carts"]', then: allow }
  - { name: free, when: '${free}', then: allow }
  - { name: brief, when: '"public.brief" in operation.objects', then: review, reviewers: [dba], hold: 1s, expires: 2s, preview: none }
  - name: writes
    when: '!operation.readOnly && !(${free}) && operation.objects != ["public.carts"] && operation.objects != ["public.brief"]'
    then: review
    reviewers: [dba]
    hold: 10s
    transactionHold: 5s
    expires: 15m
    preview: rehearse
roles: { reviewer: [dba], operator: [on-call], auditor: [], administrator: [platform] }
`
const MASKS = '[{ name: personal, columns: [customers.email, customers.ssn], method: redact }]'
const OBJECTS = `
  create role other; grant other to sallyport; create schema evil;
  create table carts (id integer primary key, items integer not null); insert into carts values (1, 0); alter table carts owner to sallyport;
  create table brief (id integer primary key, n integer not null); insert into brief values (1, 0); alter table brief owner to sallyport;
  create table tally (id serial, who text); alter table tally owner to sallyport;
  create table evil.orders (like public.orders);
  create sequence kept_seq; create table preview_log (a int);
  create function take_lock() returns trigger language plpgsql as $$ begin perform pg_advisory_lock(42); return new; end $$;
  create function take_log() returns trigger language plpgsql as $$ begin insert into preview_log values (1); return new; end $$;
  create function lying(int) returns int immutable language plpgsql as $$ begin perform pg_advisory_lock($1); return $1; end $$;
  create function bump() returns int language plpgsql as $$ begin update orders set status = 'bumped' where id = 60; return 1; end $$;
  create function lying_deeply() returns int immutable language plpgsql as $$ begin return (select public.bump()); end $$;
  create function clear_all() returns void language plpgsql as $$ begin delete from payments; end $$;
  create procedure clear() language plpgsql as $$ begin delete from payments; commit; end $$;
  create view ruled as select * from orders; create rule r as on update to ruled do instead delete from payments;
  create table locking (a int); insert into locking values (1); create trigger t before update on locking for each row execute function take_lock();
  create table logging (a int); insert into logging values (1); create trigger t before update on logging for each row execute function take_log();
  create table checking (a int check (lying(a) > 0)); create table deferring (a int);
  create constraint trigger t after insert on deferring deferrable initially deferred for each row execute function take_lock();
  create table defaulting (a int default lying(1), b int); create table generating (a int generated always as (lying(b)) stored, b int);
  create table cascading (a int primary key); create table cascaded (a int references cascading on delete cascade);
  insert into cascading values (1); insert into cascaded values (1); create trigger t after delete on cascaded for each row execute function take_lock();
  create table indexing (a int); create index on indexing (lying(a));
  create table secured (a int); insert into secured values (1); alter table secured enable row level security; create policy p on secured using (lying(a) > 0);
  grant all on all tables in schema public, evil to sallyport, other; grant all on all sequences in schema public to sallyport, other;
  grant usage on schema evil to sallyport, other`

let journey: Journey
let plain: TestGateway
const endpoints = {} as Record<Under, Endpoint>
const agents = {} as Record<string, Readonly<Record<Under, string>>>
const danas = {} as Record<Under, ApiUser>
const bots = {} as Record<Under, ApiUser>
/** Left open by what failed. */
const opened: RawClient[] = []
const gatewayOf = (under: Under): TestGateway => (under === 'plain' ? plain : (journey.gateway ?? assert.fail()))

before(async () => {
  journey = await startJourney(rules(MASKS, 'false'))
  const { server, shop, gateway } = journey
  await server.query(OBJECTS, [], 'shop')
  await server.query('alter role sallyport superuser')
  const ca = server.certificate?.cert ?? assert.fail()
  plain = await startTestGateway({
    targets: [{ port: server.port, database: shop.database, user: shop.user, password: shop.password, ca }],
    policy: rules('[]', FREE),
  })
  endpoints.masks = await journey.endpoint('gateway')
  endpoints.plain = { ...endpoints.masks, host: plain.host, port: plain.port, password: await plain.issuer.agentToken('support-bot'), ca: plain.certificate?.cert ?? '' }
  for (const name of ['support-bot', 'nightly-report']) {
    agents[name] = { masks: await (gateway ?? assert.fail()).issuer.agentToken(name), plain: await plain.issuer.agentToken(name) }
  }
  for (const under of ['masks', 'plain'] as const) bots[under] = new ApiUser(() => gatewayOf(under), agents['support-bot']?.[under] ?? '')
  danas.masks = await person(() => gatewayOf('masks'), 'dana', 'dba')
  danas.plain = await person(() => gatewayOf('plain'), 'dana', 'dba')
})
after(async () => {
  for (const client of opened) client.end()
  await plain?.stop()
  await journey.stop()
})

const TICKET = { options: '-c sallyport.review=ticket' }

async function connect(under: Under, startup: Readonly<Record<string, string>> = {}, agent = 'support-bot'): Promise<RawClient & { key?: Buffer }> {
  const endpoint = endpoints[under]
  const client: RawClient & { key?: Buffer } = await openNegotiatedTls(endpoint)
  opened.push(client)
  const login = await client.logIn({ user: agent, database: endpoint.database, ...startup }, agents[agent]?.[under] ?? '')
  assert.equal(login.at(-1)?.type, 'Z', JSON.stringify(errorFields(login.at(-1))))
  const key = login.find(({ type }) => type === 'K')?.body
  return key === undefined ? client : Object.assign(client, { key })
}

/** ReadyForQuery that a write brings: one for each Query and Sync in it. */
function answersTo(bytes: Buffer): number {
  let answers = 0
  for (let at = 0; at + 5 <= bytes.length; at += 1 + bytes.readInt32BE(at + 1)) if ('QS'.includes(String.fromCharCode(bytes[at] ?? 0))) answers++
  return answers
}

async function say(client: RawClient, write: Buffer): Promise<RawMessage[]> {
  client.send(write)
  const seen: RawMessage[] = []
  for (let left = answersTo(write); left > 0 && !client.closed; left--) seen.push(...(await client.receiveUntil('Z')))
  return seen
}

/** What the last write was answered. */
async function converse(under: Under, { writes, startup = TICKET, agent }: Conversation): Promise<RawMessage[]> {
  const client = await connect(under, { ...startup, options: `${TICKET.options} ${startup['options'] ?? ''}` }, agent)
  let seen: RawMessage[] = []
  for (const write of writes) seen = await say(client, write)
  client.end()
  return seen
}

const refusalIn = (messages: readonly RawMessage[]): Record<string, string> => errorFields(messages.find(({ type }) => type === 'E'))
const ticketIn = (messages: readonly RawMessage[]): string => /^ticket (rv_[\w-]{22})$/.exec(refusalIn(messages)['D'] ?? '')?.[1] ?? assert.fail(`no ticket: ${letters(messages)} ${JSON.stringify(refusalIn(messages))}`)
const count = async (sql: string): Promise<number> => Number(Object.values((await journey.server.query(sql, [], 'shop'))[0] ?? {})[0])
const approve = async (under: Under, id: string): Promise<Review> => {
  const review = await danas[under].review(id)
  await danas[under].approve(review)
  return review
}

describe('an approval is not used for something else:', { concurrency: 1 }, () => {
  for (const { name, under = 'masks', approved, between, tried, same, undo } of substitutions) {
    test(name, async () => {
      const id = ticketIn(await converse(under, approved))
      await approve(under, id)
      if (between !== undefined) await journey.server.query(between, [], 'shop')
      try {
        const answer = await converse(under, tried)
        assert.equal((await danas[under].review(id)).state, same ? 'used' : 'approved', `${letters(answer)} ${JSON.stringify(refusalIn(answer))}`)
        if (!same) assert.match(refusalIn(answer)['C'] ?? 'it ran', /^(?:SPR01|42501|42601)$/)
      } finally {
        await bots[under].call('DELETE', `/api/v1/reviews/${id}`)
        if (undo !== undefined) await journey.server.query(undo, [], 'shop')
      }
    })
  }
})

describe('nobody is asked about what they could not be shown:', { concurrency: 1 }, () => {
  for (const { name, under = 'masks', startup, writes } of unreviewable) {
    test(name, async () => {
      const open = (await danas[under].reviews('open')).length
      const answer = await converse(under, { writes, ...(startup && { startup }) })
      assert.equal(refusalIn(answer)['C'], '42501', letters(answer))
      assert.match(refusalIn(answer)['H'] ?? '', /cannot be shown to a person as a whole/)
      assert.equal((await danas[under].reviews('open')).length, open)
    })
  }
})

describe('people see', { concurrency: 1 }, () => {
  for (const { name, under = 'masks', startup, writes, says } of shown) {
    test(name, async () => {
      // What is set up before is approved where that is needed.
      let id = ''
      for (let attempt = 0; attempt < 3 && id === ''; attempt++) {
        const client = await connect(under, { ...TICKET, ...startup })
        for (const [at, write] of writes.entries()) {
          const answer = await say(client, write)
          if (at === writes.length - 1) id = ticketIn(answer)
          else if (refusalIn(answer)['C'] === 'SPR01') {
            await approve(under, ticketIn(answer))
            break
          }
        }
        client.end()
      }
      const review = await danas[under].review(id)
      const text = JSON.stringify(review)
      for (const expected of says) assert.match(text, expected, text)
      if (under === 'masks') assert.deepEqual(leaksIn(text).filter((column) => column !== 'cardNumber'), [])
    })
  }
})

describe('a preview leaves nothing behind:', { concurrency: 1 }, () => {
  for (const { name, sql, untouched } of previewEffects) {
    test(name, async () => {
      const victim = await connect('plain', { application_name: 'victim' })
      const was = await journey.server.query(untouched, [], 'shop')
      const began = performance.now()
      const answer = await converse('plain', { writes: [query(sql)] })
      assert.ok(performance.now() - began < 10_000)
      ticketIn(answer)
      assert.deepEqual(await journey.server.query(untouched, [], 'shop'), was)
      assert.equal(letters(await say(victim, query('select 1'))), 'T D C ZI')
      victim.end()
    })
  }
})

describe('nothing runs before it is executed:', { concurrency: 1 }, () => {
  for (const { name, under = 'masks', writes } of bindings) {
    test(name, async () => {
      await converse(under, { writes })
      assert.equal(await count("select count(*) from orders where status = 'bumped'"), 0)
    })
  }
})

describe('around a held statement:', { concurrency: 1 }, () => {
  for (const { name, under = 'masks', before: first = [], held, answer, letters: expected, changed } of arounds) {
    test(name, async () => {
      for (const { id } of await bots[under].reviews('open')) await bots[under].call('DELETE', `/api/v1/reviews/${id}`)
      await journey.server.query("update orders set status = 'new' where status = 'HELD'; delete from orders where id = 9001", [], 'shop')
      const client = await connect(under)
      for (const write of first) await say(client, write)
      client.send(held)
      const review = await danas[under].asked('HELD')
      assert.equal(await count("select count(*) from orders where status = 'HELD'"), 0)
      await (answer === 'approve' ? danas[under].approve(review) : danas[under].answer(review, { answer: 'deny', reason: 'no' }))
      const seen: RawMessage[] = []
      for (let left = answersTo(held); left > 0 && !client.closed; left--) seen.push(...(await client.receiveUntil('Z')))
      assert.equal(letters(seen.filter(({ type }) => type !== 'N')), expected, JSON.stringify(seen.filter(({ type }) => type === 'E').map(errorFields)))
      client.end()
      await eventually('its effect is there', async () => (await count("select count(*) from orders where status = 'HELD'")) === changed, 2_000)
    })
  }
})

/** Statements of the agent's own, each its own row of `tally`, so that every effect is counted. */
const tally = (who: string): string => `insert into tally (who) values ('${who}')`
const effects = (who: string): Promise<number> => count(`select count(*) from tally where who = '${who}'`)
const stateOf = async (id: string): Promise<string> => (await danas.masks.review(id)).state
const ticketFor = async (who: string): Promise<string> => ticketIn(await converse('masks', { writes: [query(tally(who))] }))

describe('at the same instant', { concurrency: 1 }, () => {
  test('ten sessions come with one ticket, and one of them runs', async () => {
    const id = await ticketFor('ten')
    const clients = await Promise.all(Array.from({ length: 10 }, () => connect('masks', TICKET)))
    await approve('masks', id)
    const answers = await Promise.all(clients.map((client) => say(client, query(tally('ten')))))
    for (const client of clients) client.end()
    assert.equal(await effects('ten'), 1)
    assert.equal(answers.filter((answer) => letters(answer) === 'C ZI').length, 1)
    for (const answer of answers) if (letters(answer) !== 'C ZI') assert.match(refusalIn(answer)['C'] ?? '', /^(?:SPR01|42501)$/)
  })

  test('five sessions wait for one review, and one of them runs', async () => {
    const clients = await Promise.all(Array.from({ length: 5 }, () => connect('masks')))
    const tickets = new Set<string | undefined>()
    for (const client of clients) {
      client.send(query(tally('five')))
      tickets.add(/rv_[\w-]{22}/.exec(errorFields((await client.receiveUntil('N')).at(-1))['M'] ?? '')?.[0])
    }
    const [id = ''] = tickets
    assert.equal(tickets.size, 1)
    await approve('masks', id)
    const answers = await Promise.all(clients.map((client) => client.receiveUntil('Z')))
    for (const client of clients) client.end()
    assert.equal(answers.filter((answer) => letters(answer) === 'C ZI').length, 1)
    assert.equal(await effects('five'), 1)
  })

  test('a client cancels and a person approves: what was cancelled has no effect, what was approved has one', async () => {
    const ROUNDS = 80
    const LANES = 4
    const seen = { ran: 0, cancelled: 0 }
    const lane = async (number: number): Promise<void> => {
      const client = await connect('masks')
      const key = client.key ?? assert.fail()
      for (let round = 0; round < ROUNDS / LANES; round++) {
        const who = `cancel ${number} ${round} end`
        client.send(query(tally(who)))
        const notice = errorFields((await client.receiveUntil('N')).at(-1))
        const id = /rv_[\w-]{22}/.exec(notice['M'] ?? '')?.[0] ?? assert.fail()
        const review = await danas.masks.review(id)
        const cancelling = (async () => {
          await sleep(Math.random() * 12)
          const canceller = await openRaw(endpoints.masks)
          canceller.send(cancelRequest(key.readInt32BE(0), key.subarray(4)))
          await canceller.receiveUntil('Z')
        })()
        const [answer] = await Promise.all([client.receiveUntil('Z'), danas.masks.answer(review, { answer: 'approve' }), cancelling])
        const ran = letters(answer) === 'C ZI'
        if (!ran) assert.equal(refusalIn(answer)['C'], '57014', JSON.stringify(refusalIn(answer)))
        seen[ran ? 'ran' : 'cancelled']++
        assert.equal(await effects(who), ran ? 1 : 0)
        if (ran) assert.equal(await stateOf(id), 'used')
        // A cancel that came late stops nothing else.
        assert.match(letters(await say(client, query('select 1'))), /^(?:T D C|E) ZI$/)
      }
      client.end()
    }
    await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)))
    assert.ok(seen.ran > 0 && seen.cancelled > 0, JSON.stringify(seen))
  })

  test('a client goes and a person approves: it runs at most once, and once when it comes again', async () => {
    for (let round = 0; round < 15; round++) {
      const who = `gone ${round} end`
      const client = await connect('masks')
      client.send(query(tally(who)))
      const id = /rv_[\w-]{22}/.exec(errorFields((await client.receiveUntil('N')).at(-1))['M'] ?? '')?.[0] ?? assert.fail()
      const review = await danas.masks.review(id)
      const approving = danas.masks.answer(review, { answer: 'approve' })
      await sleep(Math.random() * 10)
      client.end()
      assert.equal((await approving).status, 200)
      await converse('masks', { writes: [query(tally(who))] })
      assert.ok((await effects(who)) <= 1)
      if ((await stateOf(id)) === 'approved') {
        await converse('masks', { writes: [query(tally(who))] })
        assert.equal(await effects(who), 1)
      }
    }
  })

  for (const [name, disturb] of [
    ['withdraws it', (id: string) => bots.masks.call('DELETE', `/api/v1/reviews/${id}`)],
    ['is denied by somebody else', async (id: string) => danas.masks.answer(await danas.masks.review(id), { answer: 'deny', reason: 'no' })],
  ] as const) {
    test(`a client comes again and ${name}: the effect and the state say the same`, async () => {
      for (let round = 0; round < 10; round++) {
        const who = `${name} ${round} end`
        const id = await ticketFor(who)
        await approve('masks', id)
        await Promise.all([converse('masks', { writes: [query(tally(who))] }), disturb(id)])
        assert.equal(await effects(who), (await stateOf(id)) === 'used' ? 1 : 0)
      }
    })
  }

  test('a client comes again and the approval expires: the effect and the state say the same', async () => {
    const rounds = Array.from({ length: 12 }, async (_, round) => {
      const sql = `update brief set n = n + 1 where id = 1 /* ${round} end */`
      const id = ticketIn(await converse('masks', { writes: [query(sql)] }))
      const review = await danas.masks.review(id)
      await danas.masks.approve(review)
      const { expiresAt } = await danas.masks.review(id)
      await sleep(Date.parse(expiresAt) - Date.now() - 12 + round * 2)
      const answer = await converse('masks', { writes: [query(sql)] })
      return { ran: letters(answer) === 'C ZI', state: await stateOf(id) }
    })
    const ended = await Promise.all(rounds)
    assert.equal(await count('select n from brief'), ended.filter(({ ran }) => ran).length)
    for (const { ran, state } of ended) assert.equal(ran, state === 'used', state)
  })
})

describe('others are not disturbed', { concurrency: 1 }, () => {
  const quick = async (what: string): Promise<void> => {
    const began = performance.now()
    const other = await connect('masks', {}, 'nightly-report')
    assert.equal(letters(await say(other, query('select count(*) from orders'))), 'T D C ZI')
    other.end()
    assert.ok(performance.now() - began < 3_000, `${what}: ${Math.round(performance.now() - began)} ms`)
  }

  test('by a hundred megabytes behind a held statement', async () => {
    const gateway = gatewayOf('masks')
    const client = await connect('masks')
    const before = await gateway.memoryInUse()
    client.send(query(tally('heavy')))
    const review = await danas.masks.asked("'heavy'")
    const behind = query(`select '${'x'.repeat(1_000_000)}'`)
    for (let sent = 0; sent < 100; sent++) client.socket.write(behind)
    await quick('behind a held statement')
    assert.ok((await gateway.memoryInUse()) - before < 16 * MEBIBYTE)
    await danas.masks.approve(review)
    assert.equal(letters((await client.receiveUntil('Z')).filter(({ type }) => type !== 'N')), 'C ZI')
    client.end()
    assert.equal(await effects('heavy'), 1)
  })

  test('by half a message behind a held statement whose client goes', async () => {
    const client = await connect('masks')
    client.send(query(tally('half')), query('select 1').subarray(0, 7))
    const review = await danas.masks.asked("'half'")
    client.end()
    await eventually('the session is closed', async () => (await readEvents(gatewayOf('masks').ledgerDirectory)).some((event) => event.event === 'session.closed' && event.session === (review.kind === 'operation' ? review.session : '')))
    await danas.masks.approve(review)
    await sleep(100)
    assert.equal(await effects('half'), 0)
  })

  test('by Terminate behind a held statement, which runs once at most, and never before it is approved', async () => {
    const client = await connect('masks')
    client.send(query(tally('terminated')))
    const review = await danas.masks.asked("'terminated'")
    client.send(TERMINATE)
    await sleep(50)
    assert.equal(await effects('terminated'), 0)
    await danas.masks.approve(review)
    await eventually('it is closed', () => client.closed)
    assert.ok((await effects('terminated')) <= 1)
  })

  test('by locks of a preview that would wait for the session\'s own', async () => {
    const client = await connect('masks')
    await say(client, query('begin'))
    await say(client, query('lock table carts in access exclusive mode'))
    const began = performance.now()
    client.send(query('insert into tally (who) select items::text from carts'))
    const review = await danas.masks.asked('from carts')
    assert.ok(performance.now() - began < 6_000)
    await danas.masks.answer(review, { answer: 'deny', reason: 'no' })
    await client.receiveUntil('Z')
    client.end()
    await quick('after a lock')
  })

  test('by protocol 3.2, in which a held statement can be cancelled by its longer key', async () => {
    const client: RawClient = await openNegotiatedTls(endpoints.masks)
    const login = await client.logIn({ user: 'support-bot', database: endpoints.masks.database }, endpoints.masks.password, 0x3_0002)
    const key = login.find(({ type }) => type === 'K')?.body ?? assert.fail()
    assert.ok(key.length > 8)
    client.send(parse('', tally('3.2')), bind('', ''), execute(), SYNC)
    await client.receiveUntil('N')
    for (const wrong of [true, false]) {
      const secret = Buffer.from(key.subarray(4))
      if (wrong) secret[0] = (secret[0] ?? 0) ^ 1
      const canceller = await openRaw(endpoints.masks)
      canceller.send(cancelRequest(key.readInt32BE(0), secret))
      await canceller.receiveUntil('Z')
      if (wrong) assert.equal((await danas.masks.asked("'3.2'")).state, 'open')
    }
    assert.equal(refusalIn(await client.receiveUntil('Z'))['C'], '57014')
    client.end()
    assert.equal(await effects('3.2'), 0)
  })

  test('by denials without end', async () => {
    const client = await connect('masks')
    for (let round = 0; round < 15; round++) {
      client.send(query(tally(`storm ${round}`)))
      const notice = errorFields((await client.receiveUntil('N')).at(-1))
      const review = await danas.masks.review(/rv_[\w-]{22}/.exec(notice['M'] ?? '')?.[0] ?? assert.fail())
      await danas.masks.answer(review, { answer: 'deny', reason: 'no' })
      assert.equal(refusalIn(await client.receiveUntil('Z'))['C'], '42501')
    }
    // The same again asks nobody, and brings what was said.
    const open = (await danas.masks.reviews()).length
    for (let round = 0; round < 15; round++) {
      client.send(query(tally('storm 14')))
      assert.match(refusalIn(await client.receiveUntil('Z'))['M'] ?? '', /denied it: no$/)
    }
    assert.equal((await danas.masks.reviews()).length, open)
    client.end()
    await quick('after denials')
    assert.equal(await count("select count(*) from tally where who like 'storm%'"), 0)
  })

  test('by as many open reviews as one may have: it is told why, and others are still asked about', async () => {
    const client = await connect('masks', TICKET)
    let refused: Record<string, string> = {}
    let open = 0
    for (; open <= 110 && refused['C'] !== '42501'; open++) refused = refusalIn(await say(client, query(tally(`open ${open}`))))
    assert.ok(open <= 101, String(open))
    assert.match(refused['M'] ?? '', /100 of your reviews are open/)
    assert.match(refused['H'] ?? '', /withdraw some/)
    ticketIn(await converse('masks', { writes: [query(tally('other'))], agent: 'nightly-report' }))
    client.end()
  })

  test('and both gateways outlived all of it, without an internal error', async () => {
    await quick('at the end')
    for (const under of ['masks', 'plain'] as const) assert.doesNotMatch(gatewayOf(under).log(), /internal error|could not be reviewed|Unhandled|heap/i)
  })
})
