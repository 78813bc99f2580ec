import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordedEvent } from '../../src/governance/recording/event-schema.ts'
import { verifierPath } from '../../src/ledger/layout.ts'
import { readEntries } from '../../src/ledger/read-entries.ts'
import { type VerifyReport, verifyLedger } from '../../src/ledger/verify.ts'

/** An entry that nobody waits for is written within 10 ms; a loaded machine takes longer. */
const UNAWAITED_MS = 100

/** Every event of a ledger in order, with those that were on their way when this was called. */
export async function readEvents(directory: string): Promise<RecordedEvent[]> {
  await sleep(UNAWAITED_MS)
  const events: RecordedEvent[] = []
  for await (const { text } of readEntries(directory)) events.push(JSON.parse(text) as RecordedEvent)
  return events
}

export function proveLedger(directory: string): Promise<VerifyReport> {
  return verifyLedger(directory, readFileSync(verifierPath(directory), 'utf8'))
}
