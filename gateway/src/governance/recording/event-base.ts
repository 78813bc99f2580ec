/**
 * What goes on record: one JSON object an entry, on one line, at most 65,535 bytes of UTF-8. Readers must ignore
 * members that they do not know; a member is never given another meaning, a change of meaning raises `v`. The same in
 * zod, with a text for each member, is contract/src/events.ts; gateway/test/events.test.ts holds both to each other.
 */
export interface EventBase<Name extends string> {
  /** Version of this schema. */
  readonly v: 1
  readonly event: Name
  /** Unix milliseconds, an integer. */
  readonly at: number
}

/** Stands beside a text, or a list, that was too long for an entry and is given only in part. */
export interface Truncated {
  /** UTF-8 bytes of the whole: of a text itself, of a list as a JSON array. */
  readonly bytes: number
  /** SHA-256 over those bytes, hex. */
  readonly sha256: string
}

export interface RecordedIdentity {
  readonly kind: 'agent' | 'person'
  readonly name: string
  readonly issuer: string
  readonly subject: string
  readonly groups: readonly string[]
  /** On whose behalf: RFC 8693 `act` chain, outermost first. */
  readonly actors: readonly string[]
}

/** As much of who answers as is recorded. */
export type RecordedPerson = Omit<RecordedIdentity, 'groups' | 'actors'>
