/** Attempts to read what is masked, by the classes of evasion they belong to. See `masked-fixtures.ts` for what they find. */

export interface MaskedRead {
  readonly name: string
  readonly class: 'another name' | 'another path' | 'another channel' | 'oracle' | 'text that runs' | 'write-back' | 'mask removed'
  /** Run in this order, in one session. The attempt fails when no value of a masked column comes out. */
  readonly sql: readonly string[]
  /** Run before, as an administrator, besides the fixtures. */
  readonly setup?: readonly string[]
}

/** One attempt a member, by name. */
export function attempts(kind: MaskedRead['class'], members: Readonly<Record<string, string | readonly string[]>>): MaskedRead[] {
  return Object.entries(members).map(([name, sql]) => ({ name, class: kind, sql: typeof sql === 'string' ? [sql] : sql }))
}
