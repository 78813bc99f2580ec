import { z } from 'zod'
import type { RuleEntry } from '../governance/policy/policy-document.ts'
import { AGENT_REVIEWER, REVIEW_DEFAULTS } from '../governance/policy/review-terms.ts'
import { optionalKeys, type Undefinable } from './optional-keys.ts'
import { duration, durationOrNone, entryName, entryOf, nameList, words } from './value-schemas.ts'

/** One entry of `rules`, checked by itself. What it shares with other entries is in `document-checks.ts`. */

const MAX_HOLD_MS = 600_000
const MINUTE_MS = 60_000
const WEEK_MS = 7 * 86_400_000

/** A group of people. */
const people = words.refine((name) => !name.startsWith(AGENT_REVIEWER), 'agents break no glass; name a group of people')
const approvals = 'approvals is 1 to 10'

/** Which keys go with which rules: with a review, with access that a person grants, or with both. */
const BELONGS = {
  review: ['hold', 'transactionHold', 'preview'],
  during: ['longest'],
  either: ['reviewers', 'approvals', 'expires', 'breakGlass'],
} as const
const WITH = {
  review: 'then: review only',
  during: 'during: access-review only',
  either: 'then: review or during: access-review only',
} as const

export const ruleSchema = optionalKeys<RuleEntry>()(z
  .strictObject({
    name: entryName,
    targets: nameList(entryOf('targets')).optional(),
    when: z.string().min(1, 'this is empty; leave the key out to mean always').optional(),
    then: z.enum(['allow', 'deny', 'review']),
    during: z.enum(['access-review']).optional(),
    message: words.optional(),
    reviewers: nameList(words, 'name a group').optional(),
    approvals: z.int().min(1, approvals).max(10, approvals).optional(),
    expires: duration.refine((ms) => ms <= WEEK_MS, 'at most 7d').optional(),
    longest: duration.refine((ms) => ms >= MINUTE_MS, 'at least 1m').refine((ms) => ms <= WEEK_MS, 'at most 7d').optional(),
    hold: durationOrNone.refine((ms) => ms <= MAX_HOLD_MS, 'at most 10m').optional(),
    transactionHold: durationOrNone.refine((ms) => ms <= MAX_HOLD_MS, 'at most 10m').optional(),
    preview: z.enum(['rehearse', 'count', 'none']).optional(),
    breakGlass: nameList(people, 'leave the key out to mean nobody').optional(),
  })
  .check(({ value, issues }) => {
    const wrong = (key: keyof typeof value, message: string): void => {
      issues.push({ code: 'custom', message, input: value, path: [key] })
    }
    const during = value.during !== undefined
    if (during && value.then !== 'allow') wrong('during', '"during" goes with then: allow only')
    const fits = { review: value.then === 'review', during, either: value.then === 'review' || during }
    for (const kind of ['review', 'during', 'either'] as const) {
      for (const key of fits[kind] ? [] : BELONGS[kind]) {
        if (value[key] !== undefined) wrong(key, `"${key}" goes with ${WITH[kind]}`)
      }
    }
    if (value.then === 'allow' && value.message !== undefined) wrong('message', '"message" goes with deny and review only')
    const { hold = REVIEW_DEFAULTS.holdMs, transactionHold = 0 } = value
    if (fits.review && transactionHold > hold) {
      wrong('transactionHold', `at most as long as "hold", ${value.hold === undefined ? 'by default ' : ''}${hold / 1000}s`)
    }
    const { reviewers = [], approvals: needed = REVIEW_DEFAULTS.approvals } = value
    if (reviewers.length > 0 && reviewers.length < needed && reviewers.every((name) => name.startsWith(AGENT_REVIEWER))) {
      wrong('approvals', `more than can approve: "reviewers" names ${reviewers.length === 1 ? 'one agent' : `${reviewers.length} agents`} and no group`)
    }
  })
  .transform(({ expires, longest, hold, transactionHold, ...rule }): Undefinable<RuleEntry> => {
    const asked = { approvals: rule.approvals ?? REVIEW_DEFAULTS.approvals, expiresMs: expires ?? REVIEW_DEFAULTS.expiresMs }
    if (rule.during !== undefined) return { ...rule, ...asked, longestMs: longest ?? REVIEW_DEFAULTS.longestMs }
    if (rule.then !== 'review') return rule
    const holdMs = hold ?? REVIEW_DEFAULTS.holdMs
    return {
      ...rule, ...asked, holdMs,
      transactionHoldMs: transactionHold ?? Math.min(holdMs, REVIEW_DEFAULTS.transactionHoldMs),
      preview: rule.preview ?? REVIEW_DEFAULTS.preview,
    }
  }))
