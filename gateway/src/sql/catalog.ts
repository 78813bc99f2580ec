/** What analysis needs to know of a database. Filled by an adapter; knows nothing of how. Immutable. */
export interface Catalog {
  /** Every relation of that name, in whatever schema, system ones included. */
  relationsNamed(name: string): readonly Relation[]
  relation(schema: string, name: string): Relation | undefined
  relationByOid(oid: number): Relation | undefined
  /** Every function of that name, in whatever schema, system ones included. */
  functionsNamed(name: string): readonly CatalogFunction[]
  /** True when an operator of that name outside the server's own runs a function that could read or write. */
  hasUserOperator(name: string): boolean
  /** True when a type of that name outside `pg_catalog` runs code of its own when a value is made (domain with a check, base type). */
  hasActiveType(name: string): boolean
  /** The same of a type by its OID, arrays and domains of such types among them. */
  isActiveType(oid: number): boolean
  /** Casts that run a function that could read or write. */
  readonly casts: readonly Cast[]
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
  /** A change of its rows may run code, or change rows of other relations: by triggers, foreign keys with actions, rules. */
  readonly changesOthers?: boolean
  /** For users' views and materialised views: their query, every name in it schema-qualified. */
  readonly definition?: string
  /** For users' views and materialised views: OIDs of the relations their query names, system ones left out. */
  readonly reads?: readonly number[]
  /** For users' views and materialised views: their query runs a function of which it is not known what it reads. */
  readonly callsUnknown?: boolean
}

export interface Column {
  readonly name: string
  /** `pg_attribute.attnum`, from 1. */
  readonly number: number
  readonly typeOid: number
  /** For generated columns: the expression. */
  readonly generated?: string
}

export interface CatalogFunction {
  readonly schema: string
  readonly name: string
  /** `pg_proc.provolatile`: i immutable, s stable, v volatile. */
  readonly volatility: string
  /** True when it reads no table by itself: it came with the server, or is an extension's that only computes. */
  readonly trusted: boolean
}

/** A cast that runs somebody's code where no call of it is written, perhaps without being written itself. */
export interface Cast {
  /** `pg_cast.castcontext`: e only where it is written, a also where a value is stored, i anywhere. */
  readonly context: string
  /** Names of types to cast to that run it: its target, and all made of that. */
  readonly targets: ReadonlySet<string>
  /**
   * Of its source and target one that is no type of the server's own, and all made of that, by name: tables too, whose names
   * are those of their rows. Without a mention of one it does not run. Undefined when both are the server's own.
   */
  readonly mentions: ReadonlySet<string> | undefined
}

/** The lists that a {@link Catalog} is looked up in. */
export interface CatalogContents {
  readonly relations: readonly Relation[]
  readonly functions: readonly CatalogFunction[]
  /** Names for {@link Catalog.hasUserOperator}. */
  readonly userOperators: Iterable<string>
  /** Names for {@link Catalog.hasActiveType}. */
  readonly activeTypes: Iterable<string>
  /** For {@link Catalog.isActiveType}. */
  readonly activeTypeOids?: Iterable<number>
  readonly casts?: readonly Cast[]
  readonly searchPath: readonly string[]
}

export function catalogOf(contents: CatalogContents): Catalog {
  const relationsByName = groupByName(contents.relations)
  const functionsByName = groupByName(contents.functions)
  const relationsByOid = new Map(contents.relations.map((relation) => [relation.oid, relation]))
  const userOperators = new Set(contents.userOperators)
  const activeTypes = new Set(contents.activeTypes)
  const activeTypeOids = new Set(contents.activeTypeOids)
  return {
    relationsNamed: (name) => relationsByName.get(name) ?? [],
    relation: (schema, name) => relationsByName.get(name)?.find((relation) => relation.schema === schema),
    relationByOid: (oid) => relationsByOid.get(oid),
    functionsNamed: (name) => functionsByName.get(name) ?? [],
    hasUserOperator: (name) => userOperators.has(name),
    hasActiveType: (name) => activeTypes.has(name),
    isActiveType: (oid) => activeTypeOids.has(oid),
    casts: contents.casts ?? [],
    relations: contents.relations,
    searchPath: contents.searchPath,
  }
}

function groupByName<T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(item.name)
    if (group === undefined) groups.set(item.name, [item])
    else group.push(item)
  }
  return groups
}
