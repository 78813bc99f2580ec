import type { Session } from '@sallyport/contract'
import type { SessionOwner, SessionRecord } from '../governance/recording/session-store.ts'
import { isDoneBy } from '../governance/review/requester.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import type { Caller } from './caller.ts'

/** What may not be seen is not there: ids of others' sessions cannot be found out. @throws ApiFailure */
export async function visible(id: string, caller: Caller, services: ApiServices): Promise<SessionRecord> {
  const record = id.length > 64 ? undefined : await services.sessions.get(id)
  if (record === undefined || !(seesAll(caller) || isOwn(record, caller))) {
    throw new ApiFailure('not-found', 'there is no such session, or you may not see it', 'See those that you may: `sallyport session list`, or GET /api/v1/sessions.')
  }
  return record
}

/**
 * Where the ledger is that has what the session did: each gateway has its own, however much state they share.
 * @returns undefined when it is here; else the machine of the other gateway, as far as it is known
 */
export async function recordedElsewhere(record: SessionRecord, { gateways, reading }: ApiServices): Promise<string | undefined> {
  if (record.gateway === gateways.self) return undefined
  // Its ledger may have come here with another id, as from a backup.
  for await (const _ of reading.events(record.id)) return undefined
  return (await gateways.list()).find(({ id }) => id === record.gateway)?.host ?? 'a machine not heard of any more'
}

/** @throws ApiFailure rather than to answer with a session in which nothing happened */
export async function requireRecordedHere(record: SessionRecord, services: ApiServices): Promise<void> {
  const host = await recordedElsewhere(record, services)
  if (host !== undefined) throw new ApiFailure('not-found', `what this session did is in the ledger of another gateway, on ${host}`, 'Ask that one: --api URL, or the same path at its address.')
}

export function seesAll(caller: Caller): boolean {
  return caller.holds('auditor', 'operator', 'administrator')
}

/** Whose sessions are shown to who does not see all. A session token shows no more than the targets that it opens. */
export function ownerOf({ identity, targets }: Caller): SessionOwner {
  const { name, kind, issuer, actors } = identity
  return { name, kind, issuer, actors, ...(targets !== undefined && { targets }) }
}

function isOwn(record: SessionRecord, caller: Caller): boolean {
  const { name, kind, issuer, targets } = ownerOf(caller)
  return record.identity.name === name && record.identity.kind === kind && record.identity.issuer === issuer
    && isDoneBy(caller.identity, record.actors) && (targets?.includes(record.target) ?? true)
}

export function toSession(record: SessionRecord): Session {
  const { openedAtMs, closedAtMs, gateway: _, ...same } = record
  return {
    ...same,
    actors: [...same.actors],
    openedAt: new Date(openedAtMs).toISOString(),
    closedAt: closedAtMs === null ? null : new Date(closedAtMs).toISOString(),
  }
}
