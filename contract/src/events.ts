import { z } from 'zod'
import { campaignEvents } from './events/campaign-events.ts'
import { gatewayEvents } from './events/gateway-events.ts'
import { recordingEvents } from './events/recording-events.ts'
import { reviewEvents } from './events/review-events.ts'
import { sessionEvents } from './events/session-events.ts'

/**
 * Every event that goes into the ledger, version 1: docs/reference/events.md is made of this. Readers ignore members
 * and events that they do not know. A member never gets another meaning: a change of meaning raises `v`.
 */
export const ledgerEvents = [...sessionEvents, ...reviewEvents, ...recordingEvents, ...campaignEvents, ...gatewayEvents] as const

export const LedgerEvent = z.discriminatedUnion('event', ledgerEvents)
export type LedgerEvent = z.infer<typeof LedgerEvent>

/** JSON Schema 2020-12 of one entry of the ledger. */
export function ledgerEventSchema(): object {
  return {
    ...z.toJSONSchema(LedgerEvent, { io: 'input' }),
    $id: 'urn:sallyport:ledger-event:1',
    title: 'An entry of a Sallyport ledger, version 1',
  }
}
