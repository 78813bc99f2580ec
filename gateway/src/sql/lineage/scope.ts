import type { OutputColumn } from './protection.ts'

/** A FROM item that columns can be qualified with. */
export interface NamedTable {
  readonly alias: string
  /** Schemas that a relation without an alias may also be qualified with. */
  readonly schemas: readonly string[]
  readonly columns: readonly OutputColumn[]
}

/** What one item of FROM brings into scope. */
export interface FromItem {
  readonly tables: readonly NamedTable[]
  /** In the order of `*`; also what unqualified names are looked up in. */
  readonly columns: readonly OutputColumn[]
}

/** WITH queries in scope, the innermost first. */
export interface CteScope {
  readonly outer: CteScope | undefined
  find(name: string): readonly OutputColumn[] | undefined
}

/** Where a query stands: the scope around it, and the WITH queries that it can name. */
export interface Environment {
  readonly outer: Scope | undefined
  readonly ctes: CteScope | undefined
}

export interface Scope extends FromItem, Environment {}

export const NO_ENVIRONMENT: Environment = { outer: undefined, ctes: undefined }

export function scopeOf(items: readonly FromItem[], environment: Environment): Scope {
  const only = items.length === 1 ? items[0] : undefined
  return {
    tables: only?.tables ?? items.flatMap((item) => item.tables),
    columns: only?.columns ?? items.flatMap((item) => item.columns),
    outer: environment.outer,
    ctes: environment.ctes,
  }
}
