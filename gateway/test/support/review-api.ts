import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TOKEN_EXCHANGE_GRANT, type ReviewLine, ReviewLine as Line, routes, TokenExchangeResponse } from '@sallyport/contract'
import type { Hono } from 'hono'
import type { ApiServices } from '../../src/api/api-services.ts'
import { createApi } from '../../src/api/create-api.ts'
import { compilePolicy } from '../../src/governance/policy/compile-policy.ts'
import type { PolicyDocument } from '../../src/governance/policy/policy-document.ts'
import type { Policy, PolicySource } from '../../src/governance/policy/policy.ts'
import type { OperationReview, ReviewDemand } from '../../src/governance/review/review.ts'
import { Reviews } from '../../src/governance/review/reviews.ts'
import type { Session } from '../../src/governance/session.ts'
import { IdentityService } from '../../src/identity/identity-service.ts'
import { openLedger } from '../../src/ledger/open-ledger.ts'
import { LocalSignals } from '../../src/storage/local-signals.ts'
import { openStorage, type Storage } from '../../src/storage/open-storage.ts'
import { documentFor } from './identity-setup.ts'
import { type HandmadeIssuer, startHandmadeIssuer } from './openid-servers.ts'

const JWT = 'urn:ietf:params:oauth:token-type:jwt'

const RULES: PolicyDocument['rules'] = [
  { name: 'writes', when: '!operation.readOnly', then: 'review', reviewers: ['dba'], breakGlass: ['oncall'] },
  { name: 'night', targets: ['shop'], then: 'allow', during: 'access-review', reviewers: ['dba'], longestMs: 2 * 3_600_000 },
]

/** The control API with all that is behind reviews, real: tokens, policy, storage, ledger, desk. */
export interface ReviewApi {
  readonly api: Hono
  readonly services: ApiServices
  readonly storage: Storage
  readonly ledgerDirectory: string
  readonly signals: LocalSignals
  /** Grants whose sessions were ended. */
  readonly ended: string[]
  /** While true nothing can be recorded. */
  ledgerBroken: boolean
  /** An identity token of a person; the name is the subject too. */
  person(name: string, ...groups: string[]): Promise<string>
  agent(name?: 'support-bot' | 'nightly-report'): Promise<string>
  /** For the target `shop` unless another is named. */
  sessionToken(token: string, actor?: string, target?: string): Promise<string>
  revoke(token: string): Promise<void>
  call(method: string, path: string, as: string, body?: unknown): Promise<{ readonly status: number; readonly body: Record<string, unknown>; readonly text: string }>
  /** What happens when such a token's holder sends an operation that wants a review. */
  ask(token: string, operation?: AskedOperation): Promise<OperationReview>
  close(): Promise<void>
}

export interface AskedOperation {
  readonly text?: string
  readonly demands?: readonly Partial<ReviewDemand>[]
}

export async function startReviewApi(): Promise<ReviewApi> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-review-api-'))
  const issuer = await startHandmadeIssuer()
  const document: PolicyDocument = { ...documentFor(issuer.url), rules: RULES }
  const policies: PolicySource = { current: compilePolicy(document, 1), onChange: () => () => undefined }
  const storage = await openStorage({ kind: 'sqlite', path: ':memory:' })
  const identity = new IdentityService({ policies, tokens: storage.sessionTokens, locks: { on: () => undefined } })
  const { log: ledger } = await openLedger({ directory: folder, origin: 'test.example/reviews', durability: 'batched', onFault: () => undefined })
  const ended: string[] = []
  const signals = new LocalSignals((error) => { throw error })
  const lent: ApiServices['ledger'] = {
    append: (entry) => ledger.append(entry),
    onWritten: (done) => (setup.ledgerBroken ? setImmediate(done, new Error('disk full')) : ledger.onWritten(done)),
  }
  const reviews = new Reviews({ locks: { on: () => undefined },
    store: storage.reviews, signals, ledger: lent, channels: [], policies, now: Date.now, onError: (error) => { throw error },
    history: { touched: () => Promise.resolve([]), lately: () => Promise.resolve([{ text: 'drop table x', decision: 'deny', atMs: Date.now() }]) },
    endSessions: (grant) => void ended.push(grant.id),
  })
  await reviews.start()
  const services: Partial<ApiServices> = {
    identification: identity, tokenExchange: identity, revoke: (id) => identity.revoke(id), policies, ledger: lent,
    reviews, reviewStore: storage.reviews, signals, locks: { on: () => undefined } as never, log: { info: () => undefined, error: () => undefined },
  }
  const api = createApi(services as ApiServices)
  const setup: ReviewApi = {
    api, services: services as ApiServices, storage, ledgerDirectory: folder, signals, ended, ledgerBroken: false,
    person: (name, ...groups) => issuer.token({ azp: 'console', sub: name, preferred_username: name, groups }),
    agent: (name = 'support-bot') => agentToken(issuer, name),
    async sessionToken(token, actor, target = 'shop') {
      const form = new URLSearchParams({
        grant_type: TOKEN_EXCHANGE_GRANT, subject_token: token, subject_token_type: JWT, audience: target, purpose: 'ticket 7',
        ...(actor !== undefined && { actor_token: actor, actor_token_type: JWT }),
      })
      const answer = await api.request(routes.token, { method: 'POST', body: form })
      return TokenExchangeResponse.parse(await answer.json()).access_token
    },
    revoke: async (token) => void await identity.revoke((await identity.identify(token)).tokenId),
    async call(method, path, as, body) {
      const answer = await api.request(path, {
        method, headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await answer.text()
      return { status: answer.status, text, body: JSON.parse(text) as Record<string, unknown> }
    },
    async ask(token, { text = 'update orders set status = $1', demands = [{}] } = {}) {
      // Those of one millisecond are in no order.
      await sleep(2)
      const session = await sessionOf(identity, token, policies.current)
      return reviews.ask({
        session, operationNumber: 3, policyVersion: 1,
        operation: {
          protocol: 'postgres', text, parameters: ['sent', null],
          facts: { actions: ['update'], objects: ['public.orders'], functions: [], readOnly: false, filtered: false, unknown: false, statements: 1 },
        },
        reviewable: { digest: 'ab'.repeat(32), definitions: [], inTransaction: false },
        demands: demands.map((demand) => ({ rule: 'writes', reviewers: ['dba'], approvals: 1, holdMs: 1, transactionHoldMs: 1, expiresMs: 600_000, preview: 'count', ...demand })),
        preview: { method: 'counted', rows: 12, atMost: false, tables: [], sample: [{ before: { id: '1', status: 'SAMPLE' }, after: undefined }], notes: ['a note'] },
      })
    },
    async close() {
      await reviews.close()
      await ledger.close()
      await storage.close()
      await issuer.close()
      rmSync(folder, { recursive: true })
    },
  }
  return setup
}

function agentToken(issuer: HandmadeIssuer, name: string): Promise<string> {
  return name === 'support-bot' ? issuer.token() : issuer.token({ azp: 'nightly', role: 'report', sub: name })
}

async function sessionOf(identity: IdentityService, token: string, policy: Policy): Promise<Session> {
  const admission = await identity.authenticate(token, 'shop')
  const target = policy.document.targets.find(({ name }) => name === 'shop')
  if (target === undefined) throw new Error('there is no shop')
  return {
    id: 's-1', openedAtMs: Date.now(), protocol: 'postgres', clientAddress: '192.0.2.7', application: 'psql', operations: 3, refused: 1, grants: [], ended: undefined,
    admission, target, policy: policy.forSession({ identity: admission.identity, target, purpose: admission.purpose }),
  }
}

/** Lines of a followed answer, each as soon as it comes. */
export class FollowedLines {
  readonly status: number
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  #rest = ''

  constructor(response: Response) {
    this.status = response.status
    this.#reader = response.body?.getReader()
  }

  /** Undefined at the end. */
  async next(): Promise<ReviewLine | undefined> {
    for (;;) {
      const at = this.#rest.indexOf('\n')
      if (at >= 0) {
        const text = this.#rest.slice(0, at)
        this.#rest = this.#rest.slice(at + 1)
        if (text !== '') return Line.parse(JSON.parse(text))
        continue
      }
      const part = await this.#reader?.read()
      if (part?.value === undefined) return undefined
      this.#rest += Buffer.from(part.value).toString()
    }
  }

  /** Up to and with the first of that type. */
  async until(type: ReviewLine['type']): Promise<ReviewLine[]> {
    const lines: ReviewLine[] = []
    for (let line = await this.next(); line !== undefined; line = await this.next()) {
      lines.push(line)
      if (line.type === type) return lines
    }
    throw new Error(`no ${type} came: ${JSON.stringify(lines)}`)
  }

  async leave(): Promise<void> {
    await this.#reader?.cancel()
  }
}
