import { compilePolicy } from '../../src/governance/policy/compile-policy.ts'
import type { PolicyDocument, RuleEntry } from '../../src/governance/policy/policy-document.ts'
import type { RecordedEvent } from '../../src/governance/recording/event-schema.ts'
import type { Ledger } from '../../src/governance/recording/ledger.ts'
import type { Grant } from '../../src/governance/review/grant.ts'
import type { ReviewNews } from '../../src/governance/review/review-channel.ts'
import type { OperationRequest } from '../../src/governance/review/review-desk.ts'
import type { ReviewHistory } from '../../src/governance/review/review-history.ts'
import type { ReviewStore } from '../../src/governance/review/review-store.ts'
import type { Requester, ReviewDemand } from '../../src/governance/review/review.ts'
import { Reviews } from '../../src/governance/review/reviews.ts'
import type { Session } from '../../src/governance/session.ts'
import { openStorage, type Storage } from '../../src/storage/open-storage.ts'

/** Keeps entries in memory, and fails when told to. */
export class FailingLedger implements Ledger {
  readonly written: RecordedEvent[] = []
  /** Whether the entry cannot be written; asked once for each, in order. */
  fails: (event: RecordedEvent) => boolean = () => false
  #waiting: RecordedEvent[] = []

  append(entry: string): void {
    this.#waiting.push(JSON.parse(entry) as RecordedEvent)
  }

  onWritten(done: (error: Error | undefined) => void): void {
    const batch = this.#waiting
    this.#waiting = []
    const failed = batch.map((event) => this.fails(event)).includes(true)
    if (!failed) this.written.push(...batch)
    setImmediate(() => done(failed ? new Error('the disk is full') : undefined))
  }

  /** Entries that nobody waited for, too. */
  get all(): RecordedEvent[] {
    return [...this.written, ...this.#waiting]
  }

  of<Name extends RecordedEvent['event']>(name: Name): Extract<RecordedEvent, { event: Name }>[] {
    return this.all.filter((event): event is Extract<RecordedEvent, { event: Name }> => event.event === name)
  }
}

export interface DeskOptions {
  readonly rules?: readonly RuleEntry[]
  readonly storage?: Storage
  readonly store?: (store: ReviewStore) => ReviewStore
  readonly history?: ReviewHistory
  readonly now?: () => number
}

/** One gateway's reviews, with what they told and ended. */
export interface Desk {
  readonly reviews: Reviews
  readonly storage: Storage
  readonly store: ReviewStore
  readonly ledger: FailingLedger
  readonly news: ReviewNews[]
  readonly ended: { readonly grant: Grant; readonly reason: string }[]
  readonly errors: Error[]
  apply(rules: readonly RuleEntry[]): void
}

const TARGETS = [{ name: 'shop', protocol: 'postgres', labels: { env: 'prod' } }, { name: 'crm', protocol: 'postgres', labels: {} }]
const AGENTS = [{ name: 'support-bot', issuer: 'corp', match: { azp: 'support-bot' }, owner: 'dana@example.com', purpose: 'tickets' }]

function policyOf(rules: readonly RuleEntry[], version: number) {
  const roles = { reviewer: ['leads'], operator: [], auditor: [], administrator: [] }
  return compilePolicy({ version: 1, issuers: [], agents: AGENTS, targets: TARGETS, masks: [], rules, roles } satisfies PolicyDocument, version)
}

export async function openDesk(options: DeskOptions = {}): Promise<Desk> {
  const storage = options.storage ?? await openStorage({ kind: 'sqlite', path: ':memory:' })
  const store = options.store?.(storage.reviews) ?? storage.reviews
  const ledger = new FailingLedger()
  const news: ReviewNews[] = []
  const ended: { grant: Grant; reason: string }[] = []
  const errors: Error[] = []
  const policies = { current: policyOf(options.rules ?? [], 1), onChange: () => () => undefined }
  const reviews = new Reviews({ locks: { on: () => undefined },
    store, signals: storage.signals, ledger, policies,
    channels: [{ tell: (one) => void news.push(one) }, { tell: () => { throw new Error('a channel that fails') } }],
    history: options.history ?? { touched: () => Promise.resolve([]), lately: () => Promise.resolve([]) },
    endSessions: (grant, reason) => void ended.push({ grant, reason }),
    now: options.now ?? Date.now,
    onError: (error) => void errors.push(error),
  })
  await reviews.start()
  return { reviews, storage, store, ledger, news, ended, errors, apply: (rules) => void (policies.current = policyOf(rules, policies.current.version + 1)) }
}

export const DIGEST = 'ab'.repeat(32)

export function person(name: string, given: Partial<Requester> = {}): Requester {
  return { kind: 'person', name, issuer: 'corp', subject: `s-${name}`, groups: ['dba'], actors: [], ...given }
}

export const BOT: Requester = { kind: 'agent', name: 'support-bot', issuer: 'corp', subject: 'bot-1', groups: [], actors: [] }

export function demand(given: Partial<ReviewDemand> = {}): ReviewDemand {
  return { rule: 'writes', reviewers: ['dba'], approvals: 1, holdMs: 60_000, transactionHoldMs: 10_000, expiresMs: 900_000, preview: 'count', ...given }
}

export function session(requester: Requester = BOT, id = 'session-1'): Session {
  return {
    id, admission: { identity: { ...requester, claims: {} }, purpose: 'ticket 4711', tokenId: 'tok_1', expiresAtMs: 0 },
    target: { name: 'shop', protocol: 'postgres', labels: { env: 'prod' } }, protocol: 'postgres', clientAddress: '127.0.0.1', application: 'psql',
    openedAtMs: 1_000, policy: undefined, operations: 3, refused: 1, ended: undefined,
  } as unknown as Session
}

export function operation(given: Partial<OperationRequest> = {}, digest = DIGEST): OperationRequest {
  return {
    session: session(), operationNumber: 3, demands: [demand()], policyVersion: 1,
    operation: {
      protocol: 'postgres', text: 'update orders set status = $1', parameters: ['sent'],
      facts: { actions: ['update'], objects: ['public.orders'], functions: [], readOnly: false, filtered: false, unknown: false, statements: 1 },
    },
    reviewable: { digest, definitions: [], inTransaction: false },
    preview: { method: 'counted', rows: 40, atMost: false, tables: [], sample: [], notes: [] },
    ...given,
  }
}

/** A store of which some calls are others: `real` does what it does without. */
export function changed(real: ReviewStore, calls: Partial<ReviewStore>): ReviewStore {
  return new Proxy(real, {
    get(target, name) {
      const own = calls[name as keyof ReviewStore] ?? target[name as keyof ReviewStore]
      return own.bind(target)
    },
  })
}

/** A store that answers in another order than it was asked: each call waits a while before and after. */
export function jittered(real: ReviewStore, turns: () => number): ReviewStore {
  const pass = async (): Promise<void> => {
    for (let left = turns(); left > 0; left--) await new Promise((resolve) => setImmediate(resolve))
  }
  return new Proxy(real, {
    get(target, name) {
      const call = target[name as keyof ReviewStore] as (...given: unknown[]) => Promise<unknown>
      return async (...given: unknown[]) => {
        await pass()
        try {
          return await call.apply(target, given)
        } finally {
          await pass()
        }
      }
    },
  })
}
