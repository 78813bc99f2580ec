import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { demand, DIGEST, type FailingLedger, jittered, type Desk, openDesk, operation, person, session } from '../../../test/support/review-desks.ts'
import { openStorage } from '../../storage/open-storage.ts'
import type { RecordedEvent } from '../recording/event-schema.ts'
import type { ReviewStore } from './review-store.ts'
import type { Answer, OperationReview, Requester, ReviewDemand } from './review.ts'

/** Six people, each with two accounts that share a name or a subject, and what they may be; number 0 is who asks. */
const PEOPLE = 6
const GROUPS = ['dba', 'leads', 'sales']
const account = (who: number, second: boolean, groups: readonly string[]): Requester => (who % 2 === 0
  ? person(second ? `PERSON-${who}` : `person-${who}`, { subject: second ? `other-${who}` : `s-${who}`, groups })
  : person(second ? `alias-${who}` : `person-${who}`, { subject: `s-${who}`, groups }))
const ASKER = account(0, false, [])

/** Number of the person, whichever account: what the gateway must find out by names and subjects. */
function numberOf({ name, subject }: { readonly name: string; readonly subject: string }): number {
  return Number(/\d+$/.exec(name)?.[0] ?? /\d+$/.exec(subject)?.[0])
}

/** The same question as `satisfies` answers, asked in another way. */
function isApproved(demands: readonly ReviewDemand[], answers: readonly Answer[]): boolean {
  if (answers.some(({ answer }) => answer === 'deny')) return false
  return demands.every(({ reviewers, approvals }) => {
    const people = new Set(answers.filter(({ groups }) => groups.some((group) => reviewers.includes(group))).map(({ by }) => numberOf(by)))
    people.delete(0)
    return people.size >= approvals
  })
}

type Step =
  | { readonly does: 'answer'; readonly who: number; readonly second: boolean; readonly groups: readonly string[]; readonly answer: 'approve' | 'deny'; readonly digest: boolean }
  | { readonly does: 'use' | 'withdraw' | 'cancel' | 'expire' | 'find' | 'wait' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({
    does: fc.constant('answer' as const), who: fc.nat(PEOPLE - 1), second: fc.boolean(), groups: fc.subarray(GROUPS),
    answer: fc.oneof({ weight: 9, arbitrary: fc.constant('approve' as const) }, { weight: 1, arbitrary: fc.constant('deny' as const) }),
    digest: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  }) },
  { weight: 6, arbitrary: fc.record({ does: fc.constantFrom('use', 'use', 'use', 'find', 'wait') }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('withdraw', 'cancel', 'expire') }) },
)
const demands = fc.array(fc.record({ reviewers: fc.subarray(['dba', 'leads'], { minLength: 1 }), approvals: fc.integer({ min: 1, max: 3 }) }), { minLength: 1, maxLength: 2 })
const numbers = fc.infiniteStream(fc.nat(3))

test('however answers, ends and uses come, at two gateways and at once: it is used once at most, by what was demanded, all on record', async () => {
  const reached = { used: 0, denied: 0, failed: 0 }
  await fc.assert(fc.asyncProperty(demands, fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 }), numbers, fc.constantFrom(0, 0, 5), async (wanted, rounds, jitter, failing) => {
    const storage = await openStorage({ kind: 'sqlite', path: ':memory:' })
    let nowMs = 1_800_000_000_000
    const random = (): number => jitter.next().value as number
    const options = { storage, now: () => nowMs, store: (store: ReviewStore) => jittered(store, random) }
    const gateways: readonly Desk[] = [await openDesk(options), await openDesk(options)]
    const written = joined(gateways.map(({ ledger }) => ledger))
    try {
      const asked = await (gateways[0] as Desk).reviews.ask(operation({ session: session(ASKER), demands: wanted.map((one, at) => demand({ ...one, rule: `rule-${at}` })) }))
      if (failing > 0) for (const { ledger } of gateways) ledger.fails = () => random() === 0 && random() === 0
      let uses = 0
      let n = 0
      const run = async (one: Step): Promise<void> => {
        const { reviews } = gateways[random() % 2] as Desk
        if (one.does === 'answer') await reviews.answer(asked.id, one.digest ? DIGEST : 'cd'.repeat(32), { by: account(one.who, one.second, one.groups), answer: one.answer, reason: 'because' })
        if (one.does === 'withdraw') await reviews.withdraw(asked.id, ASKER)
        if (one.does === 'cancel') await reviews.withdraw(asked.id, 'cancelled')
        if (one.does === 'expire') nowMs += 500_000
        if (one.does === 'wait') await reviews.wait(asked.id, 2, new AbortController().signal)
        if (one.does !== 'use' && one.does !== 'find') return
        const found = await reviews.find(session(ASKER), DIGEST)
        if (found !== undefined && one.does === 'use' && await reviews.use(found, { session: 's', operation: n += 1 }, found.demands)) uses++
      }
      for (const round of rounds) await Promise.allSettled(round.map(run))

      const end = await storage.reviews.get(asked.id) as OperationReview
      const events = written()
      const answered = events.filter((event) => event.event === 'review.answered')
      const used = events.findIndex(({ event }) => event === 'review.used')
      assert.equal(uses, events.filter(({ event }) => event === 'review.used').length)
      assert.ok(uses <= 1)
      assert.equal(end.state === 'used', uses === 1)
      if (uses === 1) assert.ok(isApproved(asked.demands, end.answers), 'used without what was demanded')
      if (end.state === 'approved') assert.ok(isApproved(asked.demands, end.answers))
      for (const { by, answer, groups } of end.answers) {
        assert.notEqual(numberOf(by), 0, 'the requester answered')
        assert.ok(groups.length > 0)
        const at = events.findIndex((event) => event.event === 'review.answered' && event.by.subject === by.subject && event.by.name === by.name && event.answer === answer)
        assert.ok(at >= 0, 'an answer counts that is not on record')
        if (uses === 1) assert.ok(at < used)
      }
      assert.equal(new Set(end.answers.map(({ by }) => numberOf(by))).size, end.answers.length, 'somebody counts twice')
      // A ledger that fails may lose that it does not count, which then whoever answered was told.
      if (failing === 0) assert.equal(answered.length, end.answers.length + events.filter(({ event }) => event === 'answer.voided').length, 'an answer on record is lost without a word')
      if (end.answers.some(({ answer }) => answer === 'deny')) assert.equal(uses, 0)
      reached.used += uses
      reached.denied += end.state === 'denied' ? 1 : 0
      reached.failed += failing > 0 ? 1 : 0
    } finally {
      for (const { reviews } of gateways) await reviews.close()
      await storage.close()
    }
  }), { numRuns: 120 })
  assert.ok(reached.used > 5 && reached.denied > 5 && reached.failed > 5, JSON.stringify(reached))
})

/** What several gateways recorded, in the order in which it was written. */
function joined(ledgers: readonly FailingLedger[]): () => RecordedEvent[] {
  const all: RecordedEvent[] = []
  for (const { written } of ledgers) {
    const push = written.push.bind(written)
    written.push = (...events) => {
      all.push(...events)
      return push(...events)
    }
  }
  // What nobody waited for comes last.
  return () => [...all, ...ledgers.flatMap((ledger) => ledger.all.slice(ledger.written.length))]
}
