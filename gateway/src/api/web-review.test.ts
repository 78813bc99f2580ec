import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { CSRF_HEADER, routes } from '@sallyport/contract'
import { type ReviewApi, startReviewApi } from '../../test/support/review-api.ts'
import type { WebLogin } from '../governance/web-sessions.ts'
import { compilePolicy } from '../governance/policy/compile-policy.ts'
import { LoginTransactions } from '../identity/web/login-transactions.ts'
import { OidcLogin } from '../identity/web/oidc-login.ts'
import { WebSessions } from '../identity/web/web-sessions.ts'
import { createApi } from './create-api.ts'

const ORIGIN = 'http://127.0.0.1:7400'

describe('reviews, answered at the console', () => {
  let setup: ReviewApi
  let sessions: WebSessions
  let api: ReturnType<typeof createApi>
  before(async () => {
    setup = await startReviewApi()
    const { document } = setup.services.policies.current
    const policies = { current: compilePolicy({ ...document, issuers: document.issuers.map((entry) => ({ ...entry, console: { clientId: 'c' } })) }, 1), onChange: () => () => undefined }
    sessions = new WebSessions({ store: setup.storage.webSessions, policies, locks: { on: () => undefined }, idleMs: 60_000, longestMs: 60_000 })
    const oidc = new OidcLogin({ policies, transactions: new LoginTransactions(setup.storage.loginTransactions), origin: () => ORIGIN, secretOf: () => Promise.reject(new Error('none')) })
    const webLogin: WebLogin = {
      origin: () => ORIGIN, longestMs: 60_000, providers: () => [], begin: (provider) => oidc.begin(provider, '/'),
      finish: () => Promise.reject(new Error('not asked')), find: (cookie, use) => sessions.find(cookie, use), logout: () => Promise.resolve(undefined),
    }
    api = createApi({ ...setup.services, policies, webLogin })
  })
  after(() => setup.close())

  async function answer(name: string, groups: readonly string[], review: { id: string; digest: string }, headers: Record<string, string> = {}): Promise<number> {
    const issuer = setup.services.policies.current.document.issuers[0]
    const { cookie, csrf } = await sessions.begin({ claims: { issuer: 'corp', claims: { iss: issuer?.issuer, aud: 'c', sub: name, preferred_username: name, groups } } })
    const response = await api.request(routes.reviewAnswers(review.id), {
      method: 'POST', headers: { cookie: `sallyport=${cookie}`, origin: ORIGIN, [CSRF_HEADER]: csrf, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ answer: 'approve', digest: review.digest, reason: 'looked at it' }),
    })
    return response.status
  }

  it('count as those of the person\'s own login', async () => {
    const review = await setup.ask(await setup.agent())
    assert.equal(await answer('dana', ['dba'], review), 200)
    assert.equal((await setup.storage.reviews.get(review.id))?.state, 'approved')
  })

  it('are refused to who may not, from other sites, and for one\'s own requests', async () => {
    const review = await setup.ask(await setup.person('dana', 'dba'))
    assert.equal(await answer('eve', [], review), 404)
    assert.equal(await answer('olga', ['dba'], review, { origin: 'https://evil.example' }), 403)
    assert.equal(await answer('olga', ['dba'], review, { [CSRF_HEADER]: 'x' }), 403)
    assert.ok([403, 409].includes(await answer('dana', ['dba'], review)))
    assert.equal((await setup.storage.reviews.get(review.id))?.state, 'open')
  })
})
