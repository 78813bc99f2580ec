import type { NameEffect } from './analysis.ts'
import type { Relation } from './catalog.ts'

/** What a walk over one text has found so far. */
export class Findings {
  readonly actions = new Set<string>()
  readonly objects = new Set<string>()
  readonly functions = new Set<string>()
  /** Names of types, without their schemas. */
  readonly types = new Set<string>()
  readonly effects: NameEffect[] = []
  /** A statement of a kind that changes something. */
  changes = false
  /** A function, setting or relation whose mere use is more than reading. */
  harmful = false
  unknown = false
  /** The first cause that can be told. */
  unknownBecause: string | undefined = undefined
  filtered = true
  /** Names of relations that mean something else afterwards, `ANY_RELATION` for any. */
  readonly redefined = new Set<string>()
  copyIn = false
  changesReading = false
  /** EXECUTE or FETCH: the rows of a statement that is known by name only. */
  usesNames = false
  listens = false
  /** Another integer in the same place could mean something else: an ordinal, a type's length. */
  integersMatter = false
  /** Names that FROM items and targets go by; undefined where the columns are not simply those of relations. */
  readonly ranges: { readonly name: string; readonly relations: readonly Relation[] | undefined }[] = []
  /** `qualifier.name` where `name` is also a function that must not be called. */
  readonly suspects: { readonly qualifier: string | undefined; readonly schema: string | undefined; readonly name: string }[] = []

  get readOnly(): boolean {
    return !this.changes && !this.harmful && !this.unknown
  }

  change(...actions: readonly string[]): void {
    this.changes = true
    for (const action of actions) this.actions.add(action)
  }

  /**
   * Looks at what is described and not run, as by a plain EXPLAIN. Planning may call functions, so what they do stays.
   */
  inert(look: () => void): void {
    const { changes, filtered, copyIn } = this
    const actions = [...this.actions]
    const effects = [...this.effects]
    look()
    this.changes = changes
    this.filtered = filtered
    this.copyIn = copyIn
    this.actions.clear()
    for (const action of actions) this.actions.add(action)
    const added = this.effects.splice(0).slice(effects.length)
    this.effects.push(...effects, ...added.filter((effect) => effect.kind === 'execute' || effect.kind === 'fetch'))
  }
}
