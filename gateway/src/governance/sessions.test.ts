import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually } from '../../test/support/eventually.ts'
import { readEvents } from '../../test/support/ledger-records.ts'
import { type RecordingSetup, setUpRecording } from '../../test/support/recording-setup.ts'
import type { OpenRequest } from './gatekeeper.ts'
import type { PolicyDocument } from './policy/policy-document.ts'
import { compilePolicy } from './policy/compile-policy.ts'
import { RecordingUnavailable } from './recording/recordings.ts'
import { Sessions, type SessionsOptions } from './sessions.ts'

let setup: RecordingSetup
before(async () => {
  setup = await setUpRecording()
})
after(() => setup.close())

const document: PolicyDocument = {
  version: 1, issuers: [], agents: [], masks: [], rules: [{ name: 'all', then: 'allow' }],
  targets: [{ name: 'shop', protocol: 'postgres', labels: {} }, { name: 'quiet', protocol: 'postgres', labels: {}, record: { rows: 'none' } }, { name: 'box', protocol: 'ssh', labels: {} }],
  roles: { reviewer: [], operator: [], auditor: [], administrator: [] },
}

function sessionsWith(recordings: SessionsOptions['recordings']): Sessions {
  return new Sessions({
    policies: { current: compilePolicy(document, 1), onChange: () => () => undefined },
    authenticator: { authenticate: () => Promise.resolve({ identity: { kind: 'person', name: 'dana', issuer: 'corp', subject: 'dana', groups: [], actors: [], claims: {} }, tokenId: 't', purpose: 'test', expiresAtMs: Date.now() + 60_000 }) },
    ledger: setup.ledger, store: setup.storage.sessions, recordings, reviews: { grantsOf: () => Promise.resolve([]) }, locks: { on: () => undefined }, maxSessionMs: 60_000, now: Date.now,
  })
}

const request = (target: string, end: OpenRequest['end'] = () => undefined): OpenRequest =>
  ({ protocol: 'postgres', credential: 'c', target, clientAddress: '127.0.0.1', application: '', end })

test('a session has a recorder where the policy records, and what it took down is kept when it is closed', async () => {
  const sessions = sessionsWith(setup.recordings)
  const session = await sessions.open(request('shop'))
  session.recorder?.received(1, Buffer.from('answer'), 0, 6)
  sessions.close(session, 'the client left')
  await eventually('it is kept', async () => String((await setup.read(session.id))[0]?.bytes) === 'answer')
  const quiet = await sessions.open(request('quiet'))
  assert.equal(quiet.recorder, undefined)
  sessions.close(quiet, 'the client left')
})

test('a session of what is no target, or one of another protocol, is refused with what there is', async () => {
  const sessions = sessionsWith(setup.recordings)
  await assert.rejects(sessions.open(request('shopp')), { message: 'there is no postgres target of that name', hint: 'There are: shop, quiet.' })
  await assert.rejects(sessions.open(request('box')), { message: 'the target "box" is opened by ssh, not by postgres', hint: 'Connect with a client of ssh.' })
})

test('a session that cannot be recorded is not opened, and the ledger and the list say so', async () => {
  const sessions = sessionsWith({ open: () => Promise.reject(new RecordingUnavailable('the disk is full')) })
  await assert.rejects(sessions.open(request('shop')), RecordingUnavailable)
  assert.equal(sessions.size, 0)
  await setup.storage.sessions.flush()
  const [record] = await setup.storage.sessions.list({ limit: 1 })
  assert.deepEqual([record?.state, record?.reason], ['closed', 'it could not be recorded'])
  await eventually('it is on record', async () => (await readEvents(setup.ledgerDirectory)).some((event) => event.event === 'session.closed' && event.session === record?.id))
})

test('a session whose recording fails is ended, in words for its client', async () => {
  const sessions = sessionsWith(setup.recordings)
  const reasons: string[] = []
  const session = await sessions.open(request('shop', (reason) => reasons.push(reason)))
  session.recorder?.onFailure(new Error('no space left on /srv/recordings'))
  assert.deepEqual(reasons, ['the gateway cannot record it any more'])
  assert.equal(session.ended, 'the gateway cannot record it any more')
  sessions.close(session, 'ended')
})
