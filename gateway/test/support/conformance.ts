import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Gatekeeper } from '../../src/governance/gatekeeper.ts'
import { Governor } from '../../src/governance/govern-exchange.ts'
import { SessionLogins } from '../../src/governance/logins/session-logins.ts'
import { openPolicyHolder } from '../../src/governance/policy/policy-holder.ts'
import type { Ledger } from '../../src/governance/recording/ledger.ts'
import { Sessions } from '../../src/governance/sessions.ts'
import { readConfig } from '../../src/open-state.ts'
import { ownAuthorities } from '../../src/own-secrets.ts'
import type { Listener, ProtocolAdapter } from '../../src/protocols/protocol-adapter.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import { openVault } from '../../src/vault/vault.ts'
import { MasterKey } from '../../src/vault/master-key.ts'

/** What a protocol brings to the suite that every protocol must pass: a real target, and a real client. */
export interface ConformanceSubject {
  readonly adapter: ProtocolAdapter
  /** The entry of target `shop`, and the masks, as YAML. */
  readonly target: string
  readonly masks: string
  readonly secrets: Readonly<Record<string, string>>
  /** CEL that holds of the operations that are refused. */
  readonly refusedWhen: string
  /** Operations as the client writes them. One that reaches the target leaves its tag there. */
  readonly operations: {
    /** Answers with `fine`. */
    allowed(tag: string): string
    refused(tag: string): string
    /** Gives {@link secret}, unless it is masked. */
    readonly revealing: string
    /** Runs until it is ended. */
    readonly endless: string
  }
  readonly secret: string
  /** Runs one operation with a client of its own. Never throws: what the client tells is in the output. */
  run(port: number, token: string, text: string): Promise<{ readonly ok: boolean; readonly output: string }>
  /** Whether the target knows of the tag. */
  reached(tag: string): boolean
  /** Whether the endless operation runs on the target now. */
  runsEndless(): Promise<boolean>
}

export const TOKEN = 'token-of-the-suite'

/** The core around one adapter: real decisions, permits and sessions; identity and ledger are the suite's own. */
export interface ConformanceSetup {
  readonly port: number
  /** While true nothing can be recorded. */
  ledgerBroken: boolean
  /** Permits are spent a second time; true while none could be. */
  readonly secondSpends: { tried: number; succeeded: number }
  /** Ends every session. @returns how many there were */
  endSessions(): number
  close(): Promise<void>
}

export async function setUpConformance(subject: ConformanceSubject): Promise<ConformanceSetup> {
  const storage = await openStorage({ kind: 'sqlite', path: ':memory:' })
  const policies = await openPolicyHolder({
    versions: storage.policyVersions,
    read: (text) => {
      const { policy, policyText } = readConfig(text)
      return { document: policy, text: policyText }
    },
    onListenerError: (error) => { throw error },
  }, { text: documentOf(subject), appliedBy: 'file' })
  const setup = { ledgerBroken: false, secondSpends: { tried: 0, succeeded: 0 } }
  const ledger: Ledger = {
    append: () => undefined,
    onWritten: (done) => void setImmediate(() => done(setup.ledgerBroken ? new Error('the disk is full') : undefined)),
  }
  const identity = { kind: 'agent', name: 'support-bot', issuer: 'test', subject: 'support-bot', groups: [], claims: {}, actors: [] } as const
  const sessions = new Sessions({
    policies, ledger, store: storage.sessions, locks: { on: () => undefined }, maxSessionMs: 3_600_000, now: Date.now,
    authenticator: {
      authenticate(credential) {
        assert.equal(credential, TOKEN)
        return Promise.resolve({ identity, purpose: 'conformance', tokenId: 'suite', expiresAtMs: Date.now() + 3_600_000 })
      },
    },
    recordings: { open: () => Promise.resolve(undefined) },
    reviews: { grantsOf: () => Promise.resolve([]) },
  })
  const notAsked = (): never => assert.fail('nobody is asked here')
  const governor = new Governor({ ledger, sessions, onError: notAsked, followPolicy: notAsked, reviews: { find: notAsked, ask: notAsked, wait: notAsked, use: notAsked, withdraw: notAsked, grantsOf: notAsked } })
  const vault = openVault({ store: storage.vault, masterKey: { current: new MasterKey(randomBytes(32)), earlier: [] } })
  const listener: Listener = await subject.adapter.listen({
    gatekeeper: spendingTwice(governor, setup.secondSpends),
    resolveSecret: (reference) => Promise.resolve(subject.secrets[reference.replace(/^env:/, '')] ?? assert.fail(reference)),
    maskKey: randomBytes(32), authorities: await ownAuthorities(vault), logins: new SessionLogins(storage.sessionLogins, ledger),
    deviceLogins: { issuers: () => [], start: notAsked },
    targets: () => policies.current.document.targets,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  }, { host: '127.0.0.1', port: 0, names: ['127.0.0.1'], maxConnections: 100, maxStatementBytes: 262_144, handshakeTimeoutMs: 30_000 })
  return Object.assign(setup, {
    port: listener.port,
    endSessions: () => sessions.endWhere(() => true, 'the suite ends it'),
    async close() {
      await listener.close()
      await sleep(50)
      await storage.close()
    },
  })
}

/** Spends each permit once more, right after the adapter has. */
function spendingTwice(governor: Governor, spends: { tried: number; succeeded: number }): Gatekeeper {
  return {
    open: (request) => governor.open(request),
    loginRefused: (login, reason) => governor.loginRefused(login, reason),
    finish: (session, number, outcome) => governor.finish(session, number, outcome),
    credentialUsed: (session, use) => governor.credentialUsed(session, use),
    close: (session, reason) => governor.close(session, reason),
    govern: (session, exchange) => governor.govern(session, {
      operation: exchange.operation,
      reviewable: exchange.reviewable,
      refuse: (refusal) => exchange.refuse(refusal),
      forward(permit, number, rowLimit) {
        exchange.forward(permit, number, rowLimit)
        spends.tried++
        try {
          permit.spend(exchange.operation)
          spends.succeeded++
        } catch {
          // As it should be.
        }
      },
    }),
  }
}

function documentOf({ target, masks, refusedWhen }: ConformanceSubject): string {
  return `version: 1
issuers:
  - { name: test, issuer: 'https://login.example.com', audience: sallyport }
agents:
  - { name: support-bot, issuer: test, match: { azp: support-bot }, owner: dana@example.com, purpose: tests }
targets:
${target}masks:
${masks}rules:
  - { name: refused, when: '${refusedWhen}', then: deny, message: the suite refuses this }
  - { name: everything, then: allow }
`
}
