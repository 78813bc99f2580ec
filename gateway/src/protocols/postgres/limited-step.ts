import type { ByteRanges } from '../../bytes/byte-ranges.ts'
import { FLUSH, REFUSED_EXTENDED, SYNC } from './own-messages.ts'
import { errorReport } from './refusal-report.ts'
import type { RelayState } from './relay-state.ts'
import type { Step } from './step.ts'
import { rowsOfTag } from './wire/command-tag.ts'
import { FRONTEND, HEADER_BYTES } from './wire/message-types.ts'
import { cstring, int16, int32, message } from './wire/message-writer.ts'

/**
 * A change whose rows are limited is sent so that its transaction cannot end before its count is known: a Query becomes
 * the same statement in the extended protocol without its Sync; an Execute is only followed by a Flush, because nothing
 * that the client sends after it is looked at yet.
 */

const UNNAMED = cstring('')
const BIND = message(FRONTEND.bind, UNNAMED, UNNAMED, int16(0), int16(0), int16(0))
const DESCRIBE = message(FRONTEND.describe, 'P', UNNAMED)
const EXECUTE = message(FRONTEND.execute, UNNAMED, int32(0))
const CHANGES = /^(?:INSERT \d+|UPDATE|DELETE|MERGE) \d+$/

/** Puts the step's messages for the target into `ranges`. */
export function addLimited(ranges: ByteRanges, step: Step): void {
  if (step.kind === 'query') {
    // The text with its NUL, as the client sent it.
    ranges.add(message(FRONTEND.parse, UNNAMED, step.frame.subarray(step.start + HEADER_BYTES, step.end), int16(0)))
    for (const own of [BIND, DESCRIBE, EXECUTE]) ranges.add(own)
  } else ranges.add(step.frame, step.start, step.end)
  ranges.add(FLUSH)
}

/** The target has completed it. @returns false when it must not become true: the target is made to fail, and the client is told why */
export function withinLimit(state: RelayState, step: Step, frame: Buffer, start: number, end: number): boolean {
  const tag = frame.toString('latin1', start + HEADER_BYTES, end - 1)
  const limit = step.rowLimit ?? 0
  if (!CHANGES.test(tag)) return undo(state, step, 'how many rows it changes cannot be told, and it was approved for a number of rows')
  const rows = rowsOfTag(frame, start + HEADER_BYTES, end - 1)
  return rows <= limit || undo(state, step, `it changes ${rows} rows, and ${limit} were approved`)
}

/** Ends the transaction of a Query, once. */
export function syncLimited(state: RelayState, step: Step): void {
  if (step.kind !== 'query' || step.synced) return
  step.synced = true
  state.upstream.write(SYNC)
  // As after every Query, the target holds no unnamed statement and portal of the client's any more.
  for (const names of [state.names.statements, state.names.confirmedStatements, state.names.portals, state.names.confirmedPortals]) names.delete('')
}

/** An Execute that asks for a part of the rows could leave it at that, and nobody would hear the count. */
export function undo(state: RelayState, step: Step, reason: string): false {
  step.report = errorReport('SPR02', `rolled back: ${reason}`, 'Nothing was changed. Narrow the statement, or send it again to have it reviewed as it is now.')
  state.upstream.write(step.kind === 'query' ? REFUSED_EXTENDED : REFUSED_FLUSHED)
  syncLimited(state, step)
  return false
}

const REFUSED_FLUSHED = Buffer.concat([REFUSED_EXTENDED, FLUSH])
