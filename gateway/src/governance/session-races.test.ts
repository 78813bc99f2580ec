import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../../test/support/eventually.ts'
import { readEvents } from '../../test/support/ledger-records.ts'
import { type RecordingSetup, setUpRecording } from '../../test/support/recording-setup.ts'
import { LocalSignals } from '../storage/local-signals.ts'
import type { OpenRequest } from './gatekeeper.ts'
import { type Admission, AuthenticationError } from './identity.ts'
import type { Lock } from './locks/lock.ts'
import { compilePolicy } from './policy/compile-policy.ts'
import type { Policy } from './policy/policy.ts'
import type { PolicyDocument } from './policy/policy-document.ts'
import { SessionEndings, type SessionEndingStore } from './session-endings.ts'
import { Sessions, type SessionsOptions } from './sessions.ts'

let setup: RecordingSetup
before(async () => {
  setup = await setUpRecording()
})
after(() => setup.close())

const bot = { name: 'bot', issuer: 'corp', match: { azp: 'bot' }, owner: 'dana', purpose: 'reads' }
const documentWith = (expires?: string): PolicyDocument => ({
  version: 1, issuers: [], agents: [{ ...bot, ...(expires !== undefined && { expires }) }], masks: [], rules: [{ name: 'all', then: 'allow' }],
  targets: [{ name: 'shop', protocol: 'postgres', labels: {}, record: { rows: 'none' } }],
  roles: { viewer: [], reviewer: [], operator: [], auditor: [], administrator: [] },
})
const admission: Admission = {
  identity: { kind: 'agent', name: 'bot', issuer: 'corp', subject: 'bot', groups: [], actors: [], claims: {} }, tokenId: 'tok_1', parentIds: ['jwt_1'], purpose: 'reads', expiresAtMs: Date.now() + 60_000,
}
const lock: Lock = { kind: 'agent', name: 'bot', by: 'olga', reason: 'incident', atMs: 1 }

interface Doors { onGrants?: () => void; onRecord?: () => void; onOpened?: () => void }

/** Sessions whose opening stops at each of its steps for something else to happen. */
function sessionsWith(doors: Doors, more: Partial<SessionsOptions> = {}) {
  const state: { lock: Lock | undefined } = { lock: undefined }
  const sessions = new Sessions({
    policies: { current: compilePolicy(documentWith(), 1), onChange: () => () => undefined },
    authenticator: { authenticate: () => Promise.resolve(admission) },
    ledger: {
      append: (entry) => setup.ledger.append(entry),
      onWritten(told) {
        doors.onRecord?.()
        setup.ledger.onWritten(told)
      },
    },
    store: {
      ...storeOf(), opened: async (session, application) => {
        await setup.storage.sessions.opened(session, application)
        doors.onOpened?.()
      },
    },
    recordings: setup.recordings,
    reviews: { grantsOf: () => Promise.resolve(doors.onGrants?.()).then(() => []) },
    locks: { on: () => state.lock }, maxSessionMs: 60_000, now: Date.now, ...more,
  })
  return { sessions, state }
}

function storeOf(): SessionsOptions['store'] {
  const { sessions } = setup.storage
  return {
    opened: (...given) => sessions.opened(...given), closed: (...given) => sessions.closed(...given), list: (...given) => sessions.list(...given),
    get: (...given) => sessions.get(...given), flush: () => sessions.flush(),
  }
}

const request = (end: OpenRequest['end'] = () => undefined): OpenRequest =>
  ({ protocol: 'postgres', credential: 'c', target: 'shop', clientAddress: '127.0.0.1', application: '', end })

/** What was opened is closed, in the ledger and in the list. */
async function nothingIsLeft(sessions: Sessions): Promise<void> {
  assert.equal(sessions.size, 0)
  await setup.storage.sessions.flush()
  for (const { state } of await setup.storage.sessions.list({ limit: 200 })) assert.equal(state, 'closed')
  await eventually('all that was opened is closed', async () => {
    const events = await readEvents(setup.ledgerDirectory)
    const named = (name: string) => events.flatMap((event) => (event.event === name && 'session' in event ? [event.session] : [])).toSorted()
    assert.ok(named('session.closed').length <= named('session.opened').length)
    return named('session.opened').join() === named('session.closed').join()
  }, 2_000)
}

describe('a session that is being opened', () => {
  for (const step of ['onGrants', 'onRecord', 'onOpened'] as const) {
    test(`is not, when its identity is locked ${step}`, async () => {
      const doors: Doors = {}
      const { sessions, state } = sessionsWith(doors)
      doors[step] = () => {
        if (state.lock !== undefined) return
        state.lock = lock
        sessions.endWhere(({ admission: { identity } }) => identity.name === 'bot', 'the agent "bot" is locked: incident')
      }
      await assert.rejects(sessions.open(request()), (error: Error) => error instanceof AuthenticationError && error.message.includes('the agent "bot" is locked: incident'))
      await nothingIsLeft(sessions)
    })

    test(`is not, when its token, or the one that it was exchanged for, is revoked ${step}`, async () => {
      for (const revoked of ['tok_1', 'jwt_1']) {
        const doors: Doors = {}
        const { sessions } = sessionsWith(doors)
        doors[step] = () => void sessions.endByToken([revoked], 'its token was revoked')
        await assert.rejects(sessions.open(request()), (error: Error) => error instanceof AuthenticationError && error.message.includes('revoked'))
        await nothingIsLeft(sessions)
      }
    })
  }

  for (const [what, agents] of [
    ['is gone', []], ['has expired', [{ ...bot, expires: '2020-01-01' }]], ['may not open the target', [{ ...bot, targets: ['other'] }]],
  ] as const) {
    test(`is not, when by a policy that was applied meanwhile its agent ${what}`, async () => {
      const doors: Doors = {}
      const policies = { current: compilePolicy(documentWith(), 1), onChange: () => () => undefined }
      const { sessions } = sessionsWith(doors, { policies })
      doors.onGrants = () => void (policies.current = compilePolicy({ ...documentWith(), agents }, 2))
      await assert.rejects(sessions.open(request()), (error: Error) => error instanceof AuthenticationError && error.message.includes('the policy changed'))
      await nothingIsLeft(sessions)
    })
  }

  test('is not affected by what is revoked of others', async () => {
    const doors: Doors = {}
    const { sessions } = sessionsWith(doors)
    doors.onGrants = () => void sessions.endByToken(['tok_2'], 'its token was revoked')
    const session = await sessions.open(request())
    assert.equal(session.ended, undefined)
    sessions.close(session, 'over')
    await nothingIsLeft(sessions)
  })

  test('is told of in the refusal that goes on record', async () => {
    const { sessions, state } = sessionsWith({})
    state.lock = lock
    await assert.rejects(sessions.open(request()))
    await eventually('it is on record', async () => (await readEvents(setup.ledgerDirectory)).some((event) => event.event === 'login.refused' && event.reason === 'the agent "bot" is locked: incident'))
  })
})

describe('a session ends by the clock', () => {
  test('with its longest duration', async () => {
    const { sessions } = sessionsWith({}, { maxSessionMs: 40 })
    const reasons: string[] = []
    const session = await sessions.open(request((reason) => reasons.push(reason)))
    await eventually('it is ended', () => reasons.length === 1)
    assert.deepEqual(reasons, ['its longest duration is over'])
    sessions.close(session, 'over')
  })

  test('with the last day of the agent in it, also when a new policy brings that nearer', async () => {
    const end = Date.parse('2030-03-31T24:00:00Z')
    let nowMs = end - 60
    const listeners: ((policy: Policy) => void)[] = []
    const policies = { current: compilePolicy(documentWith('2030-03-31'), 1), onChange: (listener: (policy: Policy) => void) => { listeners.push(listener); return () => undefined } }
    const { sessions } = sessionsWith({}, { policies, now: () => nowMs })
    const reasons: string[] = []
    const first = await sessions.open(request((reason) => reasons.push(reason)))
    await eventually('it is ended', () => reasons.length === 1)
    assert.deepEqual(reasons, ['the registration of agent "bot" has ended'])
    sessions.close(first, 'over')

    policies.current = compilePolicy(documentWith('2030-04-30'), 2)
    const second = await sessions.open(request((reason) => reasons.push(reason)))
    nowMs = end - 50
    policies.current = compilePolicy(documentWith('2030-03-31'), 3)
    for (const listener of listeners) listener(policies.current)
    assert.equal(second.ended, undefined)
    await eventually('it is ended', () => reasons.length === 2)
    assert.equal(reasons[1], 'the registration of agent "bot" has ended')
    sessions.close(second, 'over')
  })
})

describe('what another gateway asked for', () => {
  const store = (asked: () => Promise<readonly { id: string; reason: string }[]>): SessionEndingStore =>
    ({ ask: () => Promise.resolve(true), isOpen: () => Promise.resolve(true), asked: () => asked() })

  test('is found without a signal, and after one was missed, also when the store fails for a while', async () => {
    const { sessions } = sessionsWith({})
    const signals = new LocalSignals((error) => assert.fail(error))
    const errors: string[] = []
    let asked: () => Promise<{ id: string; reason: string }[]> = () => Promise.reject(new Error('no database'))
    let revoked: string[] = []
    const endings = new SessionEndings({
      sessions, signals, store: store(() => asked()), tokens: { revokedAmong: (ids) => Promise.resolve(ids.filter((id) => revoked.includes(id))) },
      onError: ({ message }) => errors.push(message), everyMs: 10,
    })
    endings.start()
    const one = await sessions.open(request())
    await eventually('it was told', () => errors.length > 1)
    asked = () => Promise.resolve([{ id: one.id, reason: 'ended by olga' }, { id: 'of another gateway', reason: 'x' }])
    await eventually('it is ended', () => one.ended === 'ended by olga')
    sessions.close(one, 'over')
    const two = await sessions.open(request())
    revoked = ['jwt_1']
    await eventually('it is ended too', () => two.ended === 'its token was revoked')
    sessions.close(two, 'over')
    await endings.close()
  })

  test('counts only when the state says so: whoever can notify ends nothing', async () => {
    const { sessions } = sessionsWith({})
    const signals = new LocalSignals((error) => assert.fail(error))
    const endings = new SessionEndings({ sessions, signals, store: store(() => Promise.resolve([])), tokens: { revokedAmong: () => Promise.resolve([]) }, onError: (error) => assert.fail(error) })
    endings.start()
    const session = await sessions.open(request())
    signals.tell({ what: 'session', id: session.id })
    signals.tell({ what: 'token', id: 'tok_1' })
    signals.tellGap()
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(session.ended, undefined)
    await endings.close()
    sessions.close(session, 'over')
  })

  test('is said to be asked for, and not to be done, while the gateway that has it does not confirm it', async () => {
    const { sessions } = sessionsWith({})
    const endings = new SessionEndings({
      sessions, signals: new LocalSignals((error) => assert.fail(error)), store: store(() => Promise.resolve([])), tokens: { revokedAmong: () => Promise.resolve([]) }, onError: (error) => assert.fail(error),
    })
    assert.equal(await endings.end('elsewhere', 'x'), 'asked')
  })
})
