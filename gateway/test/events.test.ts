import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LedgerEvent, ledgerEvents, ledgerEventSchema } from '@sallyport/contract/events'
import fc from 'fast-check'
import type { AgentEntry } from '../src/governance/policy/policy-document.ts'
import { encodeCampaignClosed, encodeCampaignDecided, encodeCampaignOpened } from '../src/governance/recording/campaign-events.ts'
import { encodeAgentEvents } from '../src/governance/recording/agent-events.ts'
import type { RecordedEvent } from '../src/governance/recording/event-schema.ts'
import {
  encodeAdministratorActed, encodeAnchorFailed, encodeAnchorRecovered, encodeChannelFailed, encodeChannelRecovered, encodeCredentialUsed, encodeGatewayStarted, encodeGatewayStopped,
  encodeLedgerRecovered, encodeLoginRefused, encodePolicyApplied, encodeSessionClosed, encodeSessionOpened, encodeTokenRevoked, encodeVerificationFailed,
} from '../src/governance/recording/events.ts'
import { encodeLockChanged } from '../src/governance/recording/lock-events.ts'
import { MAX_ENTRY_BYTES } from '../src/governance/recording/ledger.ts'
import { toOcsf } from '../src/governance/recording/ocsf.ts'
import {
  encodeAccessEnded, encodeAccessGranted, encodeAnswerVoided, encodeBreakGlassOpened, encodeReviewAnswered, encodeReviewClosed, encodeReviewRequested, encodeReviewUsed,
} from '../src/governance/recording/review-events.ts'
import { encodeCertificateIssued, encodeTokenIssued } from '../src/governance/recording/token-issued.ts'
import type { Grant } from '../src/governance/review/grant.ts'
import type { Review } from '../src/governance/review/review.ts'
import type { Session } from '../src/governance/session.ts'

type Frozen<T> = T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T

/** Fails to compile when the gateway's types and the published schema say different things. */
const fromGateway: (event: RecordedEvent) => Frozen<LedgerEvent> = (event) => event
const toGateway: (event: Frozen<LedgerEvent>) => RecordedEvent = (event) => event

/** Members of the event of that name. */
type MembersOf<Event, Name> = Event extends { readonly event: infer Names } ? Name extends Names ? keyof Event : never : never
type Name = RecordedEvent['event']
/** Nothing may be here: members, also optional ones, that only one of both has. */
type Unshared = { [One in Name]:
  | Exclude<MembersOf<RecordedEvent, One>, MembersOf<LedgerEvent, One>>
  | Exclude<MembersOf<LedgerEvent, One>, MembersOf<RecordedEvent, One>> }[Name]
const unshared: readonly Unshared[] = [] satisfies readonly never[]
const noneUnshared: readonly never[] = unshared

function exampleOf(schema: (typeof ledgerEvents)[number]): LedgerEvent {
  const [example] = (schema.meta()?.['examples'] ?? []) as LedgerEvent[]
  return example ?? assert.fail(`no example of ${schema.meta()?.title}`)
}

describe('the schema of events', () => {
  test('is the same in the gateway and in the contract', () => {
    const example = exampleOf(ledgerEvents[0])
    assert.equal(toGateway(fromGateway(toGateway(example))), example)
    assert.deepEqual(noneUnshared, [])
  })

  for (const schema of ledgerEvents) {
    test(`has an example of ${schema.meta()?.title} that is one, with a text for every member`, () => {
      const example = exampleOf(schema)
      assert.deepEqual(LedgerEvent.parse(example), example)
      for (const [name, member] of Object.entries(schema.shape)) assert.ok(member.description, name)
    })
  }

  test('names every event once', () => {
    const titles = ledgerEvents.map((schema) => schema.meta()?.title)
    assert.equal(new Set(titles).size, titles.length)
  })

  test('lets readers of a later version ignore what they do not know, as JSON Schema too', () => {
    assert.ok(!JSON.stringify(ledgerEventSchema()).includes('additionalProperties'))
  })
})

/** What whoever wants to deceive a reader of the ledger would say. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom('\0', '\n', '\r', '\u001b[2J', '"', '\\', '{', '}', '\u2028', '\u202e', '\ud800', '\udfff', '😀', '"event":"gateway.stopped"', '__proto__'), { maxLength: 20 }).map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom('x', '"', '\u0001', '€', '\ud800'), fc.integer({ min: 4_000, max: 200_000 })).map(([unit, times]) => unit.repeat(times)),
)
const hostileList = fc.oneof(fc.array(hostile, { maxLength: 5 }), fc.tuple(hostile, fc.integer({ min: 1, max: 5_000 })).map(([one, times]) => Array.from({ length: times }, () => one.slice(0, 200))))
const AT = 1_767_225_600_123

test('whatever stands in it, an entry is one line of well-formed text that fits, of its own event and no other, and OCSF takes it', () => {
  fc.assert(fc.property(hostile, hostileList, hostile, fc.constantFrom('agent', 'person'), (text, list, other, kind) => {
    const identity = { kind, name: text, issuer: other, subject: text, groups: list, actors: list, claims: { secret: 'a-claim' } } as const
    const session = {
      id: 'an-id', protocol: 'postgres', clientAddress: other, application: text, openedAtMs: AT, operations: 1, refused: 1, ended: undefined,
      target: { name: other, protocol: 'postgres', labels: {} }, policy: { version: 1 }, admission: { identity, purpose: text, tokenId: other, expiresAtMs: AT },
    } as unknown as Session
    const request = { protocol: 'postgres', credential: 'a-credential', target: text, clientAddress: other, application: text, end: () => undefined }
    const use = { target: text, user: other, credential: other, method: text, tls: 'none' } as const
    const agent: AgentEntry = { name: 'bot', issuer: other, match: Object.fromEntries(list.map((claim, index) => [`${index}${claim}`, text.slice(0, 300)])), owner: text, purpose: other, targets: list }
    const demands = list.map((rule) => ({ rule, reviewers: list, approvals: 1, holdMs: 0, transactionHoldMs: 0, expiresMs: 0, preview: 'none' }))
    const asked = { id: 'rv_1', requester: identity, target: other, purpose: text, digest: 'ab'.repeat(32), demands, policyVersion: 1, expiresAtMs: AT }
    const review = { ...asked, kind: 'operation', session: 'an-id', operation: 1, card: { preview: { method: 'counted', rows: 1 } } } as unknown as Review
    const access = { ...asked, kind: 'access', rule: text, minutes: 5, reason: other } as unknown as Review
    const grant: Grant = { id: 'gr_1', kind: 'break-glass', requester: identity, target: other, rules: list, reason: text, fromMs: AT, untilMs: AT }
    const entries: [RecordedEvent['event'], string | undefined][] = [
      ['session.opened', encodeSessionOpened(session)], ['session.closed', encodeSessionClosed(session, text, AT)], ['login.refused', encodeLoginRefused(request, other, AT)],
      ['credential.used', encodeCredentialUsed('an-id', use, AT)], ['catalog.opened', encodeCredentialUsed(undefined, use, AT)],
      ['token.issued', encodeTokenIssued({ token: 'a-credential', tokenId: 'tok', identity, targets: list, purpose: text, expiresAtMs: AT, expiresIn: 1 }, AT)],
      ['certificate.issued', encodeCertificateIssued({ tokenId: other, identity, protocol: 'ssh', targets: list, fingerprint: text, expiresAtMs: AT }, AT)],
      ['token.revoked', encodeTokenRevoked([text, ...list], 1, AT)], ['policy.applied', encodePolicyApplied(1, 'ab'.repeat(32), text, AT)],
      ['administrator.acted', encodeAdministratorActed({ by: text, action: other, subject: text, reason: other }, AT)],
      ['agent.registered', encodeAgentEvents({ agents: [] }, { agents: [agent] }, 2, AT)[0]],
      ['agent.changed', encodeAgentEvents({ agents: [{ ...agent, owner: `${text}!`, purpose: `${other}!` }] }, { agents: [agent] }, 2, AT)[0]],
      ['agent.revoked', encodeAgentEvents({ agents: [agent] }, { agents: [] }, 2, AT)[0]],
      ['gateway.started', encodeGatewayStarted({ software: text, policyVersion: 1, adopted: 0, tornBytes: 0 }, AT)], ['gateway.stopped', encodeGatewayStopped(text, AT)],
      ['lock.placed', encodeLockChanged('lock.placed', { kind: 'identity', name: text, by: other, reason: text }, AT)],
      ['lock.lifted', encodeLockChanged('lock.lifted', { kind: 'target', name: other, by: text, reason: other }, AT)],
      ['ledger.recovered', encodeLedgerRecovered(AT, text, AT)], ['verification.failed', encodeVerificationFailed(1, text, AT)],
      ['review.requested', encodeReviewRequested(review, AT)], ['review.requested', encodeReviewRequested(access, AT)],
      ['review.answered', encodeReviewAnswered(review, { by: identity, groups: list, answer: 'approve', reason: text, narrow: { rows: 1, minutes: 2 }, atMs: AT }, 'open', AT)],
      ['answer.voided', encodeAnswerVoided('rv_1', identity, text, AT)], ['review.closed', encodeReviewClosed('rv_1', 'denied', text, AT)],
      ['review.used', encodeReviewUsed(review, 'an-id', 1, 3, AT)], ['access.granted', encodeAccessGranted(grant, 'rv_1', AT)],
      ['campaign.opened', encodeCampaignOpened({ id: 'cp_1', state: 'open', openedBy: identity, openedAtMs: AT, dueAtMs: AT, independent: true, reviewers: list, reason: text, policyVersion: 1, items: list.map((one) => ({ agent: one })) }, 'ab'.repeat(32), AT)],
      ['campaign.decided', encodeCampaignDecided('cp_1', other, { decision: 'keep', reason: text }, identity, AT)],
      ['campaign.closed', encodeCampaignClosed('cp_1', identity, { kept: 1, removed: list, overdue: list }, AT)],
      ['access.ended', encodeAccessEnded('gr_1', text, AT)], ['break-glass.opened', encodeBreakGlassOpened(grant, AT)],
      ['anchor.failed', encodeAnchorFailed(text, AT, other, AT)], ['anchor.recovered', encodeAnchorRecovered(text, AT, 1, AT)],
      ['channel.failed', encodeChannelFailed(text, AT, other, AT)], ['channel.recovered', encodeChannelRecovered(text, AT, 1, AT)],
    ]
    for (const [name, entry] of entries) {
      if (entry === undefined) assert.fail(name)
      assert.ok(Buffer.byteLength(entry) <= MAX_ENTRY_BYTES, `${name}: ${Buffer.byteLength(entry)} bytes`)
      assert.ok(!/\p{Cc}/u.test(entry.replaceAll(/[\u007f-\u009f]/g, '')), name)
      assert.equal(Buffer.from(entry).toString('utf8'), entry, name)
      assert.ok(!entry.includes('a-credential') && !entry.includes('a-claim'))
      const event = JSON.parse(entry) as RecordedEvent
      assert.equal(event.event, name)
      assert.deepEqual(LedgerEvent.parse(event), event)
      assert.equal(toOcsf(event).metadata['event_code'], name)
    }
  }), { numRuns: 25 })
})

describe('what a version of the policy means for agents', () => {
  const bot: AgentEntry = { name: 'bot', issuer: 'corp', match: { azp: 'bot', role: 'x' }, owner: 'dana', purpose: 'reads', targets: ['a', 'b'] }
  const changes = (before: readonly AgentEntry[], after: readonly AgentEntry[]) =>
    encodeAgentEvents({ agents: before }, { agents: after }, 7, AT).map((entry) => JSON.parse(entry) as RecordedEvent)
  const summary = (events: readonly RecordedEvent[]) => events.map((event) => [event.event, 'changed' in event ? event.changed : undefined])

  test('is recorded for those that came, changed and went, and for nobody else', () => {
    const { targets: _targets, ...everywhere } = bot
    const other = { ...bot, name: 'other' }
    assert.deepEqual(changes([bot], [bot]), [])
    assert.deepEqual(summary(changes([], [bot])), [['agent.registered', undefined]])
    assert.deepEqual(summary(changes([bot, other], [other])), [['agent.revoked', undefined]])
    assert.deepEqual(summary(changes([bot], [everywhere])), [['agent.changed', ['targets']]])
    assert.deepEqual(summary(changes([bot], [{ ...bot, expires: '2027-01-01', match: { azp: 'bot' } }])), [['agent.changed', ['match', 'expires']]])
    assert.deepEqual(summary(changes([bot], [{ ...bot, name: 'new' }])), [['agent.registered', undefined], ['agent.revoked', undefined]])
  })

  test('is nothing when only the order of claims or targets differs', () => {
    assert.deepEqual(changes([bot], [{ ...bot, match: { role: 'x', azp: 'bot' }, targets: ['b', 'a'] }]), [])
  })

  test('tells claims apart from their values', () => {
    assert.equal(changes([{ ...bot, match: { a: 'b,c' } }], [{ ...bot, match: { a: 'b', c: '' } }]).length, 1)
  })
})
