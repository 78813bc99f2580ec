import { Worker } from 'node:worker_threads'
import type { RuleUse, RuleUseIndex } from '../governance/agents/identity-use.ts'
import { IndexUnavailable, type OperationIndex, type SearchPage, type SearchResult } from '../governance/recording/operation-index.ts'
import type { SearchQuery } from '../governance/recording/search-query.ts'
import type { IndexingAnswer, IndexingRequest, IndexingSetup, SessionPlace } from './indexing-worker.ts'

/** The ledger as the index follows it. */
export interface FollowedLedger {
  /** Entries written. */
  readonly size: number
  /** Entries that a loss of power leaves. */
  readonly durableSize: number
}

export interface LedgerIndexOptions extends IndexingSetup {
  readonly ledger: FollowedLedger
  /** Told when indexing fails and is tried again. */
  readonly onError: (error: Error) => void
}

const FOLLOW_EVERY_MS = 1_000
/** One go of indexing in the background. */
const FOLLOW_FOR_MS = 250
/** Above this share of the event loop in the second before, traffic comes first … */
const IDLE = 0.1
/** … until so many entries wait, which a search takes in within its own bounded wait. */
const MAX_LAG = 400_000
const CATCH_UP_MS = 10_000
const ANSWER_MS = 20_000
const MAX_WAITING = 32
const RESTART_MS = 5_000
const CLOSE_MS = 5_000
const MAX_HEAP_MB = 256

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

/**
 * The index in its own thread, seen from the gateway's. Follows what is durable in the background, while there is no
 * traffic to speak of; a search first takes in all that is written.
 */
export class LedgerIndex implements OperationIndex, RuleUseIndex {
  readonly #options: LedgerIndexOptions
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #worker: Worker | undefined
  #startAgainAt = 0
  #indexed = 0
  #following = false
  #loop = performance.eventLoopUtilization()
  readonly #timer: NodeJS.Timeout
  #closed = false

  constructor(options: LedgerIndexOptions) {
    this.#options = options
    this.#start()
    this.#timer = setInterval(() => this.#follow(), FOLLOW_EVERY_MS).unref()
  }

  async search(query: SearchQuery, page: SearchPage): Promise<SearchResult> {
    const entries = this.#options.ledger.size
    const { indexed, ...found } = await this.#ask({ kind: 'search', until: entries, forMs: CATCH_UP_MS, query, page }) as Omit<SearchResult, 'entries'>
    this.#indexed = indexed
    // What came in meanwhile is searched too.
    return { ...found, indexed, entries: Math.max(entries, indexed) }
  }

  async ruleUse(): Promise<{ uses: readonly RuleUse[]; complete: boolean }> {
    const entries = this.#options.ledger.size
    const { indexed, uses } = await this.#ask({ kind: 'rule-use', until: entries, forMs: CATCH_UP_MS }) as { indexed: number; uses: readonly RuleUse[] }
    this.#indexed = indexed
    return { uses, complete: indexed >= entries }
  }

  place(session: string): Promise<SessionPlace> {
    return this.#ask({ kind: 'range', session }) as Promise<SessionPlace>
  }

  /** Stops indexing; what is missing is taken in at the next start. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    const worker = this.#worker
    if (worker === undefined) return
    await this.#ask({ kind: 'close' }, CLOSE_MS).catch(() => undefined)
    this.#worker = undefined
    await worker.terminate()
  }

  #follow(): void {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, this.#loop)
    this.#loop = now
    if (this.#worker === undefined && Date.now() >= this.#startAgainAt) this.#start()
    const until = this.#options.ledger.durableSize
    const lag = until - this.#indexed
    if (this.#worker === undefined || this.#following || lag <= 0 || (utilization > IDLE && lag < MAX_LAG)) return
    this.#following = true
    this.#ask({ kind: 'follow', until, forMs: FOLLOW_FOR_MS }).then(
      (indexed) => {
        this.#indexed = indexed as number
        this.#following = false
        // Far behind, and nothing else to do: go on.
        if (this.#options.ledger.durableSize - this.#indexed > MAX_LAG) setTimeout(() => this.#follow(), FOLLOW_FOR_MS / 5).unref()
      },
      (error: Error) => {
        this.#following = false
        if (!this.#closed) this.#options.onError(error)
      },
    )
  }

  #start(): void {
    if (this.#closed) return
    const { location, log, directory, onError } = this.#options
    const worker = new Worker(new URL('indexing-worker.ts', import.meta.url), {
      workerData: { location, log, directory } satisfies IndexingSetup,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
      name: 'indexing',
    })
    this.#worker = worker
    worker.unref()
    worker.on('message', (answer: IndexingAnswer) => this.#answered(answer))
    worker.on('error', (error: unknown) => onError(error instanceof Error ? error : new Error(String(error))))
    worker.on('exit', () => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      this.#startAgainAt = Date.now() + RESTART_MS
      for (const { reject, timer } of this.#waiting.values()) {
        clearTimeout(timer)
        reject(new IndexUnavailable('the index is not at hand'))
      }
      this.#waiting.clear()
    })
  }

  #answered(answer: IndexingAnswer): void {
    const waiting = this.#waiting.get(answer.id)
    if (waiting === undefined) return
    this.#waiting.delete(answer.id)
    clearTimeout(waiting.timer)
    if ('error' in answer) waiting.reject(new Error(answer.error))
    else waiting.resolve(answer.value)
  }

  #ask(request: DistributiveOmit<IndexingRequest, 'id'>, withinMs = ANSWER_MS): Promise<unknown> {
    const worker = this.#worker
    if (worker === undefined) return Promise.reject(new IndexUnavailable('the index is not at hand'))
    if (this.#waiting.size >= MAX_WAITING) return Promise.reject(new IndexUnavailable('too many searches wait'))
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id)
        reject(new IndexUnavailable('the search took too long'))
        // What it is at cannot be interrupted in any other way.
        void worker.terminate()
      }, withinMs)
      this.#waiting.set(id, { resolve, reject, timer })
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
      worker.postMessage({ ...request, id })
    })
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
