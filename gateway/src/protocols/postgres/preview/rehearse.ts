import type { RowChange, TableChange } from '../../../governance/review/preview.ts'
import { MAX_SAMPLE } from '../../../governance/review/preview.ts'
import type { ChangeStatement } from '../../../sql/preview/change-statement.ts'
import { returningRows } from '../../../sql/preview/counting.ts'
import type { Answer } from './answers.ts'
import { advancedSequences, readSequences } from './advanced-sequences.ts'
import { MaskedRows, type Values } from './masked-rows.ts'
import { because } from './notes.ts'
import type { PreviewOptions } from './preview-options.ts'
import { ROLLBACK, rowsOf, type PreviewSession } from './preview-session.ts'
import { simple } from './questions.ts'

export interface Rehearsed {
  readonly rows: number
  readonly tables: readonly TableChange[]
  readonly sample: readonly RowChange[]
}

/** Share of the time kept for counting, where the rehearsal does not come to its end. */
const COUNT_RESERVE = 0.3
const PORTAL = 'sallyport_rehearsal'
const MAX_TABLES = 100

const operator = (sign: string) => `operator(pg_catalog.${sign})`
/** Every operator is the server's own: the session's search_path is in force. */
const CHANGES = `select pg_catalog.quote_ident(schemaname) ${operator('||')} '.' ${operator('||')} pg_catalog.quote_ident(relname),
    n_tup_ins, n_tup_upd, n_tup_del from pg_catalog.pg_stat_xact_user_tables
  where n_tup_ins ${operator('+')} n_tup_upd ${operator('+')} n_tup_del ${operator('>')} 0 order by 1 using ${operator('<')} limit ${MAX_TABLES}`

/**
 * Runs the statement and rolls it back. All of it is sent in one piece, the rollback too, so that no lock waits for the
 * gateway; should the gateway end in the midst, the target rolls back by itself.
 * @returns SQLSTATE when the statement failed
 * @throws NoAnswer
 */
export async function rehearse(
  session: PreviewSession, statement: ChangeStatement, types: readonly number[], options: PreviewOptions, notes: string[],
): Promise<Rehearsed | string> {
  const returning = returningOf(session, statement, options)
  const before = await readSequences(session)
  const [begun, ran, moved, changes, checked, allChanges] = await session.inOnePiece(
    session.begin('read write', COUNT_RESERVE * session.overallMs),
    session.run(returning.text, types, { portal: PORTAL, maxRows: MAX_SAMPLE }),
    simple(returning.rows ? `move forward all in ${PORTAL}` : 'select'),
    simple(CHANGES),
    // What is deferred to COMMIT would never run; a short time is enough to know.
    simple('set local statement_timeout = 500; set constraints all immediate'),
    simple(CHANGES),
    ROLLBACK,
  )
  notes.push(...(await advancedSequences(session, before)))
  const failed = begun?.code ?? ran?.code ?? moved?.code ?? changes?.code
  if (failed !== undefined || ran === undefined || moved === undefined || changes === undefined) return failed ?? 'XX000'
  const later = checked?.code
  if (later !== undefined) notes.push(`It ran, but its deferred checks fail: ${because(later)}.`)
  const rows = (tagRows(ran) ?? ran.results.at(-1)?.rows.length ?? 0) + (tagRows(ran) === undefined ? (tagRows(moved) ?? 0) : 0)
  const tables = (later === undefined && allChanges !== undefined ? rowsOf(allChanges) : rowsOf(changes)).map(tableChange)
  if (rows > 0 && tables.length === 0) notes.push('The target does not tell which tables were changed.')
  return { rows, tables, sample: returning.sampled && session.utf8 ? sampleOf(ran, statement, returning.both, options) : [] }
}

/** The statement with the changed rows as its result, when that can be said and shown; else as the client wrote it. */
function returningOf(session: PreviewSession, statement: ChangeStatement, { text, catalog }: PreviewOptions) {
  const both = session.version >= 18
  const own = { text, rows: statement.fields['returningClause'] !== undefined, both: false, sampled: false }
  if (statement.kind === 'merge' && !both) return own
  const changed = returningRows(statement, both)
  if (changed === undefined) return own
  const { facts } = catalog.analyser.analyse(changed)
  return facts.unknown || facts.maskViolation !== undefined ? own : { text: changed, rows: true, both, sampled: true }
}

function sampleOf(ran: Answer, { kind }: ChangeStatement, both: boolean, options: PreviewOptions): readonly RowChange[] {
  const [result] = ran.results
  if (result === undefined) return []
  const masked = new MaskedRows(result, options)
  const half = masked.columns / 2
  return masked.rows.slice(0, MAX_SAMPLE).flatMap((row): RowChange[] => {
    const change = both
      ? { before: present(row.slice(0, half), masked.values(row, 0, half)), after: present(row.slice(half), masked.values(row, half)) }
      : kind === 'delete' ? { before: masked.values(row), after: undefined } : { before: undefined, after: masked.values(row) }
    return change.before === undefined && change.after === undefined ? [] : [change]
  })
}

/** Of a row that was not there before, or is not any more, every value is null. */
function present(row: readonly (string | null)[], values: Values | undefined): Values | undefined {
  return row.every((value) => value === null) ? undefined : values
}

/** The number that a command's tag ends with. */
function tagRows(answer: Answer): number | undefined {
  const number = /\d+$/.exec(answer.results.at(-1)?.tag ?? '')?.[0]
  return number === undefined ? undefined : Number(number)
}

function tableChange([table, inserted, updated, deleted]: readonly (string | null)[]): TableChange {
  return { table: table ?? '', inserted: Number(inserted), updated: Number(updated), deleted: Number(deleted) }
}
