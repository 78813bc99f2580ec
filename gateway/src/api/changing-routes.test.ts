import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ApiError, OAuthError, routes, TOKEN_EXCHANGE_GRANT } from '@sallyport/contract'
import type { ApiServices } from './api-services.ts'
import { createApi } from './create-api.ts'

interface Change {
  readonly path: string
  readonly body?: string
  readonly type?: string
}

/** Every request by which something changes. A new one must be put here, and go on record before it acts. */
const CHANGES: Readonly<Record<string, Change>> = {
  [`POST ${routes.token}`]: {
    path: routes.token, type: 'application/x-www-form-urlencoded',
    body: new URLSearchParams({ grant_type: TOKEN_EXCHANGE_GRANT, subject_token: 'a.b.c', subject_token_type: 'urn:ietf:params:oauth:token-type:access_token', audience: 'shop' }).toString(),
  },
  [`POST ${routes.tokens}/:id/revoke`]: { path: routes.tokenRevocation('tok_1') },
  [`DELETE ${routes.sessions}/:id`]: { path: routes.session('s-1') },
  [`POST ${routes.holds}`]: { path: routes.holds, type: 'application/json', body: '{"kind":"identity","subject":"support-bot","reason":"incident"}' },
  [`DELETE ${routes.holds}/:kind/:subject`]: { path: `${routes.hold('session', 's-1')}?reason=over` },
  [`POST ${routes.reviewChannels}/:name/test`]: { path: routes.reviewChannelTest('on-call') },
  [`POST ${routes.targets}`]: { path: routes.targets, type: 'application/json', body: '{"entry":{"name":"shop"},"dryRun":false}' },
  [`POST ${routes.targetTest}`]: { path: routes.targetTest, type: 'application/json', body: '{"entry":{"name":"shop"}}' },
  [`POST ${routes.policy}`]: { path: routes.policy, type: 'application/yaml', body: 'version: 1' },
}

/** These are put on record by the desk that they are passed to, as review-routes.test.ts shows with the real one. */
const RECORDED_BY_THE_DESK = [
  `POST ${routes.reviews}/:id/answers`, `DELETE ${routes.reviews}/:id`, `POST ${routes.access}`, `POST ${routes.breakGlass}`, `DELETE ${routes.access}/:id`,
  // By the locks; and whoever gives a token up is not kept from that by a ledger that cannot be written.
  `POST ${routes.locks}`, `DELETE ${routes.locks}/:kind/:name`, `POST ${routes.revocation}`,
  // As agent-routes.test.ts and campaign-routes.test.ts show.
  `POST ${routes.agents}`, `DELETE ${routes.agents}/:name`, `POST ${routes.agentPrune}`,
  // As certificate-routes.test.ts shows.
  `POST ${routes.sshCertificates}`,
  // Nothing comes of a check, nor of a look at what a mask makes of samples.
  `POST ${routes.policyCheck}`, `POST ${routes.maskPreview}`,
  `POST ${routes.campaigns}`, ...['decisions', 'close', 'apply'].map((step) => `POST ${routes.campaigns}/:id/${step}`),
]

/** An administrator, and a ledger that can or cannot write. What is done is noted, and what is recorded before it. */
function setUp(ledger: 'writes' | 'full' | 'refuses') {
  const done: string[] = []
  const act = (what: string): void => void done.push(what)
  const identity = { kind: 'person', name: 'dana', issuer: 'corp', subject: 'u-1', groups: ['all'], claims: {}, actors: [] } as const
  const session = { id: 's-1', identity, actors: [] }
  const services = {
    identification: { identify: () => Promise.resolve({ identity, tokenId: 'tok', credential: 'identity-token', purpose: '', mayOpen: () => true }) },
    tokenExchange: { exchange: () => Promise.resolve({ token: 'spt_secret', tokenId: 'tok', identity, targets: ['shop'], purpose: '', expiresAtMs: 1, expiresIn: 1 }) },
    locks: { on: () => undefined } as never,
    revoke: (id: string) => Promise.resolve([id]).finally(() => act('revoke')),
    policies: { current: { version: 1, document: { targets: [], roles: { reviewer: ['all'], operator: ['all'], auditor: ['all'], administrator: ['all'] } } }, onChange: () => () => undefined },
    policyAdministration: { read: () => Promise.resolve(undefined), apply: () => Promise.resolve({ applied: true as const, version: 2 }).finally(() => act('apply')) },
    targets: {
      read: (entry: unknown) => ({ entry }), draft: () => Promise.resolve({ version: 1, problems: [], text: '' }),
      add: () => Promise.resolve({ version: 2, sha256: '' }).finally(() => act('add')), test: () => Promise.resolve({ reached: true, words: '', tookMs: 1 }).finally(() => act('try')),
    },
    sessions: { get: () => Promise.resolve(session), list: () => Promise.resolve([]) },
    endSession: () => Promise.resolve('ended').finally(() => act('end')),
    holds: {
      get: (kind: string) => Promise.resolve(kind === 'session' ? { kind, subject: 's-1', by: 'dana', reason: 'x', placedAtMs: 1 } : undefined),
      place: () => Promise.resolve(act('place')), release: () => Promise.resolve(act('release')), list: () => Promise.resolve([]),
    },
    channels: { states: () => [{ name: 'on-call' }], test: () => Promise.resolve({ delivered: true, error: undefined, tookMs: 1 }).finally(() => act('test')) },
    ledger: {
      append(entry: string) {
        if (ledger === 'refuses') throw new Error('the ledger takes no entries')
        act(`record ${(JSON.parse(entry) as { event: string }).event}`)
      },
      onWritten: (told: (error: Error | undefined) => void) => void setImmediate(told, ledger === 'full' ? new Error('ENOSPC') : undefined),
    },
    log: { info: () => undefined, error: () => undefined },
  } as unknown as ApiServices
  const api = createApi(services)
  const send = (key: string) => {
    const { path, body, type } = CHANGES[key] ?? assert.fail(key)
    const headers = { authorization: 'Bearer a.b.c', ...(type !== undefined && { 'content-type': type }) }
    return api.request(path, { method: key.split(' ')[0] ?? '', headers, ...(body !== undefined && { body }) })
  }
  return { api, done, send }
}

describe('requests of the control API that change something', () => {
  test('are all known to this test', () => {
    const { api } = setUp('writes')
    const changing = api.routes.filter(({ method }) => !['GET', 'HEAD', 'ALL'].includes(method)).map(({ method, path }) => `${method} ${path}`)
    assert.deepEqual([...new Set(changing)].toSorted(), [...Object.keys(CHANGES), ...RECORDED_BY_THE_DESK].toSorted())
  })

  for (const key of Object.keys(CHANGES)) {
    test(`${key} goes on record before it acts`, async () => {
      const { done, send } = setUp('writes')
      const answer = await send(key)
      assert.ok(answer.status < 300, `${answer.status}: ${await answer.text()}`)
      assert.match(done[0] ?? '', /^record (token\.issued|administrator\.acted|hold\.(placed|released))$/)
    })

    for (const ledger of ['full', 'refuses'] as const) {
      test(`${key} does nothing when the ledger ${ledger === 'full' ? 'cannot write' : 'takes no entry'}, and gives nothing out`, async () => {
        const { done, send } = setUp(ledger)
        const answer = await send(key)
        const body = await answer.text()
        assert.ok(answer.status >= 500, `${answer.status}: ${body}`)
        assert.ok(!body.includes('spt_secret'))
        ;(key.includes(routes.token) ? OAuthError : ApiError).parse(JSON.parse(body))
        // A token that could not be recorded is made useless.
        assert.deepEqual(done.filter((what) => !what.startsWith('record ')), key.includes(routes.token) ? ['revoke'] : [])
      })
    }
  }
})
