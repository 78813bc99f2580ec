import { setImmediate } from 'node:timers'

const waiting: (() => void)[] = []
let count = 0
let next = 0

/**
 * Calls `then` once the event loop has dealt with everything that arrived together. What it throws is uncaught, as from a
 * timer, and keeps none of the others from being called.
 */
export function atEndOfTurn(then: () => void): void {
  waiting[count++] = then
  if (count === 1) setImmediate(callAll)
}

/** What the calls themselves put off is dealt with too. */
function callAll(): void {
  try {
    while (next < count) {
      const then = waiting[next] ?? nothing
      // Shrinking the array costs more than leaving it as it is; but it must not keep sessions that are over.
      waiting[next++] = nothing
      then()
    }
  } finally {
    if (next < count) setImmediate(callAll)
    else next = count = 0
  }
}

function nothing(): void {}
