import type { Analysis } from './analysis.ts'
import type { Catalog } from './catalog.ts'
import type { Findings } from './findings.ts'
import type { Fields } from './node-types.ts'

/** What a handler of one node type may ask of the walk that it is a part of. */
export interface Walk {
  readonly findings: Findings
  readonly context: WalkContext
  readonly catalog: Catalog | undefined
  /** Visits a node with its type's name around it, a list of such, or nothing. */
  visit(value: unknown, scope: CteScope | undefined): void
  /** Visits all that is in the fields of a node of that type. */
  visitFields(type: string, fields: Fields, scope: CteScope | undefined): void
  /** A relation that a statement names as its own object, where no WITH query can be meant. */
  target(range: Fields): void
  /** A relation that is read: what a view runs counts too. */
  read(range: Fields): void
}

export type Handler = (walk: Walk, fields: Fields, scope: CteScope | undefined, type: string) => void

/** WITH queries by name, innermost first. */
export interface CteScope {
  readonly names: ReadonlySet<string>
  readonly outer: CteScope | undefined
}

export interface WalkContext {
  readonly catalog: Catalog | undefined
  /** Analyses a statement for itself: what PREPARE and DECLARE keep under a name. */
  readonly analyseInner: (statement: Fields) => Analysis
  /** Whether a view's query only reads. @throws ParseError */
  readonly isHarmlessQuery: (definition: string) => boolean
  /** Remembers which views run only harmless code, by OID. */
  readonly harmlessViews: Map<number, boolean>
}
