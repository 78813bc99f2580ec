/**
 * Walks a statement's tree and visits every node in it, whatever it stands in. A node type that is neither plain nor
 * handled makes the statement unknown: a newer grammar must not bring a way past.
 */
import { mayRunCast } from './casts.ts'
import type { Catalog } from './catalog.ts'
import { EXPRESSION_HANDLERS } from './expression-handlers.ts'
import { Findings } from './findings.ts'
import { isFields, PLAIN_NODES, structType } from './node-types.ts'
import type { Fields } from './node-types.ts'
import { nameObjects } from './object-names.ts'
import { QUERY_HANDLERS } from './query-handlers.ts'
import { isHarmlessToRead, nameRelation, rangeName } from './relations.ts'
import { addHeirs, redefinedBy } from './redefinitions.ts'
import { SESSION_HANDLERS } from './session-handlers.ts'
import { CHANGING_STATEMENTS } from './statement-kinds.ts'
import { suspectsAreColumns } from './suspects.ts'
import type { CteScope, Handler, Walk, WalkContext } from './walk.ts'

const HANDLERS: ReadonlyMap<string, Handler> = new Map([...EXPRESSION_HANDLERS, ...QUERY_HANDLERS, ...SESSION_HANDLERS])

/** Types that have a handler. */
export const HANDLED_NODES: ReadonlySet<string> = new Set(HANDLERS.keys())

export class TreeWalk implements Walk {
  readonly findings = new Findings()
  readonly context: WalkContext

  constructor(context: WalkContext) {
    this.context = context
  }

  get catalog(): Catalog | undefined {
    return this.context.catalog
  }

  /** Call when all is visited: some names can be judged only then. */
  finish(): void {
    if (!suspectsAreColumns(this.findings, this.catalog)) this.findings.unknown = true
    if (this.catalog === undefined) return
    if (mayRunCast(this.findings, this.catalog)) {
      this.findings.unknown = true
      this.findings.unknownBecause ??= 'a cast in it may run a function of which it is not known here what it does'
    }
    const { redefined } = this.findings
    if (redefined.size > 0) addHeirs(redefined, this.catalog)
  }

  visit(value: unknown, scope: CteScope | undefined): void {
    if (Array.isArray(value)) {
      for (const item of value) this.visit(item, scope)
    } else if (isFields(value)) {
      for (const type in value) {
        const fields = value[type]
        this.visitNode(type, isFields(fields) ? fields : {}, scope)
      }
    }
  }

  private visitNode(type: string, fields: Fields, scope: CteScope | undefined): void {
    const handler = HANDLERS.get(type)
    if (handler !== undefined) {
      handler(this, fields, scope, type)
      return
    }
    const action = CHANGING_STATEMENTS.get(type)
    if (action !== undefined) {
      this.findings.change(action)
      nameObjects(this, type, fields)
      for (const name of redefinedBy(type, fields)) this.findings.redefined.add(name)
    } else if (!PLAIN_NODES.has(type)) {
      this.findings.unknown = true
    }
    this.visitFields(type, fields, scope)
  }

  visitFields(type: string, fields: Fields, scope: CteScope | undefined): void {
    for (const field in fields) {
      const value = fields[field]
      if (typeof value !== 'object' || value === null) continue
      if (Array.isArray(value) || isWrapped(value)) this.visit(value, scope)
      else this.visitStruct(type, field, value as Fields, scope)
    }
  }

  private visitStruct(type: string, field: string, value: Fields, scope: CteScope | undefined): void {
    const struct = structType(type, field)
    if (struct === 'RangeVar') this.target(value)
    else if (struct !== undefined) this.visitNode(struct, value, scope)
    else {
      this.findings.unknown = true
      this.visitFields(field, value, scope)
    }
  }

  target(range: Fields): void {
    this.findings.ranges.push({ name: rangeName(range), relations: nameRelation(range, this).relations })
  }

  read(range: Fields): void {
    const named = nameRelation(range, this)
    if (!named.known || !named.relations.every((relation) => isHarmlessToRead(relation, this.context))) {
      this.findings.unknown = true
      if (!named.known) this.findings.unknownBecause ??= `there is no relation "${rangeName({ ...range, alias: undefined }) ?? ''}" here`
    }
    const renamed = isFields(range['alias']) && range['alias']['colnames'] !== undefined
    this.findings.ranges.push({ name: rangeName(range), relations: renamed ? undefined : named.relations })
  }
}

function isWrapped(value: object): boolean {
  for (const key in value) return key.charCodeAt(0) < 0x61 && key.charCodeAt(0) !== 0x5f
  return false
}
