import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TOKEN_EXCHANGE_GRANT, routes, TokenExchangeResponse } from '@sallyport/contract'
import type { Hono } from 'hono'
import { agentServices } from '../../src/administer-agents.ts'
import { administerPolicy } from '../../src/administer-policy.ts'
import { administerTargets } from '../../src/administer-targets.ts'
import type { ApiServices } from '../../src/api/api-services.ts'
import { createApi } from '../../src/api/create-api.ts'
import type { Identity } from '../../src/governance/identity.ts'
import { openPolicyHolder, type PolicyHolder } from '../../src/governance/policy/policy-holder.ts'
import type { Session } from '../../src/governance/session.ts'
import { IdentityService } from '../../src/identity/identity-service.ts'
import { LedgerIndex } from '../../src/indexing/ledger-index.ts'
import { LedgerScript } from '../../src/indexing/ledger-script.test-support.ts'
import { openLedger } from '../../src/ledger/open-ledger.ts'
import { readConfig } from '../../src/open-state.ts'
import { resolveSecret } from '../../src/vault/resolve-secret.ts'
import { openStorage, type Storage, type StorageLocation } from '../../src/storage/open-storage.ts'
import { startHandmadeIssuer } from './openid-servers.ts'

const JWT = 'urn:ietf:params:oauth:token-type:jwt'

/** Three agents of two owners. Comments and odd spaces are there to be kept. */
export const agentsYaml = (issuer: string): string => `version: 1
# Who may come.
issuers:
  - { name: corp,   issuer: '${issuer}', audience: sallyport, groups: groups, person: preferred_username }
agents:
  # Tickets.
  - { name: support-bot, issuer: corp, match: { azp: support-bot }, owner: dana, purpose: answers tickets, targets: [shop] }
  # Reports.
  - { name: nightly,     issuer: corp, match: { azp: nightly }, owner: dana, purpose: reports }
  - name: old-bot   # nobody knows
    issuer: corp
    match: { azp: old-bot }
    owner: gone@example.com
    purpose: unknown
    expires: 2099-01-31
targets:
  - { name: shop, protocol: postgres, host: 127.0.0.1, port: 5432, database: shop, credential: { user: u, password: 'vault:shop' } }
  - { name: crm,  protocol: postgres, host: 127.0.0.1, port: 5432, database: crm, credential: { user: u, password: 'vault:shop' } }
rules:
  - { name: reads, when: operation.readOnly, then: allow }
  - { name: crm-writes, targets: [crm], then: allow }
  - { name: drops, targets: [shop], when: '"drop" in operation.actions', then: deny }
roles:
  reviewer: [reviewers]
  operator: [ops]
  auditor: [auditors]
  administrator: [admins]
`

/** The control API with all that is behind agents, real: tokens, the document and its versions, storage, ledger, index. */
export interface AgentApi {
  readonly api: Hono
  readonly services: ApiServices
  readonly storage: Storage
  readonly policies: PolicyHolder
  readonly ledgerDirectory: string
  /** What was recorded before this gateway looked. */
  readonly script: LedgerScript
  ledgerBroken: boolean
  /** What `env:NAME` refers to. */
  readonly environment: Record<string, string>
  policyText(): Promise<string>
  person(name: string, ...groups: string[]): Promise<string>
  agent(name: string): Promise<string>
  sessionToken(token: string, actor?: string): Promise<string>
  call(method: string, path: string, as: string, body?: unknown): Promise<{ readonly status: number; readonly body: Record<string, unknown>; readonly text: string }>
  /** A session, as a gateway has it; `end` closes it. */
  session(identity: Partial<Identity>, target: string, operations?: number, refused?: number): Promise<{ readonly id: string; end(): Promise<void> }>
  close(): Promise<void>
}

export async function startAgentApi(location: StorageLocation = { kind: 'sqlite', path: ':memory:' }): Promise<AgentApi> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-agent-api-'))
  const issuer = await startHandmadeIssuer()
  const storage = await openStorage(location)
  const policies = await openPolicyHolder({
    versions: storage.policyVersions,
    read: (text) => {
      const { policy, policyText } = readConfig(text)
      return { document: policy, text: policyText }
    },
    onListenerError: (error) => { throw error },
  }, { text: agentsYaml(issuer.url), appliedBy: 'file' })
  const identity = new IdentityService({ policies, tokens: storage.sessionTokens, locks: { on: () => undefined } })
  const { log: ledger } = await openLedger({ directory: folder, origin: 'test.example/agents', durability: 'batched', onFault: () => undefined })
  const lent: ApiServices['ledger'] = {
    append: (entry) => { if (!setup.ledgerBroken) ledger.append(entry) },
    onWritten: (done) => (setup.ledgerBroken ? setImmediate(done, new Error('disk full')) : ledger.onWritten(done)),
  }
  const index = new LedgerIndex({
    location: { kind: 'sqlite', path: ':memory:' }, log: 'test', directory: folder,
    ledger: { get size() { return ledger.size }, get durableSize() { return ledger.size } }, onError: () => undefined,
  })
  const script = new LedgerScript(ledger, Date.now())
  const agents = agentServices({ policies, storage, rules: index, ledger: lent, locks: () => storage.locks.list(), onError: (error) => { throw error } })
  const environment: Record<string, string> = {}
  const secretOf = async (reference: string) => (await resolveSecret(reference, { environment, folder, warn: () => undefined })).expose()
  const services: Partial<ApiServices> = {
    targets: administerTargets({ policies, storage, listener: () => ({}), lent: { resolveSecret: secretOf, authorities: {} as never }, testTimeoutMs: 3_000, log: { warn: () => undefined } }),
    gateways: { self: 'one', list: () => storage.gateways.list() }, issuerKeys: (url) => identity.verifier.keyState(url),
    listeners: () => [{ protocol: 'postgres', host: '127.0.0.1', port: 15432, names: [], tls: false }],
    identification: identity, tokenExchange: identity, policies, policyAdministration: administerPolicy(policies, storage), ledger: lent, agents, locks: { on: () => undefined } as never, log: { info: () => undefined, error: () => undefined },
  }
  const api = createApi(services as ApiServices)
  let ids = 0
  const setup: AgentApi = {
    api, services: services as ApiServices, storage, policies, ledgerDirectory: folder, script, ledgerBroken: false, environment,
    policyText: async () => (await storage.policyVersions.newest())?.text ?? '',
    person: (name, ...groups) => issuer.token({ azp: 'console', sub: name, preferred_username: name, groups }),
    agent: (name) => issuer.token({ azp: name, sub: name }),
    async sessionToken(token, actor) {
      const form = new URLSearchParams({
        grant_type: TOKEN_EXCHANGE_GRANT, subject_token: token, subject_token_type: JWT, audience: 'shop', purpose: 'ticket 7',
        ...(actor !== undefined && { actor_token: actor, actor_token_type: JWT }),
      })
      const answer = await api.request(routes.token, { method: 'POST', body: form })
      return TokenExchangeResponse.parse(await answer.json()).access_token
    },
    async call(method, path, as, body) {
      const answer = await api.request(path, {
        method, headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await answer.text()
      return { status: answer.status, text, body: JSON.parse(text) as Record<string, unknown> }
    },
    async session(who, target, operations = 1, refused = 0) {
      const session = {
        id: `s-${(ids += 1)}`, openedAtMs: Date.now(), protocol: 'postgres', clientAddress: '192.0.2.7', application: 'psql', operations, refused, grants: [], ended: undefined,
        admission: { identity: { kind: 'agent', name: 'support-bot', issuer: 'corp', subject: 's', groups: [], claims: {}, actors: [], ...who }, purpose: 'p', tokenId: 't', expiresAtMs: Date.now() },
        target: { name: target, protocol: 'postgres', labels: {} },
      } as unknown as Session
      await storage.sessions.opened(session, 'psql')
      return {
        id: session.id,
        async end() {
          storage.sessions.closed(session, 'done')
          await storage.sessions.flush()
        },
      }
    },
    async close() {
      await index.close()
      await ledger.close()
      await storage.close()
      await issuer.close()
      rmSync(folder, { recursive: true })
    },
  }
  return setup
}
