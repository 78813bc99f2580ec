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

/** Of the plan that feeds the change: the change itself returns none. */
function rowsOfPlan(json: string): number | undefined {
  let plans: unknown
  try {
    plans = JSON.parse(json)
  } catch {
    return undefined
  }
  const first = listOf(plans)[0]
  const root = isFields(first) && isFields(first['Plan']) ? first['Plan'] : {}
  const feeding = listOf(root['Plans']).find((plan) => isFields(plan) && plan['Parent Relationship'] === 'Outer')
  const rows = isFields(feeding) ? feeding['Plan Rows'] : undefined
  return typeof rows === 'number' && Number.isSafeInteger(rows) ? rows : undefined
}
