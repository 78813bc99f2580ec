import type { SessionDetail, SessionOperation } from '@sallyport/contract'
import type { OperationDecided, OperationFinished } from '../governance/recording/event-schema.ts'

/** Operations in one answer; the whole is in the ledger. */
const MAX_OPERATIONS = 1_000

/** Reading a large ledger takes time; what was found until then is answered. */
const MAX_READING_MS = 20_000

/**
 * Puts a session's events together as operations: each decision, and how what it allowed ended.
 * @param page `after` is the number of the last operation that is not wanted, `limit` the most that are
 */
export async function readSessionLog(
  events: AsyncIterable<object>, { after = 0, limit = MAX_OPERATIONS }: { after?: number; limit?: number } = {},
): Promise<Pick<SessionDetail, 'log' | 'truncated'>> {
  const log = new Map<number, SessionOperation>()
  const running = new Set<number>()
  const stopAtMs = performance.now() + MAX_READING_MS
  let truncated = false
  for await (const event of events) {
    if (performance.now() > stopAtMs) return { log: [...log.values()], truncated: true }
    if (isEvent<OperationDecided>(event, 'operation.decided') && event.n > after) {
      if (log.size < limit) {
        log.set(event.n, decidedOperation(event))
        if (event.decision === 'allow') running.add(event.n)
      } else truncated = true
    } else if (isEvent<OperationFinished>(event, 'operation.finished')) {
      const operation = log.get(event.n)
      if (operation !== undefined) operation.outcome = operationOutcome(event)
      running.delete(event.n)
    }
    if (truncated && running.size === 0) break
  }
  return { log: [...log.values()], truncated }
}

function isEvent<Event extends { readonly event: string }>(event: object, name: Event['event']): event is Event {
  return 'event' in event && event.event === name
}

export function decidedOperation(event: OperationDecided): SessionOperation {
  const { n, at, text, actions, objects, decision, rule, policyVersion } = event
  return {
    number: n, at: new Date(at).toISOString(), text, textTruncated: event.textTruncated !== undefined,
    actions: [...actions], objects: [...objects],
    decision: { effect: decision, rule, policyVersion },
    outcome: null,
  }
}

export function operationOutcome(event: OperationFinished): NonNullable<SessionOperation['outcome']> {
  const { result, rows, bytes, masked = 0, code, us } = event
  return { result, rows, bytes, masked, code: code ?? null, durationMs: us / 1000 }
}
