import type { RelayState } from './relay-state.ts'
import { BACKEND } from './wire/message-types.ts'

/** The target's data would reach the client unmasked, or nobody can tell. The session ends. */
export class UnmaskableError extends Error {
  override readonly name = 'UnmaskableError'
}

/** With these at the latest the target has looked up what a statement names. */
const LOOKED_UP: ReadonlySet<number | undefined> = new Set([BACKEND.rowDescription, BACKEND.dataRow, BACKEND.copyOut, BACKEND.commandComplete])

/**
 * A statement may wait at the target, for a lock or behind others, while another session redefines what it names, and be
 * over before it is defined back: the catalog as it is now says nothing of what it ran by. Asked once a step.
 * @throws UnmaskableError
 */
export function refuseMoved({ inFlight, definitions }: RelayState, type: number | undefined): void {
  const step = inFlight.head
  if (step?.analysedAt === undefined || !LOOKED_UP.has(type)) return
  const { analysedAt, analysis } = step
  step.analysedAt = undefined
  if (!definitions.mayHaveMoved(analysis?.facts.objects ?? [], analysedAt)) return
  throw new UnmaskableError('a table that a statement names was redefined while it ran, so nobody can tell what to mask')
}
