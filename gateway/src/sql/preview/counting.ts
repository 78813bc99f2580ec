import { isFields, listOf, nodeOf } from '../node-types.ts'
import type { Fields } from '../node-types.ts'
import type { ChangeStatement } from './change-statement.ts'
import { calledFunctions, holds, possibleFunctions } from './change-statement.ts'
import { column, COUNT, countOf, join, name, qualifierOf, select, STAR, type Source } from './trees.ts'
import { verifiedText } from './verified-text.ts'

/** How the rows that a statement would change are counted without changing any. */
export interface Counting {
  /** Rows of VALUES, as long as none of `functions` returns several rows. */
  readonly listed?: { readonly rows: number; readonly functions: readonly string[] }
  /** A SELECT whose one value is the number. Whether it is harmless to run is for the analyser to say. */
  readonly text?: string
  /** Where `text` cannot run on what has no row identifiers (views): counts a row as often as it is joined. */
  readonly joined?: string
  readonly atMost: boolean
  /** A SELECT of rows that would be changed; `identified`: a row's table and identifier come before its columns. */
  readonly sample?: { readonly text: string; readonly identified: boolean }
  /** Functions that decide how many rows there are. */
  readonly functions: readonly string[]
  /** TABLESAMPLE picks others each time. */
  readonly sampled: boolean
}

/** Rows read for a sample where a row may come several times. */
const JOINED_SAMPLE = 25

/** @param limit rows of a sample */
export function countingOf(statement: ChangeStatement, limit: number): Counting {
  const { kind, fields, relation } = statement
  if (kind === 'insert') return ofInsert(fields)
  if (kind === 'merge') return ofMerge(fields, relation, limit)
  const others = listOf(fields[kind === 'update' ? 'fromClause' : 'usingClause'])
  const source: Source = { withClause: fields['withClause'], fromClause: [{ RangeVar: relation }, ...others], whereClause: fields['whereClause'] }
  const base = { ...decidedBy(source), atMost: false }
  const own = column(qualifierOf(relation), STAR)
  if (others.length === 0) {
    return { ...base, ...withText('text', select([COUNT], source)), ...sampleOf(select([own], source, { limit }), false) }
  }
  return {
    ...base,
    ...withText('text', countOf(select(identity(relation), source, { distinct: true }))),
    ...withText('joined', select([COUNT], source)),
    ...sampleOf(select([...identity(relation), own], source, { limit: JOINED_SAMPLE }), true),
  }
}

/** `t.tableoid, t.ctid`: a row joined several times is changed once. */
function identity(relation: Fields): Fields[] {
  return ['tableoid', 'ctid'].map((each) => column(qualifierOf(relation), name(each)))
}

function ofInsert(fields: Fields): Counting {
  const atMost = fields['onConflictClause'] !== undefined
  const query = nodeOf(fields['selectStmt'], 'SelectStmt')
  if (query === undefined) return { listed: { rows: 1, functions: [] }, atMost, functions: [], sampled: false }
  const values = query['valuesLists']
  const isPlainList = ['limitCount', 'limitOffset', 'withClause', 'sortClause'].every((clause) => query[clause] === undefined)
  if (values !== undefined && isPlainList) {
    return { listed: { rows: listOf(values).length, functions: [...possibleFunctions(values)] }, atMost, functions: [], sampled: false }
  }
  // The statement's own WITH queries are seen by its SELECT, beside those that this has itself.
  const outer = countOf({ SelectStmt: query })
  const tree = fields['withClause'] === undefined ? outer : { SelectStmt: { ...nodeOf(outer, 'SelectStmt'), withClause: fields['withClause'] } }
  return { ...decidedBy([query, fields['withClause']]), atMost, ...withText('text', tree) }
}

/** As PostgreSQL joins them; what the clauses' own conditions leave out is counted too. */
function ofMerge(fields: Fields, relation: Fields, limit: number): Counting {
  const acting = listOf(fields['mergeWhenClauses'])
    .map((item) => nodeOf(item, 'MergeWhenClause') ?? {})
    .filter((clause) => clause['commandType'] !== 'CMD_NOTHING')
    .map((clause) => clause['matchKind'])
  const inserts = acting.includes('MERGE_WHEN_NOT_MATCHED_BY_TARGET')
  const rest = acting.includes('MERGE_WHEN_NOT_MATCHED_BY_SOURCE')
  const kind = inserts && rest ? 'JOIN_FULL' : inserts ? 'JOIN_RIGHT' : rest ? 'JOIN_LEFT' : 'JOIN_INNER'
  const joined = (how: string): Source => ({
    withClause: fields['withClause'],
    fromClause: [join(how, { RangeVar: relation }, fields['sourceRelation'], fields['joinCondition'])],
  })
  const onlyRest = acting.every((each) => each === 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE')
  const onlyInserts = acting.every((each) => each === 'MERGE_WHEN_NOT_MATCHED_BY_TARGET')
  const counted = onlyRest ? unmatched(fields, { RangeVar: relation }, fields['sourceRelation'])
    : onlyInserts ? unmatched(fields, fields['sourceRelation'], { RangeVar: relation }) : joined(kind)
  const sampled = onlyRest ? counted : onlyInserts ? undefined : joined(inserts ? 'JOIN_INNER' : kind)
  return {
    ...decidedBy(joined(kind)),
    atMost: true,
    ...withText('text', select([COUNT], counted)),
    ...(sampled !== undefined && sampleOf(select([column(qualifierOf(relation), STAR)], sampled, { limit }), false)),
  }
}

/** Rows of one side for which the other has none. */
function unmatched({ withClause, joinCondition }: Fields, side: unknown, other: unknown): Source {
  const partner = select([], { fromClause: [other], whereClause: joinCondition })
  const exists = { SubLink: { subLinkType: 'EXISTS_SUBLINK', subselect: partner } }
  return { withClause, fromClause: [side], whereClause: { BoolExpr: { boolop: 'NOT_EXPR', args: [exists] } } }
}

/** Reads the changed relation alone: as harmless as planning a change of it. */
export function relationRows({ relation }: ChangeStatement): string | undefined {
  return verifiedText(select([COUNT], { fromClause: [{ RangeVar: relation }] }))
}

function decidedBy(source: unknown): Pick<Counting, 'functions' | 'sampled'> {
  return { functions: [...calledFunctions(source)], sampled: holds(source, 'RangeTableSample') }
}

function withText<Key extends 'text' | 'joined'>(key: Key, tree: Fields): { readonly [key in Key]?: string } {
  const text = verifiedText(tree)
  return text === undefined ? {} : ({ [key]: text } as { readonly [key in Key]: string })
}

function sampleOf(tree: Fields, identified: boolean): Pick<Counting, 'sample'> {
  const text = verifiedText(tree)
  return text === undefined ? {} : { sample: { text, identified } }
}

/** The statement with its changed rows as its result; undefined where that cannot be said. */
export function returningRows(statement: ChangeStatement, both: boolean): string | undefined {
  const { type, fields, relation } = statement
  const star = (qualifier: string): Fields => ({ ResTarget: { val: column([qualifier], STAR) } })
  const clause = both
    ? { options: [option('OLD', BEFORE), option('NEW', AFTER)], exprs: [star(BEFORE), star(AFTER)] }
    : { exprs: [{ ResTarget: { val: column(isFields(relation['alias']) ? qualifierOf(relation) : qualifierOf(relation).slice(-1), STAR) } }] }
  return verifiedText({ [type]: { ...fields, returningClause: clause } })
}

function option(which: 'OLD' | 'NEW', value: string): Fields {
  return { ReturningOption: { option: `RETURNING_OPTION_${which}`, value } }
}

const BEFORE = 'sallyport_before'
const AFTER = 'sallyport_after'
