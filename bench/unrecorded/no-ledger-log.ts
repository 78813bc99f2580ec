import { LedgerLog as RealLedgerLog } from '../../gateway/src/ledger/ledger-log.ts'

/** Tells everybody at once that nothing went wrong, and keeps nothing. */
export class LedgerLog extends RealLedgerLog {
  override append(): void {
    // What is not kept costs nothing.
  }

  override onWritten(done: (error: Error | undefined) => void): void {
    queueMicrotask(() => done(undefined))
  }
}
