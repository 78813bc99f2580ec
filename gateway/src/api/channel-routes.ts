import { type ChannelList, type ChannelStatus, type ChannelTest, routes } from '@sallyport/contract'
import type { Hono } from 'hono'
import { encodeAdministratorActed } from '../governance/recording/events.ts'
import type { ChannelState } from '../governance/review/channel-state.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { calledWith, callerOf } from './caller.ts'
import { recordEvent } from './record-event.ts'

const ROLES = ['reviewer', 'operator', 'administrator'] as const

/** Whether people hear of reviews. To be routed before paths with the id of a review. */
export function serveChannels(api: Hono, services: ApiServices): void {
  api.get(routes.reviewChannels, async (context) => {
    const caller = await callerOf(context, services)
    caller.require(...ROLES)
    return context.json({ channels: services.channels.states().map(toStatus) } satisfies ChannelList)
  })

  api.post(`${routes.reviewChannels}/:name/test`, async (context) => {
    const caller = await callerOf(context, services)
    caller.require(...ROLES)
    const name = context.req.param('name')
    // Only what there is may be named in the record.
    if (!services.channels.states().some((channel) => channel.name === name)) throw noSuchChannel()
    await recordEvent(services.ledger, encodeAdministratorActed({ by: caller.identity.name, action: 'channel.test', subject: name, reason: calledWith(caller) }, Date.now()))
    const trial = await services.channels.test(name, caller.identity.name)
    if (trial === 'unknown') throw noSuchChannel()
    if (trial === 'busy') throw new ApiFailure('too-many-requests', 'this channel is being tested already', 'Try again in a moment.')
    return context.json({ delivered: trial.delivered, error: trial.error ?? null, tookMs: trial.tookMs } satisfies ChannelTest)
  })
}

function noSuchChannel(): ApiFailure {
  return new ApiFailure('not-found', 'there is no such channel', `See which there are: GET ${routes.reviewChannels}. They stand in gateway.reviews of the configuration.`)
}

function toStatus({ name, origin, events, state, failingSinceMs, lastError, waiting, dropped, delivered }: ChannelState): ChannelStatus {
  return {
    name, origin, events: [...events], state, failingSince: failingSinceMs === undefined ? null : new Date(failingSinceMs).toISOString(),
    lastError: lastError ?? null, waiting, dropped, delivered,
  }
}
