import { recordEvent } from '../recording/recording-events.ts'
import { recordIfPossible } from '../recording/record-if-possible.ts'
import { encodeAccessEnded, encodeAccessGranted, encodeBreakGlassOpened } from '../recording/review-events.ts'
import type { Grant } from './grant.ts'
import type { ReviewNews } from './review-channel.ts'
import { MAX_TIMER_MS } from './review-waits.ts'
import type { Requester } from './review.ts'
import type { ReviewsOptions } from './reviews-options.ts'
import { tellChannels } from './tell-channels.ts'

const OVER = 'its time is over'

/** Grants that hold now. Each gateway ends its own sessions when one does not any more, by the clock or by somebody's will. */
export class LiveGrants {
  readonly #options: ReviewsOptions
  readonly #live = new Map<string, { readonly grant: Grant; readonly timer: NodeJS.Timeout }>()
  #closed = false

  constructor(options: ReviewsOptions) {
    this.#options = options
  }

  /**
   * Makes a grant hold, once that is on record.
   * @param review that gave it @param claim what only one gateway can do: when it gives false, another gave the grant
   * @returns false then
   */
  async give(grant: Grant, review?: string, claim?: () => Promise<boolean>): Promise<boolean> {
    const { store, ledger, now, signals } = this.#options
    const at = now()
    if (grant.kind === 'break-glass') ledger.append(encodeBreakGlassOpened(grant, at))
    await recordEvent(ledger, encodeAccessGranted(grant, review, at))
    let why = 'it could not be kept'
    try {
      if (claim !== undefined && !(await claim())) {
        why = 'it was given, or its review closed, elsewhere in that moment'
        return false
      }
      await store.addGrant(grant)
      why = ''
    } finally {
      if (why !== '') recordIfPossible(ledger, encodeAccessEnded(grant.id, why, now()))
    }
    this.#watch(grant)
    signals.tell({ what: 'grant', id: grant.id })
    this.#tell(grant.kind === 'break-glass' ? 'break-glass.used' : 'access.granted', grant)
    return true
  }

  /** Ends one before its time, once that is on record. @returns undefined when it was over already */
  async end(grant: Grant, reason: string): Promise<Grant | undefined> {
    const { store, ledger, now, signals } = this.#options
    await recordEvent(ledger, encodeAccessEnded(grant.id, reason, now()))
    const untilMs = now()
    if (!(await store.endGrant(grant.id, untilMs))) return undefined
    const ended = { ...grant, untilMs }
    this.#stop(ended, reason)
    signals.tell({ what: 'grant', id: grant.id })
    this.#tell('access.ended', ended)
    return ended
  }

  /** Each is watched from now on, so that what is opened under it ends with it. */
  async of(requester: Requester, target: string): Promise<readonly Grant[]> {
    const grants = await this.#options.store.listGrants(this.#options.now(), { requester, target })
    for (const grant of grants) this.#watch(grant)
    return grants
  }

  /** One was given or ended, here or elsewhere. */
  async look(id: string): Promise<void> {
    const grant = await this.#options.store.getGrant(id)
    if (grant !== undefined) this.#watch(grant)
  }

  /** Finds out all that hold, and which of those known here do not any more. */
  async lookAll(): Promise<void> {
    const { store, now } = this.#options
    const holding = await store.listGrants(now())
    const ids = new Set(holding.map(({ id }) => id))
    for (const grant of holding) this.#watch(grant)
    for (const { grant } of [...this.#live.values()].filter((known) => !ids.has(known.grant.id))) {
      this.#watch(await store.getGrant(grant.id) ?? { ...grant, untilMs: 0 })
    }
  }

  get size(): number {
    return this.#live.size
  }

  close(): void {
    this.#closed = true
    for (const { timer } of this.#live.values()) clearTimeout(timer)
    this.#live.clear()
  }

  #watch(grant: Grant): void {
    if (this.#closed) return
    const known = this.#live.get(grant.id)
    const leftMs = grant.untilMs - this.#options.now()
    if (leftMs <= 0) {
      // By the clock, though another gateway may have told of it already; see recordEnd.
      const isOver = known === undefined || grant.untilMs >= known.grant.untilMs - 1
      this.#stop(grant, isOver ? OVER : 'it was withdrawn')
      if (isOver && known !== undefined) this.#recordEnd(known.grant).catch((error: Error) => this.#options.onError(error, 'the end of a grant was not recorded'))
      return
    }
    if (known !== undefined) clearTimeout(known.timer)
    const timer = setTimeout(() => this.#watch(grant), Math.min(leftMs, MAX_TIMER_MS)).unref()
    this.#live.set(grant.id, { grant, timer })
  }

  #stop(grant: Grant, reason: string): void {
    clearTimeout(this.#live.get(grant.id)?.timer)
    this.#live.delete(grant.id)
    this.#options.endSessions(grant, reason)
  }

  /** Of all gateways that see it end, the one that takes off its last millisecond tells. */
  async #recordEnd(grant: Grant): Promise<void> {
    const { store, ledger, now } = this.#options
    if (!(await store.endGrant(grant.id, grant.untilMs - 1))) return
    recordIfPossible(ledger, encodeAccessEnded(grant.id, OVER, now()))
    this.#tell('access.ended', grant)
  }

  #tell(what: Extract<ReviewNews, { grant: Grant }>['what'], grant: Grant): void {
    tellChannels(this.#options, { what, grant, atMs: this.#options.now() })
  }
}
