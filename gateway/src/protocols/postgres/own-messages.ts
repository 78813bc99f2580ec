import { errorReport } from './refusal-report.ts'
import { FRONTEND } from './wire/message-types.ts'
import { cstring, int16, message } from './wire/message-writer.ts'

/** What the gateway itself says: to the target in place of a refused message, and to the client in place of an answer. */

/**
 * No SQL: makes the target fail as the client must see it, in whatever transaction state. Never by a name that does
 * not exist: the client could make it exist. The statement has a name because a failed Parse removes the unnamed one.
 */
export const REFUSED_EXTENDED = message(FRONTEND.parse, cstring('refused'), cstring('refused by the gateway'), int16(0))
export const REFUSED_SIMPLE = message(FRONTEND.query, cstring('refused by the gateway'))
export const FLUSH = message(FRONTEND.flush)
export const SYNC = message(FRONTEND.sync)

export const FUNCTION_CALL = errorReport('0A000', 'the FunctionCall message is never passed on', 'Call the function in a SELECT statement.')
export const TOO_MANY_NAMES = errorReport('54000', 'this session holds too many prepared statements and cursors', 'Close or DEALLOCATE some, or connect again.')
export const CHANGED_MEANING = errorReport('55000', 'a name that this portal uses was given another meaning after it was bound', 'Bind the statement again, then execute it.')

export const BOUND_ALONE = errorReport('42501', 'a statement that people must approve, or that is refused, is bound only to be executed', 'Send its Execute message next, before Sync and Flush.')

export function unknownName(kind: 'prepared statement' | 'portal', name: string): Buffer {
  return errorReport(kind === 'portal' ? '34000' : '26000', `${kind} "${name}" does not exist`, 'Prepare it again in this session.')
}
