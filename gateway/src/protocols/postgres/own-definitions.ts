import { type Analysis, OWN_RELATION } from '../../sql/analysis.ts'
import { namesRedefined } from '../../sql/redefinitions.ts'
import type { CatalogView } from './catalog-keeper.ts'

/**
 * What a session redefines in a transaction that is not over: nobody but the session can see it, not the gateway's own
 * connection either, until the transaction is. All sessions of the target hear of it.
 */
export class OwnDefinitions {
  readonly #catalog: CatalogView
  /** Temporary tables. */
  readonly #own = new Set<string>()
  readonly #shared = new Set<string>()

  constructor(catalog: CatalogView) {
    this.#catalog = catalog
  }

  get isEmpty(): boolean {
    return this.#own.size + this.#shared.size === 0
  }

  /** A statement is about to be sent. */
  note({ redefines }: Analysis): void {
    if (!this.#catalog.masking) return
    for (const name of redefines) {
      const isOwn = name.startsWith(OWN_RELATION)
      if (!isOwn && this.#shared.size === 0) this.#catalog.moves.begin(this.#shared)
      ;(isOwn ? this.#own : this.#shared).add(name)
    }
  }

  /** True when one of the relations may be another than the catalog has. */
  mayHaveTouched(objects: readonly string[]): boolean {
    const { moves } = this.#catalog
    return namesRedefined(objects, this.#own) || moves.mayHaveTouched(objects, moves.count)
  }

  /** True when another session may have redefined one of the relations since. */
  mayHaveMoved(objects: readonly string[], since: number): boolean {
    return this.#catalog.moves.mayHaveTouched(objects, since, this.#shared)
  }

  /** No transaction is open any more, or the session is over: the catalog tells what has become of it. */
  settled(): void {
    if (this.isEmpty) return
    if (this.#shared.size > 0) this.#catalog.moves.end(this.#shared)
    this.#catalog.markStale()
    this.#shared.clear()
    this.#own.clear()
  }
}
