/**
 * What the text of a message does, by PostgreSQL's own parser. Knows nothing of sockets, messages or policy.
 * Whatever cannot be understood (no parse, too large, nested too deeply, a kind of node not known) is {@link UNKNOWN}.
 */
import type { Analysis } from './analysis.ts'
import { BoundedCache } from '../bytes/bounded-cache.ts'
import type { Catalog } from './catalog.ts'
import { integerTemplate } from './integer-template.ts'
import type { ProtectedColumns } from './lineage/protected-columns.ts'
import { parseSql, ParseError } from './parser.ts'
import { StatementReader } from './statement-reader.ts'
import { UNKNOWN } from './unknown.ts'

export { analyseSetting } from './analyse-setting.ts'
export { combineAnalyses } from './combine-analyses.ts'
export { loadParser } from './parser.ts'
export { REDEFINED } from './statement-reader.ts'
export { UNKNOWN }

export interface AnalysisContext {
  /** Undefined when the target's catalog is not known: everything that somebody defined there is unknown then. */
  readonly catalog?: Catalog | undefined
  readonly protectedColumns?: ProtectedColumns | undefined
}

export interface AnalysisLimits {
  /** Longer texts are unknown. UTF-8 bytes. */
  readonly maxAnalysedBytes?: number
}

/** Of texts, and as many of templates. */
const MAX_REMEMBERED = 4096
/** Of these, in memory. */
const MAX_REMEMBERED_BYTES = 8 << 20

const TEMPLATE_STATEMENTS = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt']

/** FirstNormalObjectId: below are the server's own objects. */
const FIRST_USER_OID = 16384

export class StatementAnalyser {
  readonly #reader: StatementReader
  readonly #catalog: Catalog | undefined
  readonly #maxBytes: number
  readonly #texts: BoundedCache<Analysis>
  readonly #templates: BoundedCache<Analysis>

  constructor(context: AnalysisContext, limits: AnalysisLimits = {}) {
    this.#reader = new StatementReader(context.catalog, context.protectedColumns)
    this.#catalog = context.catalog
    this.#maxBytes = limits.maxAnalysedBytes ?? 1 << 20
    this.#texts = new BoundedCache(MAX_REMEMBERED, MAX_REMEMBERED_BYTES)
    this.#templates = new BoundedCache(MAX_REMEMBERED, MAX_REMEMBERED_BYTES)
  }

  /** True when a value of the type, named by its OID beside the text, may run code that the text says nothing of. */
  isActiveType(oid: number): boolean {
    return oid >= FIRST_USER_OID && (this.#catalog?.isActiveType(oid) ?? true)
  }

  /**
   * The same object again for a text that was seen lately.
   * @param text as it was received, decoded by the session's encoding
   */
  analyse(text: string): Analysis {
    const seen = this.#texts.get(text)
    if (seen !== undefined) return seen
    const template = integerTemplate(text)
    const alike = template === undefined ? undefined : this.#templates.get(template)
    if (alike !== undefined) return alike
    if (this.#isTooLong(text) || text.includes('\0') || !text.isWellFormed()) return UNKNOWN
    try {
      const statements = parseSql(text)
      const { analysis, integersMatter } = this.#reader.read(statements)
      const [only] = statements
      const fits = statements.length === 1 && TEMPLATE_STATEMENTS.some((type) => Object.hasOwn(only ?? {}, type))
      if (template !== undefined && fits && !integersMatter) this.#templates.set(template, analysis)
      else this.#texts.set(text, analysis)
      return analysis
    } catch (error) {
      // A RangeError is a tree too deep to walk.
      if (error instanceof ParseError) return { ...UNKNOWN, facts: { ...UNKNOWN.facts, unknownBecause: error.message } }
      if (error instanceof RangeError) return UNKNOWN
      throw error
    }
  }

  #isTooLong(text: string): boolean {
    return text.length > this.#maxBytes || (text.length * 3 > this.#maxBytes && Buffer.byteLength(text) > this.#maxBytes)
  }
}
