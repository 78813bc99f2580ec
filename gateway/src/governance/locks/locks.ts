import type { Ledger } from '../recording/ledger.ts'
import { encodeLockChanged } from '../recording/lock-events.ts'
import { recordEvent } from '../recording/recording-events.ts'
import { repeat } from '../repeat.ts'
import type { ChangeSignals } from '../review/change-signals.ts'
import { takingTurns } from '../taking-turns.ts'
import { type Lock, type LockAdministration, type LockedParty, type LockStore, lockWords } from './lock.ts'
import { LockIndex } from './lock-index.ts'

export interface LocksOptions {
  readonly store: LockStore
  readonly signals: ChangeSignals
  readonly ledger: Ledger
  /** Ends sessions of this gateway. */
  readonly endSessions: (covers: (who: LockedParty, target: string) => boolean, reason: string) => void
  /** Withdraws what somebody asked for or approved and nobody has used, and ends their grants. */
  readonly shutOut: (covers: (who: LockedParty) => boolean, reason: string) => Promise<void>
  /** Unix milliseconds. */
  readonly now: () => number
  /** Told of what failed in the background and is tried again. */
  readonly onError: (error: Error, message: string) => void
  /** How often is read anew what no signal told of, milliseconds. Default 2,000. */
  readonly everyMs?: number
}

const EVERY_MS = 2_000
const MAX_LOCKS = 10_000

/**
 * The locks that hold, in memory at each gateway. A lock is on record, then kept, then known here, and only then are live
 * sessions ended: who opens a session while that happens looks once more when the session is live, and one of both sees
 * the other.
 */
export class Locks implements LockAdministration {
  readonly #options: LocksOptions
  /** One thing at a time: no list that was read before a lock was placed replaces one that has it. */
  readonly #inTurn = takingTurns()
  #index = new LockIndex([])
  /** Whose reviews and grants are still to be looked at: what was on its way when the lock came is there by then. */
  #toShutOut: readonly Lock[] = []
  #reading: Promise<void> | undefined
  #stopListening: (() => void)[] = []
  #endRounds: (() => Promise<void>) | undefined
  #closed = false

  constructor(options: LocksOptions) {
    this.#options = options
  }

  /** @throws Error of the store: a gateway that does not know its locks opens nothing */
  async start(): Promise<void> {
    const { signals } = this.#options
    this.#stopListening = [
      signals.onChange(({ what }) => {
        if (what === 'lock') void this.#tried(this.#look())
      }),
      signals.onGap(() => void this.#tried(this.#look())),
    ]
    await this.#look()
    this.#endRounds = repeat(this.#options.everyMs ?? EVERY_MS, () => this.#tried(this.#tick()))
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const stop of this.#stopListening) stop()
    await this.#endRounds?.()
    await this.#reading?.catch(() => undefined)
  }

  on(who: LockedParty, target?: string): Lock | undefined {
    return this.#index.on(who, target)
  }

  list(): readonly Lock[] {
    return this.#index.locks.toSorted((a, b) => b.atMs - a.atMs)
  }

  async place(lock: Lock): Promise<{ readonly lock: Lock; readonly isNew: boolean }> {
    const { store, ledger, signals, now } = this.#options
    const placed = await this.#inTurn(async () => {
      const before = this.#index.locks.find((one) => new LockIndex([one]).has(lock))
      if (before !== undefined) return { lock: before, isNew: false }
      if (this.#index.locks.length >= MAX_LOCKS) throw new RangeError('too many locks')
      await recordEvent(ledger, encodeLockChanged('lock.placed', lock, now()))
      const kept = await store.place(lock)
      this.#enforce([kept, ...this.#index.locks])
      return { lock: kept, isNew: kept.by === lock.by && kept.reason === lock.reason && kept.atMs === lock.atMs }
    })
    signals.tell({ what: 'lock', id: `${lock.kind}:${lock.name}` })
    if (placed.isNew) await this.#tried(this.#shutOut([placed.lock]))
    return placed
  }

  async lift(kind: Lock['kind'], name: string, by: string, reason: string): Promise<boolean> {
    const { store, ledger, signals, now } = this.#options
    return this.#inTurn(async () => {
      // Read anew: it may have been placed elsewhere a moment ago.
      this.#enforce(await store.list())
      if (!this.#index.has({ kind, name })) return false
      // While it holds yet: what is asked for afterwards is not its business.
      await this.#shutOut(this.#toShutOut)
      await recordEvent(ledger, encodeLockChanged('lock.lifted', { kind, name, by, reason }, now()))
      const lifted = await store.lift(kind, name)
      const gone = new LockIndex([{ kind, name, by, reason, atMs: 0 }])
      this.#index = new LockIndex(this.#index.locks.filter((lock) => !gone.has(lock)))
      signals.tell({ what: 'lock', id: `${kind}:${name}` })
      return lifted
    })
  }

  /** Reads what holds; calls that wait for the same reading share it. */
  #look(): Promise<void> {
    this.#reading ??= this.#inTurn(async () => {
      // What changes from here on wants another reading.
      this.#reading = undefined
      this.#enforce(await this.#options.store.list())
    })
    return this.#reading
  }

  /** In one turn of the event loop: no login comes between what is known and what is ended. */
  #enforce(locks: readonly Lock[]): void {
    const fresh = locks.filter((lock) => !this.#index.has(lock))
    this.#index = new LockIndex(locks.toReversed())
    for (const lock of fresh) {
      const one = new LockIndex([lock])
      this.#options.endSessions((who, target) => one.on(who, target) !== undefined, lockWords(lock))
    }
    this.#toShutOut = [...this.#toShutOut, ...fresh]
  }

  async #shutOut(locks: readonly Lock[]): Promise<void> {
    for (const lock of locks) {
      if (lock.kind === 'target') continue
      const one = new LockIndex([lock])
      await this.#options.shutOut((who) => one.on(who) !== undefined && this.#index.has(lock), lockWords(lock))
    }
  }

  async #tick(): Promise<void> {
    const known = this.#toShutOut
    await this.#look()
    await this.#shutOut(known)
    this.#toShutOut = this.#toShutOut.filter((lock) => !known.includes(lock))
  }

  async #tried(work: Promise<unknown>): Promise<void> {
    try {
      await work
    } catch (error) {
      if (!this.#closed) this.#options.onError(error as Error, 'locks could not be looked after, and will be again')
    }
  }
}
