import { setImmediate } from 'node:timers'

const waiting: (() => void)[] = []
let count = 0

/** Calls `then` once the event loop has dealt with everything that arrived together. It must not throw. */
export function atEndOfTurn(then: () => void): void {
  waiting[count] = then
  if (++count === 1) setImmediate(callAll)
}

/** What the calls themselves put off is dealt with too. */
function callAll(): void {
  for (let at = 0; at < count; at++) waiting[at]?.()
  // Emptying the array costs more than what stays in it: functions that live as long as their sessions.
  count = 0
}
