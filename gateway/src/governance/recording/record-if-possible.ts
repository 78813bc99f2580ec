import type { Ledger } from './ledger.ts'

/** For what happened anyway: worth recording, but nothing depends on it. Never throws. */
export function recordIfPossible(ledger: Ledger, entry: string): void {
  try {
    ledger.append(entry)
  } catch {
    // The ledger tells of its own fault, and no operation passes until it can write again.
  }
}
