import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { eventually } from '../../test/support/eventually.ts'
import { type StateDatabase, stateDatabases } from '../../test/support/state-databases.ts'
import type { Grant } from '../governance/review/grant.ts'
import type { AccessReview, Answer, OperationReview, Requester, Review } from '../governance/review/review.ts'
import { openStorage, type Storage, type StorageLocation } from './open-storage.ts'

const NOW = 1_800_000_000_000
const LATER = NOW + 60_000

for (const [name, start] of Object.entries(stateDatabases)) {
  describe(`reviews on ${name}`, () => {
    let database: StateDatabase
    const open: Storage[] = []
    /** Two gateways on one database. SQLite has only one: two in one thread would block each other while they wait. */
    const opened = async (): Promise<{ location: StorageLocation; one: Storage; two: Storage }> => {
      const location = await database.fresh()
      const one = await openStorage(location, { gateway: 'one' })
      open.push(one)
      if (location.kind === 'sqlite') return { location, one, two: one }
      const two = await openStorage(location, { gateway: 'two' })
      open.push(two)
      return { location, one, two }
    }
    before(async () => {
      database = await start()
    })
    after(async () => {
      await Promise.all(open.map((storage) => storage.close()))
      await database.stop()
    })

    it('gives back what it was given, whatever characters it holds', async () => {
      const { one, two } = await opened()
      const text = 'select \'\0\', \'\udfff\', E\'\\u0000\''
      const odd = operationReview({ requester: requester({ name: 'nul\0half\ud800', subject: '\0' }), purpose: 'a\0b' }, text)
      const access = accessReview({})
      await one.reviews.add(odd)
      await one.reviews.add(access)
      assert.deepEqual(await two.reviews.get(odd.id), plain(odd))
      assert.deepEqual(await two.reviews.get(access.id), plain(access))
      assert.equal(await two.reviews.get('rv_unknown'), undefined)
      assert.equal((await two.reviews.findStanding(odd.digest, odd.requester, odd.target))?.id, odd.id)
      await assert.rejects(one.reviews.add(odd))
    })

    it('finds the newest that is open, approved or denied, of this very requester, target and digest', async () => {
      const { one: { reviews } } = await opened()
      const asked = operationReview({})
      const { digest, requester: who, target } = asked
      await reviews.add(asked)
      const newer = operationReview({ digest, createdAtMs: NOW + 5 })
      await reviews.add(newer)
      assert.equal((await reviews.findStanding(digest, who, target))?.id, newer.id)
      assert.equal(await reviews.move(newer.id, 'open', 'denied', { nowMs: NOW }), true)
      assert.equal((await reviews.findStanding(digest, who, target))?.state, 'denied')
      assert.equal(await reviews.move(newer.id, 'denied', 'used', { nowMs: NOW }), true)
      assert.equal((await reviews.findStanding(digest, who, target))?.id, asked.id)
      assert.equal(await reviews.move(asked.id, 'open', 'approved', { nowMs: NOW, expiresAtMs: LATER + 9 }), true)
      const approved = await reviews.findStanding(digest, { ...who, groups: ['others'] }, target)
      assert.deepEqual([approved?.id, approved?.state, approved?.expiresAtMs], [asked.id, 'approved', LATER + 9])
      const others: Partial<Requester>[] = [{ kind: 'person' }, { name: 'x' }, { issuer: 'x' }, { subject: 'x' }, { actors: [] }, { actors: ['b', 'a'] }, { actors: ['a,b'] }]
      for (const other of others) {
        assert.equal(await reviews.findStanding(digest, { ...who, ...other }, target), undefined, JSON.stringify(other))
      }
      assert.equal(await reviews.findStanding('0'.repeat(64), who, target), undefined)
      assert.equal(await reviews.findStanding(digest, who, 'crm'), undefined)
      assert.equal(await reviews.move(asked.id, 'approved', 'used', { nowMs: NOW }), true)
      assert.equal(await reviews.findStanding(digest, who, target), undefined)
    })

    it('takes one answer of each name and each subject, while it is open and in time', async () => {
      const { one: { reviews } } = await opened()
      const asked = operationReview({ rowLimit: 9 })
      await reviews.add(asked)
      const first = answer('Avery', { narrow: { rows: 4 }, reason: 'for the\0 ticket' })
      assert.deepEqual(await reviews.answer(asked.id, first), plain({ ...asked, answers: [first], rowLimit: 4 }))
      assert.equal(await reviews.answer(asked.id, answer('aVERY', { subject: 'other' })), 'answered-already')
      assert.equal(await reviews.answer(asked.id, answer('other', { subject: 'Avery' })), 'answered-already')
      assert.equal(await reviews.answer(asked.id, answer('late', { atMs: LATER })), 'not-open')
      assert.equal(await reviews.answer('rv_unknown', first), 'not-found')
      const second = answer('STRASSE', { narrow: { rows: 6 } })
      assert.deepEqual(await reviews.answer(asked.id, second), plain({ ...asked, answers: [first, second], rowLimit: 4 }))
      assert.equal(await reviews.answer(asked.id, answer('straße')), 'answered-already')
      const otherIssuer: Answer = { ...answer('Blake'), by: { kind: 'person', name: 'Blake', issuer: 'elsewhere', subject: 'Avery' } }
      assert.equal(typeof await reviews.answer(asked.id, otherIssuer), 'object')
      await reviews.move(asked.id, 'open', 'denied', { nowMs: NOW })
      assert.equal(await reviews.answer(asked.id, answer('Casey')), 'not-open')
      assert.deepEqual((await reviews.get(asked.id))?.answers, [first, second, otherIssuer])
    })

    it('takes each of many answers given at once by different people on two gateways, in one order', async () => {
      const { one, two } = await opened()
      const asked = operationReview({})
      await one.reviews.add(asked)
      const people = Array.from({ length: 20 }, (_, index) => answer(`person ${index}`))
      const results = await Promise.all(people.map((given, index) => (index % 2 === 0 ? one : two).reviews.answer(asked.id, given)))
      const counts = results.map((result) => (typeof result === 'object' ? result.answers.length : result))
      assert.deepEqual(counts.toSorted((a, b) => Number(a) - Number(b)), people.map((_, index) => index + 1))
      assert.equal((await two.reviews.get(asked.id))?.answers.length, 20)
    })

    it('takes one of many answers given at once by one person on two gateways', async () => {
      const { one, two } = await opened()
      const asked = operationReview({})
      await one.reviews.add(asked)
      const results = await Promise.all(Array.from({ length: 20 }, (_, index) => (
        (index % 2 === 0 ? one : two).reviews.answer(asked.id, answer(index % 3 === 0 ? 'Avery' : 'AVERY', { subject: `s${index}` })))))
      assert.equal(results.filter((result) => typeof result === 'object').length, 1)
      assert.equal(results.filter((result) => result === 'answered-already').length, 19)
      assert.equal((await two.reviews.get(asked.id))?.answers.length, 1)
    })

    it('is moved by one of fifty that try at once on two gateways', async () => {
      const { one, two } = await opened()
      const asked = operationReview({ state: 'approved' })
      await one.reviews.add(asked)
      const moved = await Promise.all(Array.from({ length: 50 }, (_, index) => (
        (index % 2 === 0 ? one : two).reviews.move(asked.id, 'approved', 'used', { nowMs: NOW }))))
      assert.equal(moved.filter(Boolean).length, 1)
      assert.equal((await two.reviews.get(asked.id))?.state, 'used')
    })

    it('is not used once it has expired, though it can be closed', async () => {
      const { one: { reviews } } = await opened()
      const asked = operationReview({ state: 'approved' })
      await reviews.add(asked)
      assert.equal(await reviews.move(asked.id, 'approved', 'used', { nowMs: LATER }), false)
      assert.equal(await reviews.move(asked.id, 'open', 'withdrawn', { nowMs: LATER }), false)
      assert.equal(await reviews.move(asked.id, 'approved', 'withdrawn', { nowMs: LATER }), true)
      assert.equal(await reviews.move('rv_unknown', 'open', 'withdrawn', { nowMs: LATER }), false)
    })

    it('expires what is open or approved and past its time, each for one of two gateways', async () => {
      const { one, two } = await opened()
      const over = Array.from({ length: 1_200 }, (_, index) => operationReview({ state: index % 2 === 0 ? 'open' : 'approved' }))
      const kept = [operationReview({ expiresAtMs: LATER + 1 }), operationReview({ state: 'used' }), operationReview({ state: 'denied' })]
      for (const review of [...over, ...kept]) await one.reviews.add(review)
      const answered = over[0]
      if (answered === undefined) assert.fail()
      await one.reviews.answer(answered.id, answer('Avery'))
      const drain = async ({ reviews }: Storage) => {
        const expired: Review[] = []
        for (let batch = await reviews.expire(LATER); batch.length > 0; batch = await reviews.expire(LATER)) {
          assert.ok(batch.length <= 500)
          expired.push(...batch)
        }
        return expired
      }
      const expired = (await Promise.all([drain(one), drain(two), drain(one), drain(two)])).flat()
      assert.deepEqual(expired.map(({ id }) => id).sort(), over.map(({ id }) => id).sort())
      assert.ok(expired.every(({ state }) => state === 'expired'))
      assert.equal(expired.find(({ id }) => id === answered.id)?.answers.length, 1)
      const states = await Promise.all(kept.map(async ({ id }) => (await two.reviews.get(id))?.state))
      assert.deepEqual(states, ['open', 'used', 'denied'])
    })

    it('lists newest first, page by page, each once, also those of the same moment', async () => {
      const { one: { reviews } } = await opened()
      const all = Array.from({ length: 9 }, (_, index) => accessReview({ id: `rv_${index}`, createdAtMs: NOW + Math.floor(index / 3) }))
      for (const review of all) await reviews.add(review)
      const seen: string[] = []
      for (let after: string | undefined; ;) {
        const page = await reviews.list({ limit: 2, ...(after !== undefined && { after }) })
        if (page.length === 0) break
        seen.push(...page.map(({ id }) => id))
        after = page.at(-1)?.id
      }
      assert.deepEqual(seen, all.map(({ id }) => id).reverse())
      assert.deepEqual(await reviews.list({ limit: 5, after: 'unknown' }), [])
    })

    it('lists and counts by state and by who asked', async () => {
      const { one: { reviews } } = await opened()
      const person = requester({ kind: 'person', name: 'dana', actors: [] })
      const through = { ...person, actors: ['support-bot'] }
      await reviews.add(operationReview({ id: 'rv_own', requester: person }))
      await reviews.add(operationReview({ id: 'rv_through', requester: through, state: 'approved' }))
      await reviews.add(operationReview({ id: 'rv_other', requester: { ...person, subject: 'other' } }))
      const ids = async (query: Omit<Parameters<typeof reviews.list>[0], 'limit'>) => (await reviews.list({ limit: 9, ...query })).map(({ id }) => id).sort()
      assert.deepEqual(await ids({ requester: person }), ['rv_own', 'rv_through'])
      assert.deepEqual(await ids({ requester: through }), ['rv_through'])
      assert.deepEqual(await ids({ requester: { ...person, issuer: 'x' } }), [])
      assert.deepEqual(await ids({ states: ['approved', 'used'] }), ['rv_through'])
      assert.deepEqual(await ids({ states: [] }), [])
      assert.deepEqual((await reviews.listOpen()).map(({ id }) => id).sort(), ['rv_other', 'rv_own'])
      assert.deepEqual([await reviews.countOpen(), await reviews.countOpen(person), await reviews.countOpen(through)], [2, 1, 0])
    })

    it('sweeps what is closed and old with its answers, and nothing that is alive', async () => {
      const { location, one: { reviews } } = await opened()
      const old = operationReview({})
      const alive = operationReview({ state: 'approved' })
      const young = operationReview({ state: 'denied', createdAtMs: NOW + 10 })
      for (const review of [old, alive, young]) await reviews.add(review)
      await reviews.answer(old.id, answer('Avery'))
      await reviews.move(old.id, 'open', 'denied', { nowMs: NOW })
      const [ended, holds] = [grant({ untilMs: NOW + 1 }), grant({ untilMs: LATER })]
      await reviews.addGrant(ended)
      await reviews.addGrant(holds)
      await reviews.sweep(NOW + 10)
      assert.deepEqual(await Promise.all([old, alive, young].map(async ({ id }) => (await reviews.get(id))?.state)), [undefined, 'approved', 'denied'])
      assert.deepEqual([await reviews.getGrant(ended.id), (await reviews.getGrant(holds.id))?.id], [undefined, holds.id])
      // The same id again: had answers stayed, Avery could not answer.
      await reviews.add(old)
      assert.equal(typeof await reviews.answer(old.id, answer('Avery')), 'object', location.kind)
    })

    it('keeps grants, and lists those that hold for one requester on one target', async () => {
      const { one, two } = await opened()
      const [now, ended, early, elsewhere] = [grant({ reason: 'a\0b' }), grant({ untilMs: NOW }), grant({ fromMs: NOW + 1 }), grant({ target: 'crm' })]
      const through = grant({ requester: requester({ actors: ['x'] }), kind: 'break-glass' })
      for (const one_ of [now, ended, early, elsewhere, through]) await one.reviews.addGrant(one_)
      assert.deepEqual(await two.reviews.getGrant(now.id), now)
      assert.deepEqual(await two.reviews.listGrants(NOW, { requester: now.requester, target: 'shop' }), [now])
      assert.deepEqual((await two.reviews.listGrants(NOW)).map(({ id }) => id).sort(), [now.id, elsewhere.id, through.id].sort())
      await assert.rejects(two.reviews.addGrant(now))
    })

    it('ends a grant once, on one of two gateways', async () => {
      const { one, two } = await opened()
      const held = grant({})
      await one.reviews.addGrant(held)
      const ended = await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : two).reviews.endGrant(held.id, NOW + 5)))
      assert.equal(ended.filter(Boolean).length, 1)
      assert.equal((await two.reviews.getGrant(held.id))?.untilMs, NOW + 5)
      assert.deepEqual(await two.reviews.listGrants(NOW + 5), [])
      assert.equal(await two.reviews.endGrant('gr_unknown', NOW), false)
    })

    if (name === 'PostgreSQL') {
      it('takes no answer that waited while another gateway closed the review', async () => {
        const { location, one: { reviews } } = await opened()
        if (location.kind !== 'postgres') assert.fail()
        const asked = operationReview({})
        await reviews.add(asked)
        const other = new pg.Client(location.client)
        await other.connect()
        await other.query('begin')
        await other.query("update reviews set state = 'withdrawn' where id = $1", [asked.id])
        const answering = reviews.answer(asked.id, answer('Avery'))
        await eventually('the answer waits for the lock', async () => {
          const { rowCount } = await other.query("select from pg_locks where locktype = 'transactionid' and not granted")
          return rowCount !== 0
        }, 5_000)
        await other.query('commit')
        await other.end()
        assert.equal(await answering, 'not-open')
        assert.deepEqual((await reviews.get(asked.id))?.answers, [])
      })
    }
  })
}

function requester(change: Partial<Requester>): Requester {
  return { kind: 'agent', name: 'support-bot', issuer: 'corp', subject: 's', groups: ['bots'], actors: ['a', 'b'], ...change }
}

function base(change: Partial<Omit<OperationReview, 'kind'> & Omit<AccessReview, 'kind'>>) {
  return {
    id: `rv_${randomBytes(16).toString('base64url')}`, state: 'open', requester: requester({}), target: 'shop', labels: { env: 'prod' }, purpose: 'ticket 7',
    digest: createHash('sha256').update(randomBytes(9)).digest('hex'), policyVersion: 3, createdAtMs: NOW, expiresAtMs: LATER, answers: [],
    demands: [{ rule: 'writes', reviewers: ['dba'], approvals: 1, holdMs: 1, transactionHoldMs: 1, expiresMs: 1, preview: 'rehearse' }], ...change,
  } as const
}

function operationReview(change: Partial<Omit<OperationReview, 'kind'>>, text = 'delete from orders where id = 1'): OperationReview {
  return {
    kind: 'operation', session: 's1', operation: 4, protocol: 'postgres', rowLimit: undefined,
    card: {
      text, textTruncated: false, definitions: [], parameters: ['1', null], actions: ['delete'], objects: ['public.orders'], filtered: true, inTransaction: false,
      preview: {
        method: 'rehearsed', rows: 1, atMost: false, tables: [{ table: 'public.orders', inserted: 0, updated: 0, deleted: 1 }],
        sample: [{ before: { id: '1', note: null }, after: undefined }], notes: ['takes a lock'],
      },
      risk: {
        owner: 'dana', application: 'psql', clientAddress: '127.0.0.1', sessionOpenedAtMs: 1, operations: 3, refused: 1, firstTouched: undefined,
        lately: [{ text: 'select 1', decision: 'allow', atMs: 2 }],
      },
    },
    ...base(change),
  }
}

function accessReview(change: Partial<Omit<AccessReview, 'kind'>>): AccessReview {
  return { kind: 'access', rule: 'repair', minutes: 30, reason: 'incident', ...base(change) }
}

function answer(name: string, change: Partial<Answer> & { subject?: string } = {}): Answer {
  const { subject, ...rest } = change
  return { by: { kind: 'person', name, issuer: 'corp', subject: subject ?? name }, groups: ['dba'], answer: 'approve', atMs: NOW, ...rest }
}

/** As it comes out of JSON: what is undefined is absent, but for the limit. */
function plain(review: Review): unknown {
  const known = JSON.parse(JSON.stringify(review)) as object
  return review.kind === 'operation' ? { ...known, rowLimit: review.rowLimit } : known
}

function grant(change: Partial<Grant>): Grant {
  return {
    id: `gr_${randomBytes(16).toString('base64url')}`, kind: 'access', requester: requester({}), target: 'shop', rules: ['repair'], reason: 'incident',
    fromMs: NOW, untilMs: LATER, ...change,
  }
}
