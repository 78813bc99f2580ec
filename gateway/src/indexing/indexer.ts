import type { IndexStore } from '../storage/index-store.ts'
import { isPlaceIn, JOURNAL_START, JournalTail } from './journal-tail.ts'
import { OperationGatherer } from './operation-gatherer.ts'
import { type IndexedEntry, readEntry } from './read-entry.ts'

/** Entries in one slice: enough that a transaction is cheap, few enough that a search need not wait long for it. */
const SLICE = { entries: 8_192, bytes: 8 << 20 }

/** Brings an index up to date with a ledger, slice by slice. Nothing is indexed twice or left out, also after a crash. */
export class Indexer {
  readonly #store: IndexStore
  readonly #directory: string
  #tail: JournalTail
  #gatherer: OperationGatherer
  /** After a failed write, memory holds what the store does not. */
  #stale = false

  private constructor(store: IndexStore, directory: string, tail: JournalTail, gatherer: OperationGatherer) {
    this.#store = store
    this.#directory = directory
    this.#tail = tail
    this.#gatherer = gatherer
  }

  /** Goes on where the store stopped, or begins anew when the ledger is not the one that was indexed. */
  static async open(store: IndexStore, directory: string): Promise<Indexer> {
    return new Indexer(store, directory, ...(await resume(store, directory)))
  }

  /** Entries indexed. */
  get entries(): number {
    return this.#tail.entries
  }

  /**
   * Indexes one slice, up to entry number `until`.
   * @returns false when there is nothing more to index up to there
   */
  async step(until: number): Promise<boolean> {
    if (this.#stale) await this.#recover()
    const before = this.#tail.entries
    if (before >= until) return false
    const entries: { readonly read: IndexedEntry; readonly number: number }[] = []
    this.#stale = true
    await this.#tail.read(until, SLICE, (bytes, number) => {
      const read = readEntry(bytes)
      if (read !== undefined) entries.push({ read, number })
    })
    if (this.#tail.entries > before) {
      for (const { read, number } of entries) {
        if (read.kind === 'decided' && !this.#gatherer.knows(read.session)) await this.#recall(read.session)
        this.#gatherer.add(read, number)
      }
      await this.#store.write(this.#gatherer.take(this.#tail.place))
    }
    this.#stale = false
    return this.#tail.entries > before && this.#tail.entries < until
  }

  async close(): Promise<void> {
    await this.#tail.close()
  }

  async #recall(id: string): Promise<void> {
    const session = await this.#store.session(id)
    if (session !== undefined) this.#gatherer.remember(session)
  }

  async #recover(): Promise<void> {
    await this.#tail.close()
    ;[this.#tail, this.#gatherer] = await resume(this.#store, this.#directory)
    this.#stale = false
  }
}

async function resume(store: IndexStore, directory: string): Promise<[JournalTail, OperationGatherer]> {
  const position = await store.position()
  if (position !== undefined && await isPlaceIn(directory, position)) {
    return [new JournalTail(directory, position), new OperationGatherer(await store.pending())]
  }
  if (position !== undefined) await store.reset()
  return [new JournalTail(directory, JOURNAL_START), new OperationGatherer([])]
}
