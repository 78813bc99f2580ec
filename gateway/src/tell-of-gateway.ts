import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { repeat } from './governance/repeat.ts'
import type { GatewayTable } from './storage/gateway-table.ts'

const EVERY_MS = 10_000
/** How long the end waits for the database. */
const END_MS = 2_000

export interface TellOfGatewayOptions {
  readonly id: string
  readonly version: string
  readonly policyVersion: () => number
  readonly table: Pick<GatewayTable, 'beat' | 'stopped' | 'forget'>
  readonly onError: (error: Error, message: string) => void
}

/**
 * Tells, in the state database, that this gateway runs, for as long as it does. Nothing waits for it: a database that
 * does not answer shows there by what needs it.
 * @returns ends it, and tells that the gateway was closed in order
 */
export async function tellOfGateway({ id, version, policyVersion, table, onError }: TellOfGatewayOptions): Promise<() => Promise<void>> {
  const startedAtMs = Date.now()
  const orReported = (work: Promise<void>): Promise<void> => work.catch((error: unknown) => onError(error instanceof Error ? error : new Error(String(error)), 'that this gateway runs could not be kept'))
  const beat = (): Promise<void> => orReported(table.beat({ id, host: hostname(), version, policyVersion: policyVersion(), startedAtMs, seenAtMs: Date.now() }))
  await orReported(table.forget(startedAtMs))
  await beat()
  const endBeats = repeat(EVERY_MS, beat)
  return async () => {
    const done = new AbortController()
    const told = endBeats().then(() => orReported(table.stopped(id, Date.now()))).finally(() => done.abort())
    // A database that does not answer is not waited for.
    await Promise.race([told, sleep(END_MS, undefined, { signal: done.signal }).catch(() => undefined)])
  }
}
