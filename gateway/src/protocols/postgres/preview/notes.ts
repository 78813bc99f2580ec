/** What a reviewer is told, in the gateway's own words: the target's texts could quote rows. */

const BY_CODE: Readonly<Record<string, string>> = {
  '22012': 'a value is divided by zero',
  '23502': 'a required value would be missing',
  '23503': 'a reference to or from another table would be broken',
  '23505': 'a value that must be unique would stand twice',
  '23514': 'a check constraint would be violated',
  '23P01': 'an exclusion constraint would be violated',
  '25006': 'this login may only read',
  '25P04': 'it took longer than a preview may take',
  '42501': 'the login that the gateway uses may not do it',
  '42P01': 'there is no such table on another connection',
  '42703': 'there is no such column',
  '54000': 'it names too many tables',
  '55P03': 'somebody holds locks on its table or rows',
  '57014': 'it took longer than a preview may take',
}

/** Why the target refused, by SQLSTATE. */
export function because(code: string): string {
  const known = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined
  return `${known ?? 'the target reported an error'} (SQLSTATE ${/^[0-9A-Z]{5}$/.test(code) ? code : 'unknown'})`
}

const SPECIAL = new Set(['55P03', '57014', '25P04'])

/** True for failures that say nothing about the statement itself. */
export function isPassing(code: string): boolean {
  return SPECIAL.has(code)
}

export function lockNote(target: string, isInsert: boolean, inTransaction: boolean): string {
  const rows = isInsert ? '' : ' and locks each row that it changes'
  const until = inTransaction ? 'until the transaction of the session ends: others who want the same rows wait until then' : 'until it is done'
  return `It takes a ROW EXCLUSIVE lock on ${target}${rows}, ${until}.`
}

export const TRANSACTION_NOTE = 'It runs inside a transaction: what that has changed already is not seen here, so the rows can be others.'

export const COPY_NOTE = 'It loads rows that the client sends after the approval: which and how many, nobody sees before, and nothing limits them.'
