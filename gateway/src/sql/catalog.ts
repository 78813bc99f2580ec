/** What analysis needs to know of a database. Filled by an adapter; knows nothing of how. Immutable. */
export interface Catalog {
  /** Every relation of that name, in whatever schema, system ones included. */
  relationsNamed(name: string): readonly Relation[]
  relation(schema: string, name: string): Relation | undefined
  relationByOid(oid: number): Relation | undefined
  /** Every function of that name, in whatever schema, system ones included. */
  functionsNamed(name: string): readonly CatalogFunction[]
  /** True when somebody made an operator of that name outside `pg_catalog`. */
  hasUserOperator(name: string): boolean
  /** True when a type of that name outside `pg_catalog` runs code of its own when a value is made (domain with a check, base type). */
  hasActiveType(name: string): boolean
  /** All relations, for finding masked columns, views and children. */
  readonly relations: Iterable<Relation>
  /** Schemas searched for unqualified names at session start, in order. */
  readonly searchPath: readonly string[]
}

export interface Relation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** `pg_class.relkind`: r table, p partitioned, v view, m materialised view, f foreign table, S sequence, … */
  readonly kind: string
  readonly columns: readonly Column[]
  /** OIDs of the relations it inherits from or is a partition of. */
  readonly parents: readonly number[]
  /** For views and materialised views: their query, every name in it schema-qualified. */
  readonly definition?: string
}

export interface Column {
  readonly name: string
  /** `pg_attribute.attnum`, from 1. */
  readonly number: number
  readonly typeOid: number
}

export interface CatalogFunction {
  readonly schema: string
  readonly name: string
  /** `pg_proc.provolatile`: i immutable, s stable, v volatile. */
  readonly volatility: string
}
