import { namesRedefined } from '../../sql/redefinitions.ts'

/** Of transactions that are over; whoever waited through more is told that anything may have moved. */
const MAX_PAST = 256

/** Transactions through the gateway that change definitions of a target, open ones and those that were, by what they redefine. */
export class DefinitionMoves {
  readonly #open = new Set<ReadonlySet<string>>()
  #past: { readonly at: number; readonly names: ReadonlySet<string> }[] = []
  #forgotten = 0
  #count = 0

  /** How many are over: what {@link mayHaveTouched} asks for later. */
  get count(): number {
    return this.#count
  }

  /** @param names may grow until the end */
  begin(names: ReadonlySet<string>): void {
    this.#open.add(names)
  }

  end(names: ReadonlySet<string>): void {
    this.#open.delete(names)
    this.#past.push({ at: ++this.#count, names: new Set(names) })
    if (this.#past.length > MAX_PAST) this.#forgotten = this.#past.shift()?.at ?? 0
  }

  /**
   * Whether one of the relations may be another than it was: by a transaction that is open, or over since that count.
   * @param besides an open one that does not count
   */
  mayHaveTouched(objects: readonly string[], since: number, besides?: ReadonlySet<string>): boolean {
    if (since < this.#forgotten) return true
    for (const names of this.#open) if (names !== besides && namesRedefined(objects, names)) return true
    return this.#past.some(({ at, names }) => at > since && namesRedefined(objects, names))
  }
}
