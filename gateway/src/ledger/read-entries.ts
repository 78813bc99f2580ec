import type { RecordedEvent } from '../governance/recording/event-schema.ts'
import { FILE_ENTRIES, journalFolder, PREFIX_BYTES } from './layout.ts'
import { listFiles, scanJournalFile } from './scan-journal.ts'

export interface LedgerEntry {
  readonly index: number
  readonly text: string
}

/** The framed bytes of entries, in order. Only valid until the next is asked for. */
async function* readFramed(directory: string, from: number): AsyncGenerator<{ index: number; bytes: Buffer }> {
  for (const file of await listFiles(journalFolder(directory))) {
    let index = file * FILE_ENTRIES
    if (index + FILE_ENTRIES <= from) continue
    for await (const { bytes, start, end } of scanJournalFile(directory, file)) {
      for (let at = start; at < end; index++) {
        const next = at + PREFIX_BYTES + bytes.readUInt16BE(at)
        if (index >= from) yield { index, bytes: bytes.subarray(at + PREFIX_BYTES, next) }
        at = next
      }
    }
  }
}

/**
 * Entries in order, up to the last complete one; reading proves nothing, see {@link verifyLedger}. Works beside a
 * running gateway.
 */
export async function* readEntries(directory: string, options: { from?: number } = {}): AsyncGenerator<LedgerEntry> {
  for await (const { index, bytes } of readFramed(directory, options.from ?? 0)) yield { index, text: bytes.toString('utf8') }
}

/** Events of one session, in order. Reads the whole ledger, parsing only entries that hold the session's id. */
export async function* readSessionEvents(
  directory: string, sessionId: string, options: { from?: number } = {},
): AsyncGenerator<{ index: number; event: RecordedEvent }> {
  for await (const { index, event } of readSessionEntries(directory, sessionId, options)) yield { index, event }
}

/** As {@link readSessionEvents}, with the bytes that were hashed. Only valid until the next is asked for. */
export async function* readSessionEntries(
  directory: string, sessionId: string, options: { from?: number } = {},
): AsyncGenerator<{ index: number; bytes: Buffer; event: RecordedEvent }> {
  const needle = Buffer.from(`"session":${JSON.stringify(sessionId)}`)
  for await (const { index, bytes } of readFramed(directory, options.from ?? 0)) {
    if (!bytes.includes(needle)) continue
    const event = JSON.parse(bytes.toString('utf8')) as RecordedEvent
    // The id may also stand in some statement's text.
    if ('session' in event && event.session === sessionId) yield { index, bytes, event }
  }
}
