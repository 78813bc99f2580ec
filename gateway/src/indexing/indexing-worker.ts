import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import type { SearchPage } from '../governance/recording/operation-index.ts'
import type { SearchQuery } from '../governance/recording/search-query.ts'
import type { EntryRange, IndexLocation } from '../storage/index-store.ts'
import { openIndexStore } from '../storage/open-index-store.ts'
import { Indexer } from './indexer.ts'

/** What the worker is started with. */
export interface IndexingSetup {
  readonly location: IndexLocation
  /** Names the ledger. */
  readonly log: string
  readonly directory: string
}

export type IndexingRequest = { readonly id: number } & (
  /** Indexes up to entry number `until`, for at most so long. Answered by the number of entries indexed. */
  | { readonly kind: 'follow'; readonly until: number; readonly forMs: number }
  /** The same, then searches. */
  | { readonly kind: 'search'; readonly until: number; readonly forMs: number; readonly query: SearchQuery; readonly page: SearchPage }
  /** Indexes too, then says how often each rule decided for each agent. */
  | { readonly kind: 'rule-use'; readonly until: number; readonly forMs: number }
  /** Answered by the session's {@link SessionPlace}. */
  | { readonly kind: 'range'; readonly session: string }
  | { readonly kind: 'close' }
)

/** Where the ledger speaks of a session: in these entries, and perhaps behind those that are indexed. */
export interface SessionPlace {
  readonly range: EntryRange | undefined
  readonly indexed: number
}

export type IndexingAnswer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string })

/** Of Unix: traffic gets three times as much where both want the processor, and somebody who waits for a search still some. */
const LOW_PRIORITY = 5

/** Runs in a thread of its own, because SQLite blocks its thread and nobody else's statements may wait for that. */
async function serve({ location, log, directory }: IndexingSetup): Promise<void> {
  const port = parentPort
  if (port === null) throw new Error('this runs as a worker')
  try {
    // On Linux this is of the thread alone: traffic goes first.
    if (process.platform === 'linux') setPriority(LOW_PRIORITY)
  } catch {
    // It works as well at any other.
  }
  const store = await openIndexStore(location, log)
  const indexer = await Indexer.open(store, directory)

  const follow = async (until: number, forMs: number): Promise<number> => {
    const stopAt = performance.now() + forMs
    while (performance.now() < stopAt && await indexer.step(until));
    return indexer.entries
  }
  const answer = async (request: IndexingRequest): Promise<unknown> => {
    if (request.kind === 'close') {
      await indexer.close()
      await store.close()
      return undefined
    }
    if (request.kind === 'range') return { range: await store.range(request.session), indexed: indexer.entries } satisfies SessionPlace
    const indexed = await follow(request.until, request.forMs)
    if (request.kind === 'rule-use') return { indexed, uses: await store.ruleUse() }
    return request.kind === 'follow' ? indexed : { indexed, ...(await store.search(request.query, request.page)) }
  }
  let turn = Promise.resolve()
  port.on('message', (request: IndexingRequest) => {
    turn = turn.then(async () => {
      const { id } = request
      try {
        port.postMessage({ id, value: await answer(request) } satisfies IndexingAnswer)
      } catch (error) {
        port.postMessage({ id, error: error instanceof Error ? error.message : String(error) } satisfies IndexingAnswer)
      }
      if (request.kind === 'close') port.close()
    })
  })
  port.postMessage({ id: 0, value: indexer.entries } satisfies IndexingAnswer)
}

await serve(workerData as IndexingSetup)
