import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ApiServices } from '../../src/api/api-services.ts'
import { createApi } from '../../src/api/create-api.ts'
import { serveApi } from '../../src/api/serve-api.ts'
import type { PolicyDocument } from '../../src/governance/policy/policy-document.ts'
import { Locks } from '../../src/governance/locks/locks.ts'
import { IdentityService } from '../../src/identity/identity-service.ts'
import { ConsoleLogin } from '../../src/identity/web/console-login.ts'
import { LoginTransactions } from '../../src/identity/web/login-transactions.ts'
import { OidcLogin } from '../../src/identity/web/oidc-login.ts'
import { WebSessions } from '../../src/identity/web/web-sessions.ts'
import { openLedger } from '../../src/ledger/open-ledger.ts'
import { openStorage, type Storage } from '../../src/storage/open-storage.ts'
import type { Browser, Page } from './browser.ts'
import { documentFor, ReplaceablePolicy } from './identity-setup.ts'
import { readEvents } from './ledger-records.ts'
import { CONSOLE_CLIENT } from './login-provider.ts'

export const IDLE_MS = 30 * 60_000
export const LONGEST_MS = 12 * 3_600_000

/** The control API with logins of people behind it, real but for the policy's administration. */
export interface ConsoleSetup {
  readonly url: string
  readonly policy: ReplaceablePolicy
  readonly storage: Storage
  readonly sessions: WebSessions
  readonly locks: Locks
  readonly service: IdentityService
  /** What the gateway logged, as text. */
  readonly logged: string[]
  /** Added to the clock of sessions, transactions and verification. */
  clockOffsetMs: number
  /** While true nothing can be recorded. */
  ledgerBroken: boolean
  /** Events of the ledger of that kind, oldest first. */
  events(event: string): Promise<readonly Record<string, unknown>[]>
  /** Every byte that was kept in files, as Latin-1. */
  keptBytes(): string
  /** Lets people of these issuers log in. */
  configure(issuers: Readonly<Record<string, { issuer: string; secret?: string }>>): void
  /** A login up to the provider's answer, which the browser has not gone to. */
  answerFor(browser: Browser, provider?: string, next?: string): Promise<string>
  logIn(browser: Browser, provider?: string, next?: string): Promise<Page>
  session(browser: Browser): Promise<{ csrf: string; name: string; roles: string[]; groups: string[] }>
  close(): Promise<void>
}

export async function setUpConsole(): Promise<ConsoleSetup> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-console-'))
  const ledgerFolder = join(folder, 'ledger')
  const policy = new ReplaceablePolicy(documentFor('http://127.0.0.1:1'))
  const storage = await openStorage({ kind: 'sqlite', path: join(folder, 'state.db') })
  const { log: ledger } = await openLedger({ directory: ledgerFolder, origin: 'test.example/console', durability: 'batched', onFault: () => undefined })
  const logged: string[] = []
  const note = (details: object, message: string) => void logged.push(`${JSON.stringify(details)} ${message}`)
  const now = () => Date.now() + setup.clockOffsetMs
  const secrets = new Map<string, string>()
  const locks = new Locks({
    store: storage.locks, signals: storage.signals, ledger, now: Date.now, onError: (error) => { throw error },
    endSessions: () => undefined, shutOut: async (covers) => void await sessions.endWhere(covers),
  })
  const service = new IdentityService({ policies: policy, tokens: storage.sessionTokens, locks })
  const sessions = new WebSessions({ store: storage.webSessions, policies: policy, idleMs: IDLE_MS, longestMs: LONGEST_MS, locks, now })
  await locks.start()
  const listening: { url?: string } = {}
  const origin = () => listening.url
  const oidc = new OidcLogin({
    policies: policy, transactions: new LoginTransactions(storage.loginTransactions, now), origin,
    issuerKeys: { now, failureCooldownMs: 0, cooldownMs: 0, timeoutMs: 1_000 },
    secretOf: (reference) => {
      const secret = secrets.get(reference)
      return secret === undefined ? Promise.reject(new Error(`no ${reference}`)) : Promise.resolve(secret)
    },
  })
  const services: Partial<ApiServices> = {
    identification: service, tokenExchange: service, policies: policy, locks, webLogin: new ConsoleLogin({ oidc, sessions, origin }),
    sessions: storage.sessions, listeners: () => [], certification: () => undefined, reviewStore: storage.reviews, signals: storage.signals,
    policyAdministration: { read: () => Promise.resolve(undefined), list: () => Promise.resolve([]), check: () => [], schema: () => ({}), masks: () => [], apply: () => Promise.resolve({ applied: true, version: 2 }) },
    ledger: {
      append: (entry) => ledger.append(entry),
      onWritten: (done) => (setup.ledgerBroken ? setImmediate(done, new Error('disk full')) : ledger.onWritten(done)),
    },
    log: { info: note, error: note },
  }
  const server = await serveApi(createApi(services as ApiServices), { port: 0 })
  const { url } = server
  listening.url = url
  const setup: ConsoleSetup = {
    url, policy, storage, sessions, locks, service, logged, clockOffsetMs: 0, ledgerBroken: false,
    async events(event) {
      await new Promise<void>((resolve) => ledger.onWritten(() => resolve()))
      return (await readEvents(ledgerFolder)).filter((one) => one.event === event).map((one) => ({ ...one }))
    },
    keptBytes: () => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)).toString('latin1')).join('\n'),
    configure(issuers) {
      const document: PolicyDocument = documentFor(Object.values(issuers)[0]?.issuer ?? '')
      const entries = Object.entries(issuers).map(([name, { issuer, secret }]) => {
        if (secret !== undefined) secrets.set(`env:${name}`, secret)
        const console = { clientId: CONSOLE_CLIENT, ...(secret === undefined ? {} : { clientSecret: `env:${name}` }) }
        return { name, issuer, audience: 'sallyport', groups: 'groups', person: 'preferred_username', console }
      })
      policy.document = { ...document, issuers: entries, roles: { ...document.roles, viewer: ['everybody'] } }
    },
    async answerFor(browser, provider = 'corp', next = '/reviews') {
      const page = await browser.follow(`${url}/auth/login/${provider}?next=${encodeURIComponent(next)}`, (at) => at.startsWith(`${url}/auth/callback/`))
      assert.ok(page.url.startsWith(`${url}/auth/callback/`), `${page.status} ${page.url} ${page.body}`)
      return page.url
    },
    async logIn(browser, provider, next) {
      return browser.go(await setup.answerFor(browser, provider, next))
    },
    async session(browser) {
      const page = await browser.ask(`${url}/auth/session`)
      assert.equal(page.status, 200, page.body)
      return JSON.parse(page.body) as Awaited<ReturnType<ConsoleSetup['session']>>
    },
    async close() {
      await server.close()
      await locks.close()
      await ledger.close()
      await storage.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return setup
}
