import type { Decision } from '../decision.ts'
import type { Identity } from '../identity.ts'
import type { OperationFacts } from '../operation.ts'
import type { Grant } from '../review/grant.ts'
import type { ReviewDemand } from '../review/review.ts'
import type { DetectorMask, MaskEntry, PolicyDocument, TargetEntry } from './policy-document.ts'

/** One applied version of the policy document, compiled. Immutable. */
export interface Policy {
  readonly version: number
  readonly document: PolicyDocument
  /**
   * What this version means for one identity on one target.
   * @param grants that hold for them now; none when absent
   */
  forSession(subject: PolicySubject, grants?: readonly Grant[]): SessionPolicy
  /** What may be granted to an identity on a target, by rule, in the order of the document. */
  grantable(subject: PolicySubject): readonly Grantable[]
}

/** A rule that a grant would have let through. */
export interface Grantable {
  readonly rule: string
  /** `access`: after a review as `demand` says. `break-glass`: at once, by a person of one of `groups`. A rule may be both. */
  readonly access?: { readonly demand: ReviewDemand; readonly longestMs: number }
  readonly breakGlass?: readonly string[]
}

/** Who asks, where, and why: what conditions see besides the operation. */
export interface PolicySubject {
  readonly identity: Identity
  readonly target: TargetEntry
  readonly purpose: string
}

export interface SessionPolicy {
  readonly version: number
  /** True when every rule that could let something through here lets only read-only operations through. */
  readonly readOnly: boolean
  /** Masks on columns that hold here, `unless` already evaluated. */
  readonly masks: readonly MaskEntry[]
  /** Masks on text streams that hold here, for `streamMasker`; absent when there is none. */
  readonly detectors?: readonly DetectorMask[]
  /** Deny beats review beats allow; no match denies. Pure, and remembered by `facts` object. */
  decide(facts: OperationFacts): Decision
}

/** Holds the version in force; a wrong document never replaces a right one. */
export interface PolicySource {
  readonly current: Policy
  /** Calls back after each change of `current`; returns how to stop. */
  onChange(listener: (policy: Policy) => void): () => void
}
