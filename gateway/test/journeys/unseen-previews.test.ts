import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Review } from '@sallyport/contract'
import pg from 'pg'
import { type Endpoint, type Journey, startJourney } from '../support/endpoints.ts'
import { ApiUser, person } from '../support/reviewing.ts'

/** What is found out for reviewers would answer an agent's questions about rows, though nobody approves anything. */
const POLICY = `
masks:
  - { name: personal, columns: [customers.email, customers.ssn], method: redact }
rules:
  - { name: reads, when: 'operation.readOnly && !("public.payments" in operation.objects)', then: allow }
  - { name: writes, when: '!operation.readOnly', then: review, reviewers: [dba], hold: 0s, preview: rehearse }
roles: { reviewer: [dba], operator: [], auditor: [audit], administrator: [] }
`

let journey: Journey
let endpoint: Endpoint
let agent: ApiUser
let dana: ApiUser
let known: string

before(async () => {
  journey = await startJourney(POLICY)
  endpoint = await journey.endpoint('gateway')
  const gateway = () => journey.gateway ?? assert.fail()
  agent = new ApiUser(gateway, await gateway().issuer.agentToken('support-bot'))
  dana = await person(gateway, 'dana', 'dba')
  known = String((await journey.server.query('select email from customers where id = 1', [], 'shop'))[0]?.['email'])
})
after(() => journey.stop())

/** Asks as the agent. @returns the ticket */
async function ask(text: string, values: readonly unknown[] = []): Promise<string> {
  const { host, port, user, password, database, ca } = endpoint
  const client = new pg.Client({ host, port, user, password, database, ssl: { ca } })
  await client.connect()
  try {
    const refused = await client.query(text, [...values]).then(() => assert.fail('it ran'), (error: unknown) => error as pg.DatabaseError)
    assert.equal(refused.code, 'SPR01')
    return refused.detail?.replace('ticket ', '') ?? assert.fail()
  } finally {
    await client.end()
  }
}

/** All that tells rows of a review; the two are otherwise different in ids, times and parameters. */
function found(review: Review): unknown {
  return review.kind === 'operation' && [review.card.preview, review.rowLimit, review.card.risk]
}

async function exported(session: string, format: string, user: ApiUser): Promise<string> {
  const gateway = journey.gateway ?? assert.fail()
  const answer = await fetch(`${gateway.apiUrl}/api/v1/sessions/${session}/export?format=${format}`, { headers: user.headers })
  assert.equal(answer.status, 200)
  return answer.text()
}

describe('an agent that asks, and is not answered', () => {
  const insert = "insert into customers (name, email, ssn, city) values ('x', $1, 'y', 'z')"

  test('does not learn whether a masked value is there, which the reviewer is told', async () => {
    const [there, absent] = [await ask(insert, [known]), await ask(insert, ['nobody@sentinel.example'])]
    assert.notDeepEqual(found(await dana.review(there)), found(await dana.review(absent)))
    assert.deepEqual(found(await agent.review(there)), [null, null, null])
    assert.deepEqual(found(await agent.review(absent)), [null, null, null])
    for (const review of await agent.reviews()) assert.deepEqual(found(review), [null, null, null])
  })

  test('does not count rows that it may not read, by its reviews or by the export of its session', async () => {
    const id = await ask('delete from payments where id <= 7')
    const whole = await dana.review(id)
    assert.ok(whole.kind === 'operation' && whole.rowLimit === 7)
    const auditor = await person(() => journey.gateway ?? assert.fail(), 'robin', 'audit')
    for (const format of ['jsonl', 'ocsf']) {
      assert.match(await exported(whole.session, format, auditor), /"preview":\{"method":"rehearsed","rows":7\}/)
      const own = await exported(whole.session, format, agent)
      assert.ok(own.includes(whole.digest))
      assert.doesNotMatch(own, /"preview"/)
    }
  })

  test('is told of it once it is approved, when the rows are its own to know', async () => {
    const id = await ask('update orders set total = 1 where id <= 3')
    const review = await dana.review(id)
    await dana.approve(review)
    const told = await agent.review(id)
    assert.ok(told.kind === 'operation' && told.rowLimit === 3 && told.card.preview?.rows === 3)
    assert.deepEqual(told.card.preview.sample, [])
  })
})
