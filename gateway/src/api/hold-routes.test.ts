import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ApiError, Hold, HoldList, routes } from '@sallyport/contract'
import type { Hono } from 'hono'
import { readEvents } from '../../test/support/ledger-records.ts'
import { type RecordingSetup, setUpRecording } from '../../test/support/recording-setup.ts'
import type { ApiServices } from './api-services.ts'
import { createApi } from './create-api.ts'

/** Who a token stands for is asked of real tokens in create-api.test.ts. */
describe('holds over the control API', () => {
  let setup: RecordingSetup
  let api: Hono
  let broken = false

  before(async () => {
    setup = await setUpRecording()
    await setup.session('one')
    const services: Partial<ApiServices> = {
      identification: {
        identify: (token: string) => Promise.resolve({ identity: { kind: 'person', name: token, issuer: 'corp', subject: token, groups: [token], actors: [], claims: {} }, tokenId: 't' }),
      } as never,
      policies: { current: { document: { roles: { auditor: ['audit'], administrator: ['admin'], operator: ['ops'], reviewer: ['dba'] } } } } as never,
      sessions: setup.storage.sessions, holds: setup.storage.holds,
      ledger: {
        append: (entry) => setup.ledger.append(entry),
        onWritten: (done) => (broken ? setImmediate(done, new Error('disk full')) : setup.ledger.onWritten(done)),
      },
      locks: { on: () => undefined } as never,
      log: { info: () => undefined, error: () => undefined },
    }
    api = createApi(services as ApiServices)
  })
  after(() => setup.close())

  const send = (method: string, path: string, who: string, body?: object) => api.request(path, {
    method, headers: { authorization: `Bearer ${who}`, 'content-type': 'application/json' }, ...(body && { body: JSON.stringify(body) }),
  })
  const listed = async () => HoldList.parse(await (await send('GET', routes.holds, 'audit')).json()).holds.map(({ kind, subject }) => `${kind} ${subject}`)
  const events = async () => (await readEvents(setup.ledgerDirectory)).flatMap((event) => (event.event === 'hold.placed' || event.event === 'hold.released' ? [`${event.event} ${event.kind} ${event.subject} by ${event.by}: ${event.reason}`] : []))

  it('places, lists and releases them, each on record before it takes effect', async () => {
    const placed = await send('POST', routes.holds, 'audit', { kind: 'session', subject: 'one', reason: 'case 7' })
    assert.equal(placed.status, 201)
    assert.equal(Hold.parse(await placed.json()).by, 'audit')
    const again = await send('POST', routes.holds, 'admin', { kind: 'session', subject: 'one', reason: 'other' })
    assert.deepEqual([again.status, Hold.parse(await again.json()).reason], [200, 'case 7'])
    assert.equal((await send('POST', routes.holds, 'admin', { kind: 'identity', subject: 'a/b "c"', reason: 'case 8' })).status, 201)
    assert.deepEqual((await listed()).sort(), ['identity a/b "c"', 'session one'])
    assert.equal((await send('DELETE', `${routes.hold('identity', 'a/b "c"')}?reason=over`, 'audit')).status, 204)
    assert.deepEqual(await listed(), ['session one'])
    assert.deepEqual(await events(), ['hold.placed session one by audit: case 7', 'hold.placed identity a/b "c" by admin: case 8', 'hold.released identity a/b "c" by audit: over'])
  })

  it('changes nothing when it cannot be put on record', async () => {
    broken = true
    const before = await listed()
    assert.equal((await send('POST', routes.holds, 'audit', { kind: 'identity', subject: 'x', reason: 'r' })).status, 503)
    assert.equal((await send('DELETE', `${routes.hold('session', 'one')}?reason=r`, 'audit')).status, 503)
    broken = false
    assert.deepEqual(await listed(), before)
  })

  it('is for auditors and administrators', async () => {
    for (const who of ['ops', 'dba', 'nobody']) {
      for (const [method, path, body] of [['GET', routes.holds], ['POST', routes.holds, { kind: 'session', subject: 'one', reason: 'r' }], ['DELETE', `${routes.hold('session', 'one')}?reason=r`]] as const) {
        assert.equal((await send(method, path, who, body)).status, 403, `${who} ${method}`)
      }
    }
  })

  for (const [name, method, path, status, body] of [
    ['a session that there is not', 'POST', routes.holds, 404, { kind: 'session', subject: 'none', reason: 'r' }],
    ['another kind', 'POST', routes.holds, 400, { kind: 'target', subject: 'one', reason: 'r' }],
    ['no reason', 'POST', routes.holds, 400, { kind: 'session', subject: 'one', reason: ' ' }],
    ['no body', 'POST', routes.holds, 400],
    ['the release of what is not held', 'DELETE', `${routes.hold('session', 'none')}?reason=r`, 404],
    ['the release of another kind', 'DELETE', `${routes.hold('target' as 'session', 'one')}?reason=r`, 404],
    ['a release without a reason', 'DELETE', routes.hold('session', 'one'), 400],
  ] as const) {
    it(`refuses ${name}`, async () => {
      const response = await send(method, path, 'audit', body)
      assert.equal(response.status, status)
      ApiError.parse(await response.json())
    })
  }
})
