import { readFileSync } from 'node:fs'
import type { RecordedEvent } from '../../src/governance/recording/event-schema.ts'
import { verifierPath } from '../../src/ledger/layout.ts'
import { readEntries } from '../../src/ledger/read-entries.ts'
import { type VerifyReport, verifyLedger } from '../../src/ledger/verify.ts'

/** Every event of a ledger in order. */
export async function readEvents(directory: string): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = []
  for await (const { text } of readEntries(directory)) events.push(JSON.parse(text) as RecordedEvent)
  return events
}

export function proveLedger(directory: string): Promise<VerifyReport> {
  return verifyLedger(directory, readFileSync(verifierPath(directory), 'utf8'))
}
