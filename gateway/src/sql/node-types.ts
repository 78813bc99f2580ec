/**
 * The shape of libpg-query's JSON. A node stands as `{ SelectStmt: … }`, except in fields that can hold only one type:
 * there its fields stand without a name, and the field's name tells the type.
 */
export type Fields = Readonly<Record<string, unknown>>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Statements and clauses that need a look of their own, by the field that holds them without their name. */
const STRUCT_FIELDS: Readonly<Record<string, string>> = {
  relation: 'RangeVar', rel: 'RangeVar', view: 'RangeVar', sequence: 'RangeVar', constrrel: 'RangeVar',
  identitySequence: 'RangeVar', pktable: 'RangeVar', table: 'RangeVar', typevar: 'RangeVar',
  typeName: 'TypeName', argType: 'TypeName', returnType: 'TypeName', ofTypename: 'TypeName', type_name: 'TypeName',
  sourcetype: 'TypeName', targettype: 'TypeName', datatype: 'TypeName', storedtype: 'TypeName',
  larg: 'SelectStmt', rarg: 'SelectStmt', base: 'CreateStmt', setstmt: 'VariableSetStmt', action: 'GrantStmt',
  funccall: 'FuncCall', func: 'ObjectWithArgs', fromsql: 'ObjectWithArgs', tosql: 'ObjectWithArgs',
  opername: 'ObjectWithArgs', withClause: 'WithClause', intoClause: 'IntoClause', into: 'IntoClause',
  onConflictClause: 'OnConflictClause', returningClause: 'ReturningClause', infer: 'InferClause', over: 'WindowDef',
  partspec: 'PartitionSpec', partbound: 'PartitionBoundSpec', bound: 'PartitionBoundSpec', collClause: 'CollateClause',
  pubtable: 'PublicationTable', output: 'JsonOutput', returning: 'JsonReturning', format: 'JsonFormat',
  on_empty: 'JsonBehavior', on_error: 'JsonBehavior', pathspec: 'JsonTablePathSpec', constructor: 'JsonAggConstructor',
  context_item: 'JsonValueExpr', val: 'JsonValueExpr', value: 'JsonValueExpr', expr: 'JsonValueExpr',
  search_clause: 'CTESearchClause', cycle_clause: 'CTECycleClause',
  alias: 'Alias', join_using_alias: 'Alias',
  authrole: 'RoleSpec', grantor: 'RoleSpec', newowner: 'RoleSpec', newrole: 'RoleSpec', owner: 'RoleSpec',
  role: 'RoleSpec', user: 'RoleSpec', extname: 'String',
  ival: 'Integer', fval: 'Float', boolval: 'Boolean', sval: 'String', bsval: 'BitString',
}

/** Fields whose type depends on what they stand in. */
const STRUCT_FIELDS_IN: Readonly<Record<string, string>> = {
  'PartitionCmd.name': 'RangeVar', 'CreateOpClassItem.name': 'ObjectWithArgs',
  'JsonObjectAgg.arg': 'JsonKeyValue', 'JsonArrayAgg.arg': 'JsonValueExpr',
}

/** The type of the struct in a field, undefined when this version does not know it. */
export function structType(parent: string, field: string): string | undefined {
  return STRUCT_FIELDS_IN[`${parent}.${field}`] ?? (Object.hasOwn(STRUCT_FIELDS, field) ? STRUCT_FIELDS[field] : undefined)
}

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Expressions and clauses that do nothing by themselves: what is in them is looked at, and nothing else. */
export const PLAIN_NODES = words(`
  A_ArrayExpr A_Const A_Indices A_Star AccessPriv AlterTableCmd ATAlterConstraint Alias BitString BoolExpr Boolean
  BooleanTest CaseWhen CoalesceExpr CollateClause ColumnDef Constraint CreateOpClassItem CTECycleClause CTESearchClause
  CurrentOfExpr DefElem Float FunctionParameter GroupingFunc GroupingSet IndexElem InferClause Integer IntoClause
  JsonAggConstructor JsonArgument JsonArrayAgg JsonArrayConstructor JsonArrayQueryConstructor JsonBehavior JsonFormat
  JsonFuncExpr JsonIsPredicate JsonKeyValue JsonObjectAgg JsonObjectConstructor JsonOutput JsonParseExpr JsonReturning
  JsonScalarExpr JsonSerializeExpr JsonTable JsonTableColumn JsonTablePathSpec JsonValueExpr List MergeSupportFunc
  MergeWhenClause MinMaxExpr MultiAssignRef NamedArgExpr NullTest ObjectWithArgs OnConflictClause PartitionBoundSpec
  PartitionCmd PartitionElem PartitionRangeDatum PartitionSpec PublicationObjSpec PublicationTable RangeTableFunc
  RangeTableFuncCol ReplicaIdentityStmt ResTarget ReturningClause ReturningOption ReturnStmt RoleSpec
  RowExpr SetToDefault SQLValueFunction StatsElem String TableLikeClause TriggerTransition VacuumRelation
  WindowDef XmlExpr XmlSerialize
`)

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The fields of the node in a field, when it is of that type. */
export function nodeOf(value: unknown, type: string): Fields | undefined {
  if (!isFields(value)) return undefined
  const fields = value[type]
  return isFields(fields) ? fields : undefined
}

/** The text of a `String` node, empty when the tree leaves out an empty text; undefined for any other node. */
export function stringOf(value: unknown): string | undefined {
  const node = nodeOf(value, 'String')
  return node === undefined ? undefined : (textOf(node['sval']) ?? '')
}

/** The texts of a list of `String` nodes: a name with its schema. */
export function namesOf(value: unknown): readonly string[] {
  const names: string[] = []
  for (const item of listOf(value)) {
    const text = stringOf(item)
    if (text !== undefined) names.push(text)
  }
  return names
}

/** A constant's value as text, as in `SET x = …`; undefined for NULL and whatever is no constant. */
export function constantOf(value: unknown): string | undefined {
  const constant = nodeOf(value, 'A_Const')
  if (constant === undefined || constant['isnull'] === true) return undefined
  if (isFields(constant['sval'])) return textOf(constant['sval']['sval']) ?? ''
  if (isFields(constant['ival'])) return integerText(constant['ival'])
  if (isFields(constant['fval'])) return textOf(constant['fval']['fval'])
  if (isFields(constant['boolval'])) return constant['boolval']['boolval'] === true ? 'true' : 'false'
  return undefined
}

/** The value of an `Integer` node; the tree leaves out zero. */
export function integerText(integer: Fields): string {
  const value = integer['ival']
  return typeof value === 'number' ? String(value) : '0'
}
