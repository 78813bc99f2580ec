import type { Node, RangeVar } from 'libpg-query'
import type { MaskEntry } from '../../governance/policy/policy-document.ts'
import type { Catalog, Relation } from '../catalog.ts'
import { MaskRefusal } from './protection.ts'
import type { OutputColumn, Protection } from './protection.ts'
import type { Environment } from './scope.ts'

/** What the analysis of a statement, or of a view's query, asks about relations. */
export interface RelationColumns {
  isProtected(relation: Relation): boolean
  /** In the order of `*`. */
  columnsOf(relation: Relation): readonly OutputColumn[]
}

/** The columns that a query (SELECT, or a change with RETURNING) gives. Handed in, so that its parts can call back. */
export type QueryAnalysis = (query: Node, environment: Environment, context: LineageContext) => readonly OutputColumn[]

/**
 * One analysis under way. In a statement every use of a protected column but the bare one is refused. A view's query
 * was written by somebody else: there a computed column is protected like what it is computed from, and only what
 * cannot be followed is refused.
 */
export class LineageContext {
  readonly catalog: Catalog
  readonly relations: RelationColumns
  readonly inView: boolean
  /** Names of relations that the analysis came by. */
  readonly met = new Set<RangeVar>()
  /** A protected relation is named. */
  touched = false
  /** A relation is named that the catalog does not hold. */
  unknownRelation = false
  /** The first thing that could not be resolved. */
  unresolved: string | undefined
  readonly #unseen: MaskEntry
  readonly #query: QueryAnalysis

  constructor(options: LineageOptions) {
    this.catalog = options.catalog
    this.relations = options.relations
    this.inView = options.inView
    this.#unseen = options.unseen
    this.#query = options.query
  }

  query(query: Node, environment: Environment): readonly OutputColumn[] {
    return this.#query(query, environment, this)
  }

  refuse(protection: Protection | undefined, use: string, hint?: string): void {
    if (protection !== undefined) throw new MaskRefusal(protection, use, hint)
  }

  /** For uses that tell values apart by asking repeatedly; a view's query cannot be asked with another guess. */
  refuseOracle(protection: Protection | undefined, use: string, hint?: string): void {
    if (!this.inView) this.refuse(protection, use, hint)
  }

  /** Goes on with what is unresolved as clean; {@link settle} refuses if anything protected was touched. */
  unresolvedName(what: string): void {
    this.unresolved ??= what
  }

  unseen(subject: string): Protection {
    return { mask: this.#unseen, subject, maskable: false }
  }

  /** Columns double with each `select x.*, y.*`: what the target would refuse is not followed, nor what takes too long to. */
  bound(columns: number, most: number, where: string): void {
    if (columns <= most) return
    throw new MaskRefusal(this.unseen(`a list of more than ${most} columns`), where, 'Name the columns that are needed, in fewer tables.')
  }

  settle(): void {
    if (this.touched && this.unresolved !== undefined) {
      throw new MaskRefusal(
        this.unseen(this.unresolved),
        'beside masked columns, and is not known here',
        'Check the name. If it is right, qualify every column with its table, and every table with its schema.',
      )
    }
  }
}

export interface LineageOptions {
  readonly catalog: Catalog
  readonly relations: RelationColumns
  /** The mask named in refusals for what cannot be seen through, such as functions. */
  readonly unseen: MaskEntry
  readonly inView: boolean
  readonly query: QueryAnalysis
}
