import { setTimeout as sleep } from 'node:timers/promises'
import { repeat } from './repeat.ts'
import type { ChangeSignals } from './review/change-signals.ts'
import type { SessionTokenStore } from './session-tokens.ts'
import type { Sessions } from './sessions.ts'

/** The port to where the end of a session is asked for that another gateway may have. */
export interface SessionEndingStore {
  /** @returns false when no gateway has it open */
  ask(id: string, reason: string): Promise<boolean>
  isOpen(id: string): Promise<boolean>
  /** Sessions of this gateway whose end was asked for: all, or the one with that id. */
  asked(id?: string): Promise<readonly SessionEnding[]>
}

export interface SessionEnding {
  readonly id: string
  readonly reason: string
}

export interface SessionEndingsOptions {
  readonly sessions: Pick<Sessions, 'end' | 'endByToken' | 'tokenIds'>
  readonly store: SessionEndingStore
  readonly tokens: Pick<SessionTokenStore, 'revokedAmong'>
  readonly signals: ChangeSignals
  /** Told of what failed in the background and is tried again. */
  readonly onError: (error: Error, message: string) => void
  /** How often is read anew what no signal told of, milliseconds. Default 2,000. */
  readonly everyMs?: number
}

const REVOKED = 'its token was revoked'
const EVERY_MS = 2_000
const CONFIRM_MS = 2_000
const CONFIRM_EVERY_MS = 25

/** Ends sessions of this gateway when another one says so: one of them, or all that a token opened. Signals may be lost; what is read is not. */
export class SessionEndings {
  readonly #options: SessionEndingsOptions
  #stopListening: (() => void)[] = []
  #endLooking: (() => Promise<void>) | undefined
  #closed = false

  constructor(options: SessionEndingsOptions) {
    this.#options = options
  }

  start(): void {
    const { signals } = this.#options
    this.#stopListening = [
      signals.onChange(({ what, id }) => {
        if (what === 'session') void this.#tried(this.#endAsked(id))
        else if (what === 'token') void this.#tried(this.#endRevoked([id]))
      }),
      signals.onGap(() => void this.#tried(this.#lookAtAll())),
    ]
    this.#endLooking = repeat(this.#options.everyMs ?? EVERY_MS, () => this.#tried(this.#lookAtAll()))
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const stop of this.#stopListening) stop()
    await this.#endLooking?.()
  }

  /**
   * Ends a session, whichever gateway has it.
   * @returns `asked`: the gateway that has it has not confirmed within 2 seconds; it does so once it can
   * @throws Error of the store
   */
  async end(id: string, reason: string): Promise<'ended' | 'asked' | 'not-open'> {
    const { sessions, store, signals } = this.#options
    if (sessions.end(id, reason)) return 'ended'
    if (!(await store.ask(id, reason))) return 'not-open'
    signals.tell({ what: 'session', id })
    for (const untilMs = performance.now() + CONFIRM_MS; performance.now() < untilMs; await sleep(CONFIRM_EVERY_MS)) {
      if (!(await store.isOpen(id))) return 'ended'
    }
    return 'asked'
  }

  async #lookAtAll(): Promise<void> {
    const ids = this.#options.sessions.tokenIds
    // Nothing is live, so that there is nothing to end.
    if (ids.length === 0) return
    await this.#endAsked()
    await this.#endRevoked(ids)
  }

  async #endAsked(id?: string): Promise<void> {
    for (const ending of await this.#options.store.asked(id)) this.#options.sessions.end(ending.id, ending.reason)
  }

  /** Whoever has a login for the state database can tell anything: what is told is looked up. */
  async #endRevoked(ids: readonly string[]): Promise<void> {
    const revoked = await this.#options.tokens.revokedAmong(ids)
    if (revoked.length > 0) this.#options.sessions.endByToken(revoked, REVOKED)
  }

  async #tried(work: Promise<unknown>): Promise<void> {
    try {
      await work
    } catch (error) {
      if (!this.#closed) this.#options.onError(error as Error, 'it could not be read which sessions are to end, and will be again')
    }
  }
}
