import type { SealedOriginals } from '@sallyport/contract'
import type { Context } from 'hono'
import { encodeAdministratorActed } from '../governance/recording/events.ts'
import type { ApiServices } from './api-services.ts'
import { calledWith, callerOf } from './caller.ts'
import { takeReader } from './reading-slots.ts'
import { recordEvent } from './record-event.ts'
import { requireRecordedHere, visible } from './session-access.ts'
import { streamResponse } from './stream-response.ts'

/** A session's masked values, sealed to the auditor: the gateway itself cannot read them. That they were asked for goes on record first. */
export async function downloadOriginals(context: Context, services: ApiServices, id: string): Promise<Response> {
  const caller = await callerOf(context, services)
  caller.require('auditor')
  const record = await visible(id, caller, services)
  await requireRecordedHere(record, services)
  const { id: session } = record
  const act = { by: caller.identity.name, action: 'session.originals', subject: session, reason: calledWith(caller) }
  await recordEvent(services.ledger, encodeAdministratorActed(act, Date.now()))
  const release = takeReader('one')
  return streamResponse(lines(services.reading.originals(session)), { contentType: 'application/x-ndjson', onEnd: release })
}

async function* lines(messages: AsyncIterable<Buffer>): AsyncGenerator<string> {
  for await (const message of messages) yield `${JSON.stringify({ sealed: message.toString('base64') } satisfies SealedOriginals)}\n`
}
