import type { Ledger } from '../governance/recording/ledger.ts'
import { recordEvent as record } from '../governance/recording/recording-events.ts'
import { ApiFailure } from './api-failure.ts'

const NOT_DONE = 'this could not be put on record, so it was not done'

/**
 * Puts an entry on record and waits until it is there.
 * @param otherwise what a client is told when it cannot be recorded
 * @throws ApiFailure when it cannot be recorded: what the entry announces must then not happen
 */
export async function recordEvent(ledger: Ledger, entry: string, otherwise = NOT_DONE): Promise<void> {
  try {
    await record(ledger, entry)
  } catch {
    throw new ApiFailure('not-recorded', otherwise, 'Try again later, and tell an operator that the ledger cannot be written.')
  }
}
