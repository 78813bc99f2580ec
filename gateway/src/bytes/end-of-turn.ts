const waiting: (() => void)[] = []

/** Calls `then` once the event loop has dealt with everything that arrived together. It must not throw. */
export function atEndOfTurn(then: () => void): void {
  if (waiting.push(then) === 1) setImmediate(callAll)
}

function callAll(): void {
  for (const then of waiting.splice(0)) then()
}
