import type { ChangeStatement } from '../../../sql/preview/change-statement.ts'
import { verifiedText } from '../../../sql/preview/verified-text.ts'
import { isFields, listOf } from '../../../sql/node-types.ts'
import { rowsOf, type PreviewSession } from './preview-session.ts'

/** What the target's planner guesses, nothing of the statement being run. @throws NoAnswer */
export async function estimateRows(session: PreviewSession, statement: ChangeStatement, types: readonly number[]): Promise<number | undefined> {
  const text = verifiedText({
    ExplainStmt: {
      query: { [statement.type]: statement.fields },
      options: [{ DefElem: { defname: 'format', arg: { String: { sval: 'json' } }, defaction: 'DEFELEM_UNSPEC' } }],
    },
  })
  if (text === undefined) return undefined
  const answer = await session.read(text, types)
  const plan = rowsOf(answer)[0]?.[0]
  if (answer.code !== undefined || plan === undefined || plan === null) return undefined
  return rowsOfPlan(plan)
}

/** Sum over all that changes rows, in WITH queries too, of what the plans feed to it: a change itself returns none. */
function rowsOfPlan(json: string): number | undefined {
  let plans: unknown
  try {
    plans = JSON.parse(json)
  } catch {
    return undefined
  }
  const first = listOf(plans)[0]
  const rows = isFields(first) ? changed(first['Plan']) : undefined
  return rows !== undefined && Number.isSafeInteger(rows) ? rows : undefined
}

function changed(plan: unknown): number {
  if (!isFields(plan)) return 0
  const inner = listOf(plan['Plans'])
  const own = plan['Node Type'] === 'ModifyTable' ? inner.filter(feeds) : []
  const fed = own.reduce((sum: number, each) => sum + (isFields(each) && typeof each['Plan Rows'] === 'number' ? each['Plan Rows'] : Number.NaN), 0)
  return inner.reduce((sum: number, each) => sum + changed(each), fed)
}

/** `Member` until PostgreSQL 13: one for each partition. */
function feeds(plan: unknown): boolean {
  return isFields(plan) && (plan['Parent Relationship'] === 'Outer' || plan['Parent Relationship'] === 'Member')
}
