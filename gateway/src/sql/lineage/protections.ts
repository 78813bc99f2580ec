import type { MaskEntry, MaskMethod } from '../../governance/policy/policy-document.ts'
import type { Catalog, Relation } from '../catalog.ts'
import type { RelationColumns } from './lineage-context.ts'
import type { OutputColumn, Protection } from './protection.ts'

/** Which columns of a database are masked for a session: those named, and all that get their values from them. */
export interface ProtectedColumns extends RelationColumns {
  /** True when nothing is masked: then nothing needs to be looked at. */
  readonly isEmpty: boolean
  /**
   * What masks a result column, by the origin that PostgreSQL names for it. It also gives a mask for columns that no
   * statement is let through with, so that a mistake there shows nothing.
   */
  maskOf(relationOid: number, attributeNumber: number): MaskEntry | undefined
  isProtectedRelation(relationOid: number): boolean
  /** True when rows of a protected relation are rows of this one too. */
  isParent(relationOid: number): boolean
  /** True when a protected relation of that name exists, in whatever schema. */
  isProtectedName(name: string): boolean
  /** True when a relation that a mask holds for is in that schema. */
  isProtectedSchema(schema: string): boolean
  /** Masks' columns that match nothing in the catalog. */
  readonly unresolved: readonly UnresolvedColumn[]
  /** The mask that is named where what a statement reads cannot be seen. */
  readonly unseen: MaskEntry
}

interface UnresolvedColumn {
  readonly mask: string
  readonly column: string
}

/** Of two masks for one column the one that shows less holds. */
const SHOWN_LESS: readonly MaskMethod[] = ['null', 'redact', 'hash', 'keep-last']

/** {@link ProtectedColumns} while they are being found. */
export class Protections implements ProtectedColumns {
  isEmpty = true
  readonly unresolved: UnresolvedColumn[] = []
  readonly unseen: MaskEntry
  /** Brings a view's protections up to date before its columns are asked for. */
  follow: (view: Relation) => void = () => {}
  readonly #byRelation = new Map<number, Map<number, Protection>>()
  readonly #parents = new Set<number>()
  readonly #names = new Set<string>()
  readonly #schemas = new Set<string>()
  readonly #columns = new Map<number, readonly OutputColumn[]>()

  constructor(unseen: MaskEntry) {
    this.unseen = unseen
  }

  /** @returns whether that is news */
  protect(relation: Relation, number: number, { mask, maskable }: Omit<Protection, 'subject'>): boolean {
    const columns = this.#byRelation.get(relation.oid) ?? new Map<number, Protection>()
    const before = columns.get(number)
    if (before !== undefined && (!before.maskable || (maskable && !showsLess(mask, before.mask)))) return false
    const name = relation.columns.find((column) => column.number === number)?.name ?? String(number)
    const path = `${relation.schema}.${relation.name}.${name}`
    const subject = maskable ? `the masked column ${path}` : `column ${path}, which may hold masked values,`
    columns.set(number, { mask, maskable, subject })
    this.#byRelation.set(relation.oid, columns)
    this.#columns.delete(relation.oid)
    this.#names.add(relation.name)
    this.#schemas.add(relation.schema)
    return true
  }

  protectionOf(relationOid: number, number: number): Protection | undefined {
    return this.#byRelation.get(relationOid)?.get(number)
  }

  maskOf(relationOid: number, attributeNumber: number): MaskEntry | undefined {
    const protection = this.protectionOf(relationOid, attributeNumber)
    return protection === undefined || protection.maskable ? protection?.mask : { ...protection.mask, method: 'null' }
  }

  isProtectedRelation(relationOid: number): boolean {
    return this.#byRelation.has(relationOid)
  }

  isParent(relationOid: number): boolean {
    return this.#parents.has(relationOid)
  }

  /** Finds out about all parents, once all protections are found. */
  findParents(catalog: Catalog): void {
    const found = [...this.#byRelation.keys()]
    for (const oid of found) {
      for (const parent of catalog.relationByOid(oid)?.parents ?? []) {
        if (this.#parents.has(parent)) continue
        this.#parents.add(parent)
        found.push(parent)
      }
    }
  }

  isProtectedName(name: string): boolean {
    return this.#names.has(name)
  }

  isProtectedSchema(schema: string): boolean {
    return this.#schemas.has(schema)
  }

  isProtected(relation: Relation): boolean {
    this.follow(relation)
    return this.#byRelation.has(relation.oid)
  }

  columnsOf(relation: Relation): readonly OutputColumn[] {
    this.follow(relation)
    const known = this.#columns.get(relation.oid)
    if (known !== undefined) return known
    const columns = relation.columns.map(({ name, number }): OutputColumn => {
      const protection = this.protectionOf(relation.oid, number)
      return protection === undefined ? { name } : { name, protection }
    })
    this.#columns.set(relation.oid, columns)
    return columns
  }
}

function showsLess(mask: MaskEntry, than: MaskEntry): boolean {
  const one = SHOWN_LESS.indexOf(mask.method)
  const other = SHOWN_LESS.indexOf(than.method)
  return one < other || (one === other && mask.method === 'keep-last' && (mask.keep ?? 0) < (than.keep ?? 0))
}
