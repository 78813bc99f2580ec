import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { type Endpoint, type Journey, startJourney } from '../support/endpoints.ts'
import { eventually } from '../support/eventually.ts'
import { proveLedger, readEvents } from '../support/ledger-records.ts'
import { bind, errorFields, execute, letters, openNegotiatedTls, parse, query, type RawClient, type RawMessage, SYNC } from '../support/raw-client.ts'
import { ApiUser, person } from '../support/reviewing.ts'
import { libpqEnvironment, startClient } from '../support/run-client.ts'

const POLICY = `
masks:
  - { name: personal, columns: [customers.email, customers.ssn], method: redact }
rules:
  - { name: reads, when: operation.readOnly, then: allow }
  - { name: carts, when: 'operation.objects == ["public.carts"] && !operation.unknown', then: allow }
  - name: writes
    when: '!operation.readOnly && operation.objects != ["public.carts"]'
    then: review
    reviewers: [dba]
    hold: 60s
    transactionHold: 3s
    expires: 15m
    preview: rehearse
  - { name: payments, when: '!operation.readOnly && "public.payments" in operation.objects', then: review, reviewers: [finance], approvals: 2, preview: none }
roles: { reviewer: [dba], operator: [on-call], auditor: [], administrator: [platform] }
`

let journey: Journey
let endpoint: Endpoint
let dana: ApiUser
let erin: ApiUser

before(async () => {
  journey = await startJourney(POLICY)
  endpoint = await journey.endpoint('gateway')
  await journey.server.query('create table carts (id integer primary key, items integer not null); insert into carts values (1, 0)', [], 'shop')
  await journey.server.query('alter table carts owner to sallyport', [], 'shop')
  const gateway = () => journey.gateway ?? assert.fail()
  dana = await person(gateway, 'dana', 'dba')
  erin = await person(gateway, 'erin', 'dba', 'finance')
})
after(() => journey.stop())

const settings = (more: pg.ClientConfig = {}): pg.PoolConfig => {
  const { host, port, user, password, database, ca } = endpoint
  return { host, port, user, password, database, ssl: { ca }, ...more }
}

async function withClient<T>(work: (client: pg.Client) => Promise<T>, more?: pg.ClientConfig): Promise<T> {
  const client = new pg.Client(settings(more))
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

const TICKETS: pg.ClientConfig = { options: '-c sallyport.review=ticket' }
const ticketOf = (error: unknown): string => /^ticket (rv_[\w-]{22})$/.exec((error as pg.DatabaseError).detail ?? '')?.[1] ?? assert.fail(String(error))
const statusOf = async (id: number): Promise<string> => {
  const [row] = await journey.server.query('select status from orders where id = $1', [id], 'shop')
  return String(row?.['status'])
}
const psql = (script: string, ...flags: string[]) => startClient('psql', ['-X', '-q', ...flags], script, { env: libpqEnvironment(endpoint) })

/** The rejection of a promise, for what comes later than the next line. */
const rejection = (promise: Promise<unknown>): Promise<pg.DatabaseError> => promise.then(() => assert.fail('it ran'), (error: unknown) => error as pg.DatabaseError)

async function raw(more: Readonly<Record<string, string>> = {}): Promise<{ client: RawClient; login: RawMessage[] }> {
  const client = await openNegotiatedTls(endpoint)
  const login = await client.logIn({ user: endpoint.user, database: endpoint.database, ...more }, endpoint.password)
  return { client, login }
}

describe('a statement that wants a review', () => {
  test('waits in psql, says for whom, and goes on when it is approved', async () => {
    const client = psql("update orders set status = 'psql' where id = 11;\nselect 'next';\n", '-At')
    const review = await dana.asked("'psql'")
    assert.equal(await statusOf(11), 'returned')
    assert.equal(review.demands[0]?.missing, 1)
    await dana.approve(review)
    const { status, output, errors } = await client.result
    assert.equal(status, 0)
    assert.match(errors, /NOTICE: {2}held for review by rule "writes": 1 of dba must approve it; waiting 60 s \(ticket rv_[\w-]{22}\)\nHINT: {2}They answer with: sallyport review show rv_/)
    assert.equal(output, 'next\n')
    assert.equal(await statusOf(11), 'psql')
    assert.equal((await dana.review(review.id)).state, 'used')
  })

  test('shows the reviewer what it would touch, masked, and who asks', async () => {
    await withClient(async (client) => {
      const running = rejection(client.query({ text: "update customers set city = $1 where city = $2", values: ['Porto', 'Lisbon'] }))
      const review = await dana.asked('update customers')
      const { card } = review
      assert.deepEqual(card.parameters, ['Porto', 'Lisbon'])
      assert.deepEqual(card.objects, ['public.customers'])
      assert.equal(card.preview?.method, 'rehearsed')
      assert.equal(card.preview.rows, 60)
      assert.equal(review.rowLimit, 60)
      assert.equal(card.preview.sample[0]?.before?.['city'], 'Lisbon')
      assert.equal(card.preview.sample[0]?.after?.['city'], 'Porto')
      assert.doesNotMatch(JSON.stringify(review), /sentinel\.example|-77-/)
      assert.equal(card.risk?.owner, 'dana@example.com')
      assert.deepEqual([review.requester.name, review.purpose, review.labels], ['support-bot', 'answers customer tickets', { env: 'test' }])
      await dana.answer(review, { answer: 'deny', reason: 'the city is right as it is' })
      const { code, message, hint } = await running
      assert.equal(code, '42501')
      assert.equal(message, 'refused by rule "writes": dana denied it: the city is right as it is')
      assert.match(hint ?? '', /Do not send it again unchanged/)
      const { rows } = await client.query("select count(*)::int as n from customers where city = 'Lisbon'")
      assert.deepEqual(rows, [{ n: 60 }])
    })
  })

  test('gets a ticket in a pool with a statement timeout, and runs once when it is sent again', async () => {
    const pool = new pg.Pool(settings({ statement_timeout: 5_000 }))
    try {
      const sql = { text: 'update orders set status = $1 where id = $2', values: ['pool', 12] }
      const began = performance.now()
      const held = await rejection(pool.query(sql))
      assert.ok(performance.now() - began < 5_000)
      assert.equal(held.code, 'SPR01')
      const id = ticketOf(held)
      assert.match(held.hint ?? '', /send exactly the same again before .*: it then runs once/)
      await dana.approve(await dana.review(id))
      assert.equal(await statusOf(12), 'new')
      assert.equal((await pool.query(sql)).rowCount, 1)
      assert.equal(await statusOf(12), 'pool')
      assert.notEqual(ticketOf(await rejection(pool.query(sql))), id)
    } finally {
      await pool.end()
    }
  })

  test('gets its ticket at once where the client asked for tickets, and joins the review that is open', async () => {
    await withClient(async (client) => {
      const sql = "update orders set status = 'ticket' where id = 13"
      const id = ticketOf(await rejection(client.query(sql)))
      assert.equal(ticketOf(await rejection(client.query(sql))), id)
      await dana.approve(await dana.review(id))
      assert.equal((await client.query(sql)).rowCount, 1)
    }, TICKETS)
    await assert.rejects(withClient(() => Promise.resolve(), { options: '-c sallyport.review=never' }), /sallyport\.review is hold or ticket/)
  })

  test('does not run with one byte changed, other parameters, other settings, or as somebody else', async () => {
    const text = 'update orders set placed_at = $1 where id = $2'
    const values = ['03/04/2024', '14']
    const id = await withClient(async (client) => {
      const ticket = ticketOf(await rejection(client.query({ text, values })))
      await dana.approve(await dana.review(ticket))
      for (const other of [{ text: `${text} `, values }, { text, values: ['03/04/2024', '15'] }, { text, values: ['03/05/2024', '14'] }]) {
        assert.notEqual(ticketOf(await rejection(client.query(other))), ticket)
      }
      await client.query("set datestyle = 'ISO, DMY'")
      assert.notEqual(ticketOf(await rejection(client.query({ text, values }))), ticket)
      return ticket
    }, TICKETS)
    await withClient(async (client) => {
      assert.notEqual(ticketOf(await rejection(client.query({ text, values }))), id)
    }, { ...TICKETS, options: '-c sallyport.review=ticket -c datestyle=ISO,DMY' })
    const other = { ...TICKETS, user: 'nightly-report', password: await journey.gateway?.issuer.agentToken('nightly-report') }
    await withClient(async (client) => assert.notEqual(ticketOf(await rejection(client.query({ text, values }))), id), other as pg.ClientConfig)
    await withClient(async (client) => assert.equal((await client.query({ text, values })).rowCount, 1), TICKETS)
  })

  test('runs what its name stood for when it was approved', async () => {
    await withClient(async (client) => {
      const run = { text: "execute change(16, 'named')" }
      const prepare = async (condition: string): Promise<void> => {
        const made = rejectionOrDone(client.query(`prepare change(int, text) as update orders set status = $2 where id ${condition} $1`))
        const asked = await dana.asked(`id ${condition} $1`)
        await dana.approve(asked)
        assert.equal(await made, 'done')
      }
      await prepare('=')
      const running = rejection(client.query(run))
      const review = await dana.asked(run.text)
      assert.deepEqual(review.card.definitions, ['prepare change(int, text) as update orders set status = $2 where id = $1'])
      await dana.answer(review, { answer: 'deny', reason: 'not now' })
      await running
      await client.query('deallocate change')
      await prepare('<>')
      const again = rejection(client.query(run))
      const second = await dana.asked(run.text)
      assert.notEqual(second.digest, review.digest)
      assert.ok(second.card.definitions.some((definition) => definition.includes('id <> $1')))
      await dana.answer(second, { answer: 'deny', reason: 'all orders but one' })
      await again
    })
  })

  test('holds only itself and what comes after it in a pipeline', async () => {
    const { client } = await raw()
    try {
      const select = (n: number): Buffer[] => [parse('', `select ${n}`), bind('', ''), execute()]
      client.send(...select(1), parse('', "update orders set status = 'piped' where id = 17"), bind('', ''), execute(), ...select(2), SYNC)
      const review = await dana.asked("'piped'")
      const before = await client.receiveUntil('N')
      assert.equal(letters(before), '1 2 D C N')
      await dana.approve(review)
      const rest = await client.receiveUntil('Z')
      assert.equal(letters(rest), '1 2 C 1 2 D C ZI')
      assert.equal(await statusOf(17), 'piped')

      client.send(...select(1), parse('', "update orders set status = 'refused' where id = 17"), bind('', ''), execute(), ...select(2), SYNC, ...select(3), SYNC)
      const second = await dana.asked("'refused'")
      await dana.answer(second, { answer: 'deny', reason: 'no' })
      assert.equal(letters(await client.receiveUntil('Z')), '1 2 D C N E ZI')
      assert.equal(letters(await client.receiveUntil('Z')), '1 2 D C ZI')
      assert.equal(await statusOf(17), 'piped')
    } finally {
      client.end()
    }
  })

  test('may be prepared and described without a review; to run it one is needed', async () => {
    await withClient(async (client) => {
      const sql = { name: 'later', text: 'update orders set status = $1 where id = 18', values: ['prepared'] }
      const running = client.query(sql)
      const review = await dana.asked('id = 18')
      await dana.approve(review)
      assert.equal((await running).rowCount, 1)
      const again = client.query(sql)
      await dana.approve(await dana.asked('id = 18'))
      assert.equal((await again).rowCount, 1)
    })
  })

  test('ends by a cancel of the client, and nobody is asked any more', async () => {
    const client = psql("update orders set status = 'cancelled' where id = 19;\n")
    const review = await dana.asked("'cancelled'")
    client.interrupt()
    const { errors } = await client.result
    assert.match(errors, /ERROR: {2}cancelled while it waited for a review by rule "writes"/)
    await eventually('it is withdrawn', async () => (await dana.review(review.id)).state === 'withdrawn')
    const late = await dana.answer(review, { answer: 'approve' })
    assert.equal(late.status, 409)
    assert.equal(await statusOf(19), 'returned')
  })

  test('does not run when its client has gone, and runs once when it comes again', async () => {
    const { client } = await raw()
    const sql = "update orders set status = 'gone' where id = 20"
    client.send(query(sql))
    const review = await dana.asked("'gone'")
    client.end()
    await eventually('the session is closed', async () => (await readEvents(journey.gateway?.ledgerDirectory ?? '')).some((event) => event.event === 'session.closed' && event.session === review.session))
    await dana.approve(review)
    assert.equal(await statusOf(20), 'new')
    const back = await raw()
    back.client.send(query(sql))
    assert.equal(letters(await back.client.receiveUntil('Z')), 'C ZI')
    assert.equal(await statusOf(20), 'gone')
    back.client.end()
  })

  test('is held for less time inside a transaction, and the reviewer is told', async () => {
    await withClient(async (client) => {
      await client.query('begin')
      const held = rejection(client.query("update orders set status = 'locked' where id = 21"))
      const review = await dana.asked("'locked'")
      assert.equal(review.card.inTransaction, true)
      const { code } = await held
      assert.equal(code, 'SPR01')
      await assert.rejects(client.query('select 1'), { code: '25P02' })
      await client.query('rollback')
      await dana.approve(review)
    })
  })

  test('ends with its session when that is ended by an operator, and its review with it', async () => {
    await withClient(async (client) => {
      const sql = "update orders set status = 'ended' where id = 22"
      const held = rejection(client.query(sql))
      const review = await dana.asked("'ended'")
      const operator = await person(() => journey.gateway ?? assert.fail(), 'olga', 'on-call')
      assert.equal((await operator.call('DELETE', `/api/v1/sessions/${review.session}`)).status, 204)
      await held
      await eventually('it is withdrawn', async () => (await dana.review(review.id)).state === 'withdrawn')
    })
  })
})

const rejectionOrDone = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'done', (error: unknown) => error)

describe('the number of rows', () => {
  const grow = (): Promise<unknown> => journey.server.query("insert into orders (customer_id, status, total) select 1, 'lim', 1 from generate_series(1, 3)", [], 'shop')
  const limited = async (): Promise<number> => Number((await journey.server.query("select count(*) as n from orders where status = 'limited'", [], 'shop'))[0]?.['n'])

  for (const [how, sql] of [
    ['a simple query', { text: "update orders set status = 'limited' where status = 'lim'" }],
    ['the extended protocol', { text: 'update orders set status = $1 where status = $2', values: ['limited', 'lim'] }],
  ] as const) {
    test(`is watched in ${how}: more than was approved is rolled back`, async () => {
      await grow()
      await withClient(async (client) => {
        const running = rejection(client.query({ ...sql, values: 'values' in sql ? [...sql.values] : [] }))
        const review = await dana.asked(sql.text)
        assert.equal(review.rowLimit, review.card.preview?.rows)
        await grow()
        await dana.approve(review)
        const { code, message, hint } = await running
        assert.equal(code, 'SPR02')
        assert.match(message, /^rolled back: it changes \d+ rows, and \d+ were approved$/)
        assert.match(hint ?? '', /Nothing was changed/)
        assert.equal(await limited(), 0)
        assert.deepEqual((await client.query('select 1 as one')).rows, [{ one: 1 }])
      })
    })

    test(`may be narrowed by the reviewer in ${how}`, async () => {
      await withClient(async (client) => {
        const running = rejection(client.query({ ...sql, values: 'values' in sql ? [...sql.values] : [] }))
        await dana.approve(await dana.asked(sql.text), { rows: 2 })
        assert.match((await running).message, /and 2 were approved/)
        assert.equal(await limited(), 0)
      })
    })

    test(`lets through what stays within it in ${how}, with rows returned`, async () => {
      await withClient(async (client) => {
        const running = client.query({ ...sql, text: `${sql.text} returning id`, values: 'values' in sql ? [...sql.values] : [] })
        await dana.approve(await dana.asked('returning id'))
        const { rowCount, rows } = await running
        assert.equal(rows.length, rowCount)
        assert.ok((rowCount ?? 0) >= 3)
        await journey.server.query("update orders set status = 'lim' where status = 'limited'", [], 'shop')
      })
    })
  }

  test('cannot be gone around by asking for a part of the rows', async () => {
    const { client } = await raw()
    client.send(parse('', "update orders set status = 'limited' where status = 'lim' returning id"), bind('', ''), execute('', 1), SYNC)
    await dana.approve(await dana.asked('returning id'), { rows: 1 })
    const answer = await client.receiveUntil('Z')
    assert.equal(errorFields(answer.find(({ type }) => type === 'E'))['C'], 'SPR02')
    assert.equal(await limited(), 0)
    client.end()
  })

  test('is watched when a deferred constraint refuses the change at the end of its transaction', async () => {
    await journey.server.query('create table pairs (a integer, b integer unique deferrable initially deferred); alter table pairs owner to sallyport; insert into pairs values (1, 1), (2, 2)', [], 'shop')
    await withClient(async (client) => {
      const running = rejection(client.query('update pairs set b = 1 where a = 2'))
      await dana.approve(await dana.asked('update pairs'))
      assert.equal((await running).code, '23505')
      assert.deepEqual((await client.query('select 1 as one')).rows, [{ one: 1 }])
    })
  })
})

describe('an answer', () => {
  const wanting = async (status: string, work: (review: Awaited<ReturnType<ApiUser['asked']>>, held: Promise<pg.DatabaseError>) => Promise<void>): Promise<void> => {
    await withClient(async (client) => {
      const ticket = ticketOf(await rejection(client.query(`update orders set status = '${status}' where id = 30`)))
      await work(await dana.asked(`'${status}'`), Promise.resolve({ detail: ticket } as pg.DatabaseError))
    }, TICKETS)
  }

  test('counts once for each person, and not when it comes late', async () => {
    await withClient(async (client) => {
      const sql = 'delete from payments where id = 590'
      const ticket = ticketOf(await rejection(client.query(sql)))
      const review = await erin.review(ticket)
      assert.deepEqual(review.demands.map(({ rule, missing }) => [rule, missing]), [['writes', 1], ['payments', 2]])
      await erin.approve(review)
      assert.equal((await erin.answer(review, { answer: 'approve' })).status, 409)
      assert.deepEqual((await erin.review(ticket)).demands.map(({ missing }) => missing), [0, 1])
      assert.equal(ticketOf(await rejection(client.query(sql))), ticket)
      const fred = await person(() => journey.gateway ?? assert.fail(), 'fred', 'finance')
      await fred.approve(review)
      assert.equal((await client.query(sql)).rowCount, 1)
      assert.equal((await dana.answer(review, { answer: 'deny', reason: 'too late' })).status, 409)
    }, TICKETS)
  })

  test('of two at the same moment is taken one after the other', async () => {
    await wanting('both', async (review) => {
      const answers = await Promise.all([dana.answer(review, { answer: 'approve' }), erin.answer(review, { answer: 'deny', reason: 'no' })])
      assert.deepEqual(answers.map(({ status }) => status).toSorted((a, b) => a - b), answers.every(({ status }) => status === 200) ? [200, 200] : [200, 409])
      const after = await dana.review(review.id)
      assert.ok(after.state === 'approved' || after.state === 'denied')
      if (answers[1]?.status === 200 && answers[0]?.status !== 200) assert.equal(after.state, 'denied')
    })
  })

  test('must name what was shown', async () => {
    await wanting('digest', async (review) => {
      const { status, body } = await dana.answer(review, { answer: 'approve', digest: '0'.repeat(64) })
      assert.equal(status, 409, JSON.stringify(body))
      assert.equal((await dana.review(review.id)).state, 'open')
    })
  })

  test('is never the requester\'s own, by whatever login', async () => {
    await wanting('self', async (review) => {
      const gateway = journey.gateway ?? assert.fail()
      const { issuer } = gateway
      const tokens = {
        'the agent itself': await issuer.agentToken('support-bot'),
        'the agent with the reviewers\' group in its token': await issuer.agentToken('support-bot', { groups: ['dba'] }),
        'a person of the agent\'s name': await issuer.personToken('Support-Bot', ['dba']),
        'a person of the agent\'s subject': await issuer.personToken('other', ['dba'], { sub: 'support-bot' }),
        'another agent with the group': await issuer.agentToken('nightly-report', { groups: ['dba'] }),
        'a person of no group': await issuer.personToken('gus', []),
      }
      for (const [who, token] of Object.entries(tokens)) {
        const answer = await new ApiUser(() => gateway, token).answer(review, { answer: 'approve' })
        assert.ok(answer.status >= 400, `${who} ${answer.status} ${JSON.stringify(answer.body)}`)
      }
      assert.equal((await dana.review(review.id)).state, 'open')
    })
  })
})

describe('a gateway', () => {
  test('that is killed while a statement is held keeps the review, and runs the statement once when it comes again', async () => {
    const gateway = journey.gateway ?? assert.fail()
    const { client } = await raw()
    const sql = "update orders set status = 'killed' where id = 40"
    client.send(query(sql))
    const { id } = await dana.asked("'killed'")
    await gateway.kill()
    const restarted = await gateway.restart()
    Object.assign(journey, { gateway: restarted })
    endpoint = { ...endpoint, host: restarted.host, port: restarted.port }
    const review = await dana.review(id)
    assert.equal(review.state, 'open')
    await dana.approve(review)
    assert.equal(await statusOf(40), 'new')
    const back = await raw()
    back.client.send(query(sql))
    assert.equal(letters(await back.client.receiveUntil('Z')), 'C ZI')
    assert.equal(await statusOf(40), 'killed')
    back.client.send(query(sql))
    assert.equal(letters(await back.client.receiveUntil('N')), 'N')
    back.client.end()
  })

  test('puts all of it on record, and the record proves itself', async () => {
    const directory = journey.gateway?.ledgerDirectory ?? ''
    const events = await readEvents(directory)
    const count = (name: string): number => events.filter(({ event }) => event === name).length
    assert.ok(count('review.requested') > 10 && count('review.answered') > 10 && count('review.used') > 5 && count('review.closed') > 2)
    for (const used of events.filter((event) => event.event === 'review.used')) {
      const requested = events.find((event) => event.event === 'review.requested' && event.review === used.review)
      assert.equal(requested?.event === 'review.requested' && requested.digest, used.digest)
    }
    await journey.gateway?.kill()
    assert.equal((await proveLedger(directory)).bad, undefined)
  })
})
