import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ApiError, ChannelList, ChannelTest, routes } from '@sallyport/contract'
import type { ChannelState, ChannelTrial, ReviewChannels } from '../governance/review/channel-state.ts'
import type { ApiServices } from './api-services.ts'
import { createApi } from './create-api.ts'

const failing: ChannelState = {
  name: 'on-call', origin: 'https://chat.example.com', events: ['review.requested'], state: 'failing', failingSinceMs: 0,
  lastError: 'it redirects', waiting: 3, dropped: 1, delivered: 7,
}

/** Channels over real HTTP are in gateway/src/webhooks; who a token stands for is asked of real tokens in create-api.test.ts. */
function setUp(trial: ChannelTrial | 'busy' | 'unknown' = { delivered: false, error: 'it redirects', tookMs: 12 }, writes = true) {
  const did: string[] = []
  const channels: ReviewChannels = {
    states: () => [failing],
    test: (name, by) => {
      did.push(`test ${name} by ${by}`)
      return Promise.resolve(trial)
    },
  }
  const services: Partial<ApiServices> = {
    identification: {
      identify: (token: string) => Promise.resolve({ identity: { kind: token === 'bot' ? 'agent' : 'person', name: token, issuer: 'corp', subject: token, groups: [token === 'bot' ? 'ops' : token], actors: [], claims: {} }, tokenId: 't' }),
    } as never,
    policies: { current: { document: { roles: { auditor: ['audit'], administrator: ['admin'], operator: ['ops'], reviewer: ['dba'] } } } } as never,
    ledger: {
      append: (entry) => void did.push((JSON.parse(entry) as { action: string }).action),
      onWritten: (done) => setImmediate(done, writes ? undefined : new Error('disk full')),
    },
    channels,
    locks: { on: () => undefined } as never,
    log: { info: () => undefined, error: () => undefined },
  }
  const api = createApi(services as ApiServices)
  return { did, send: (method: string, path: string, who: string) => api.request(path, { method, headers: { authorization: `Bearer ${who}` } }) }
}

describe('channels over the control API', () => {
  it('are shown to reviewers, operators and administrators, and tested by them', async () => {
    const { did, send } = setUp()
    for (const who of ['dba', 'ops', 'admin']) {
      const { channels } = ChannelList.parse(await (await send('GET', routes.reviewChannels, who)).json())
      const { failingSinceMs, ...same } = failing
      assert.deepEqual(channels, [{ ...same, failingSince: new Date(failingSinceMs ?? -1).toISOString() }])
      const response = await send('POST', routes.reviewChannelTest('on-call'), who)
      assert.deepEqual(ChannelTest.parse(await response.json()), { delivered: false, error: 'it redirects', tookMs: 12 })
    }
    assert.deepEqual(did.slice(0, 2), ['channel.test', 'test on-call by dba'])
  })

  it('are nobody else\'s business', async () => {
    const { did, send } = setUp()
    for (const who of ['audit', 'nobody', 'bot']) {
      assert.equal((await send('GET', routes.reviewChannels, who)).status, 403, who)
      assert.equal((await send('POST', routes.reviewChannelTest('on-call'), who)).status, 403, who)
    }
    assert.deepEqual(did, [])
  })

  it('are not tested before that is on record, nor when there are none of that name, nor twice at once', async () => {
    const full = setUp(undefined, false)
    assert.equal((await full.send('POST', routes.reviewChannelTest('on-call'), 'ops')).status, 503)
    assert.deepEqual(full.did, ['channel.test'])
    const { did, send } = setUp()
    for (const name of ['other', 'a/b', '..']) {
      const response = await send('POST', routes.reviewChannelTest(name), 'ops')
      assert.equal(response.status, 404, name)
      ApiError.parse(await response.json())
    }
    assert.deepEqual(did, [])
    assert.equal((await setUp('busy').send('POST', routes.reviewChannelTest('on-call'), 'ops')).status, 429)
  })
})
