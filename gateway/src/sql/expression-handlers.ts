/** Expressions that can run code: functions, operators, casts, and qualified names. */
import { functionHarm, hasHarmfulFunction } from './function-harm.ts'
import { constantOf, listOf, namesOf, stringOf } from './node-types.ts'
import type { Fields } from './node-types.ts'
import { changesReading, isHarmlessSetting } from './settings.ts'
import { SYSTEM_COLUMNS, SYSTEM_OPERATORS, SYSTEM_RELATIONS, SYSTEM_TYPES } from './system-names.ts'
import type { CteScope, Handler, Walk } from './walk.ts'

export const EXPRESSION_HANDLERS: readonly (readonly [string, Handler])[] = [
  ['A_Const', () => {}],
  ['ParamRef', () => {}],
  ['Alias', () => {}],
  ['ColumnRef', columnRef],
  ['A_Indirection', indirection],
  ['FuncCall', functionCall],
  ['TypeName', typeName],
  ['TypeCast', plain],
  ['A_Expr', operatorExpression],
  ['SubLink', subLink],
  ['CaseExpr', caseExpression],
  ['SQLValueFunction', (walk, fields) => { if (fields['typmod'] !== undefined) walk.findings.integersMatter = true }],
]

function plain(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  walk.visitFields(type, fields, scope)
}

function columnRef(walk: Walk, fields: Fields): void {
  const parts = listOf(fields['fields'])
  if (parts.length < 2) return
  const name = stringOf(parts.at(-1))
  if (name === undefined || !mayCall(walk, name)) return
  walk.findings.suspects.push({
    name,
    qualifier: parts.length > 3 ? undefined : stringOf(parts.at(-2)),
    schema: parts.length === 3 ? stringOf(parts[0]) : undefined,
  })
}

function indirection(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  for (const part of listOf(fields['indirection'])) {
    const name = stringOf(part)
    if (name !== undefined && mayCall(walk, name)) walk.findings.suspects.push({ name, qualifier: undefined, schema: undefined })
  }
  walk.visitFields(type, fields, scope)
}

/** Without a catalog any name that the server's own relations do not use could be somebody's function. */
function mayCall(walk: Walk, name: string): boolean {
  return hasHarmfulFunction(name, walk.catalog) || (walk.catalog === undefined && !SYSTEM_COLUMNS.has(name))
}

const LOCKS = 'pg_advisory pg_try_advisory'.split(' ')

function functionCall(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  const names = namesOf(fields['funcname'])
  const name = names.at(-1) ?? ''
  const schema = names.at(-2)
  walk.findings.functions.add(names.join('.').toLowerCase())
  const harm = functionHarm(schema, name, walk.catalog)
  if (name === 'set_config' && harm === 'changes') setConfig(walk, listOf(fields['args']))
  else if (harm !== 'none') {
    walk.findings.actions.add('call')
    if (name === 'pg_notify') walk.findings.actions.add('notify')
    if (LOCKS.some((prefix) => name.startsWith(prefix))) walk.findings.actions.add('lock')
    if (harm === 'unknown') {
      walk.findings.unknown = true
      walk.findings.unknownBecause ??= `what function "${name}" does is not known here`
    }
    else walk.findings.harmful = true
  }
  walk.visitFields(type, fields, scope)
}

/** `set_config('name', …)` is SET by another name. */
function setConfig(walk: Walk, args: readonly unknown[]): void {
  const name = constantOf(args[0])
  walk.findings.actions.add('set')
  if (name === undefined || !isHarmlessSetting(name, constantOf(args[1]))) walk.findings.harmful = true
  if (name === undefined || changesReading(name)) walk.findings.changesReading = true
}

function typeName(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  const names = namesOf(fields['names'])
  const name = names.at(-1) ?? ''
  walk.findings.types.add(name)
  // The grammar turns lengths into other types (`float(24)`), or refuses some: 1 is not as good as 2 here.
  walk.findings.integersMatter = true
  const element = name.startsWith('_') ? name.slice(1) : name
  if (names.at(-2) !== 'pg_catalog' && fields['pct_type'] !== true) {
    const unknown = walk.catalog === undefined
      ? names.length > 1 || !(SYSTEM_TYPES.has(element) || SYSTEM_RELATIONS.has(element))
      : walk.catalog.hasActiveType(name) || walk.catalog.hasActiveType(element)
    if (unknown) walk.findings.unknown = true
  }
  walk.visitFields(type, fields, scope)
}

/** Kinds of A_Expr whose operator is not the one that is written. */
const IMPLIED_OPERATORS: Readonly<Record<string, readonly string[]>> = {
  AEXPR_BETWEEN: ['<=', '>='], AEXPR_NOT_BETWEEN: ['<', '>'],
  AEXPR_BETWEEN_SYM: ['<=', '>='], AEXPR_NOT_BETWEEN_SYM: ['<', '>'],
}

function operatorExpression(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  const implied = IMPLIED_OPERATORS[String(fields['kind'])]
  if (implied !== undefined) for (const name of implied) useOperator(walk, [name])
  else useOperator(walk, namesOf(fields['name']))
  walk.visitFields(type, fields, scope)
}

function subLink(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  if (fields['operName'] !== undefined) useOperator(walk, namesOf(fields['operName']))
  else if (fields['subLinkType'] === 'ANY_SUBLINK') useOperator(walk, ['='])
  walk.visitFields(type, fields, scope)
}

function caseExpression(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  if (fields['arg'] !== undefined) useOperator(walk, ['='])
  walk.visitFields(type, fields, scope)
}

/** Found by name through search_path: somebody's own operator may fit the operands better than the server's. */
export function useOperator(walk: Walk, names: readonly string[]): void {
  if (names.length > 1 && names[0] === 'pg_catalog') return
  const name = names.at(-1) ?? ''
  const unknown = walk.catalog === undefined
    ? names.length > 1 || !SYSTEM_OPERATORS.has(name)
    : walk.catalog.hasUserOperator(name)
  if (unknown) walk.findings.unknown = true
}
