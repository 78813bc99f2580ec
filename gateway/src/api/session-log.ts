import type { SessionDetail, SessionOperation } from '@sallyport/contract'
import type { OperationDecided, OperationFinished } from '../governance/recording/event-schema.ts'

/** Operations in one answer; the whole is in the ledger. */
const MAX_OPERATIONS = 1_000

/** Reading a large ledger takes time; what was found until then is answered. */
const MAX_READING_MS = 20_000

/** Puts a session's events together as operations: each decision, and how what it allowed ended. */
export async function readSessionLog(events: AsyncIterable<object>): Promise<Pick<SessionDetail, 'log' | 'truncated'>> {
  const log = new Map<number, SessionOperation>()
  const stopAtMs = performance.now() + MAX_READING_MS
  let truncated = false
  for await (const event of events) {
    if (performance.now() > stopAtMs) return { log: [...log.values()], truncated: true }
    if (isEvent<OperationDecided>(event, 'operation.decided')) {
      if (log.size < MAX_OPERATIONS) log.set(event.n, decided(event))
      else truncated = true
    } else if (isEvent<OperationFinished>(event, 'operation.finished')) {
      const operation = log.get(event.n)
      if (operation !== undefined) operation.outcome = outcome(event)
    }
  }
  return { log: [...log.values()], truncated }
}

function isEvent<Event extends { readonly event: string }>(event: object, name: Event['event']): event is Event {
  return 'event' in event && event.event === name
}

function decided(event: OperationDecided): SessionOperation {
  const { n, at, text, actions, objects, decision, rule, policyVersion } = event
  return {
    number: n, at: new Date(at).toISOString(), text, textTruncated: event.textTruncated !== undefined,
    actions: [...actions], objects: [...objects],
    decision: { effect: decision, rule, policyVersion },
    outcome: null,
  }
}

function outcome(event: OperationFinished): SessionOperation['outcome'] {
  const { result, rows, bytes, code, us } = event
  return { result, rows, bytes, code: code ?? null, durationMs: us / 1000 }
}
