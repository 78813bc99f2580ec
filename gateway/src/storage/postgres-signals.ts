import { randomUUID } from 'node:crypto'
import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Change, ChangeSignals } from '../governance/review/change-signals.ts'
import { LocalSignals } from './local-signals.ts'

/** One channel a database: whoever shares the tables shares it. */
export const SIGNAL_CHANNEL = 'sallyport_changes'

export interface PostgresSignalsOptions {
  readonly client: pg.ClientConfig
  /** Notifies {@link SIGNAL_CHANNEL}, in this order, over a connection that others use too. */
  readonly notify: (payloads: readonly string[]) => Promise<void>
  readonly onError: (error: Error, message: string) => void
  /** How often the connection is proved to be alive, milliseconds. Default 10,000. */
  readonly checkEveryMs?: number
  /** How long the proof may take, milliseconds. Default 5,000. */
  readonly checkTimeoutMs?: number
}

const CONNECT_TIMEOUT_MS = 10_000
const FIRST_RETRY_MS = 100
const MAX_RETRY_MS = 10_000
/** What is lost sooner than this is not tried again at once. */
const STABLE_MS = 10_000
const MAX_QUEUED = 1_000
const NOTIFIED_AT_ONCE = 100
/** PostgreSQL takes less than 8,000 bytes. */
const MAX_PAYLOAD_BYTES = 2_000
const CLOSE_TIMEOUT_MS = 2_000

/**
 * Among all gateways on one PostgreSQL database, with LISTEN on a connection of its own. What this gateway tells, its own
 * listeners hear at once, whether the database is there or not.
 */
export class PostgresSignals implements ChangeSignals {
  readonly #options: PostgresSignalsOptions
  readonly #local: LocalSignals
  /** Names this process, so that it is not told again what it told. */
  readonly #sender = randomUUID()
  readonly #closing = new AbortController()
  readonly #queue: string[] = []
  /** Some of the queue was given up: the others are told to read all anew. */
  #overflowed = false
  #sending: Promise<void> | undefined
  #listening: Promise<void> | undefined

  private constructor(options: PostgresSignalsOptions) {
    this.#options = options
    this.#local = new LocalSignals(options.onError)
  }

  /** Resolves when it listens, or when the first attempt failed and more follow. */
  static async open(options: PostgresSignalsOptions): Promise<PostgresSignals> {
    const signals = new PostgresSignals(options)
    await new Promise<void>((tried) => {
      signals.#listening = signals.#listen(tried)
    })
    return signals
  }

  tell(change: Change): void {
    this.#local.tell(change)
    if (this.#closing.signal.aborted) return
    const payload = JSON.stringify({ from: this.#sender, what: change.what, id: change.id })
    if (this.#queue.length < MAX_QUEUED && Buffer.byteLength(payload) <= MAX_PAYLOAD_BYTES) this.#queue.push(payload)
    else {
      this.#queue.length = 0
      this.#overflowed = true
    }
    this.#sending ??= this.#send()
  }

  onChange(listener: (change: Change) => void): () => void {
    return this.#local.onChange(listener)
  }

  onGap(listener: () => void): () => void {
    return this.#local.onGap(listener)
  }

  /** Tells what is queued if the database takes it now, and hangs up. Takes 2 seconds at most. */
  async close(): Promise<void> {
    const enough = new AbortController()
    const timeUp = sleep(CLOSE_TIMEOUT_MS, undefined, { signal: enough.signal }).catch(() => undefined)
    this.#closing.abort()
    await Promise.race([Promise.all([this.#sending, this.#listening]), timeUp])
    enough.abort()
  }

  async #send(): Promise<void> {
    let delayMs = FIRST_RETRY_MS
    let batch: string[] = []
    for (;;) {
      if (batch.length === 0) {
        batch = this.#overflowed ? [JSON.stringify({ from: this.#sender, what: 'gap' })] : this.#queue.splice(0, NOTIFIED_AT_ONCE)
        this.#overflowed = false
      }
      if (batch.length === 0) break
      try {
        await this.#options.notify(batch)
        batch = []
        delayMs = FIRST_RETRY_MS
      } catch (error) {
        if (this.#closing.signal.aborted) break
        if (delayMs === FIRST_RETRY_MS) this.#options.onError(error as Error, 'other gateways cannot be told of changes for now')
        await pause(delayMs, this.#closing.signal)
        delayMs = Math.min(2 * delayMs, MAX_RETRY_MS)
      }
    }
    // In the same turn as the look at the empty queue, so that nothing is queued with nobody to send it.
    this.#sending = undefined
  }

  /** Keeps a connection that listens until it is closed. @param tried called when the first attempt succeeded or failed */
  async #listen(tried: () => void): Promise<void> {
    let delayMs = FIRST_RETRY_MS
    let missed = false
    while (!this.#closing.signal.aborted) {
      let sinceMs: number | undefined
      try {
        await this.#listenOnce(() => {
          sinceMs = performance.now()
          if (missed) this.#local.tellGap()
          tried()
        })
      } catch (error) {
        const wasStable = sinceMs !== undefined && performance.now() - sinceMs > STABLE_MS
        if (wasStable) delayMs = FIRST_RETRY_MS
        if ((sinceMs !== undefined || !missed) && !this.#closing.signal.aborted) {
          this.#options.onError(error as Error, 'changes by other gateways are not heard for now')
        }
      }
      missed = true
      tried()
      await pause(delayMs, this.#closing.signal)
      delayMs = Math.min(2 * delayMs, MAX_RETRY_MS)
    }
  }

  /** @throws Error when the connection cannot be made, is lost, or does not listen any more */
  async #listenOnce(ready: () => void): Promise<void> {
    const { client: settings, checkEveryMs = 10_000, checkTimeoutMs = 5_000 } = this.#options
    const over = new AbortController()
    const signal = AbortSignal.any([over.signal, this.#closing.signal])
    // Its own socket: the polite end of a connection waits for a server that may be gone.
    const socket = new Socket()
    const hangUp = () => void socket.destroy()
    signal.addEventListener('abort', hangUp)
    const client = new pg.Client({
      ...settings, stream: () => socket, keepAlive: true, keepAliveInitialDelayMillis: 10_000, connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: checkTimeoutMs, application_name: 'sallyport signals',
    })
    // Without a listener the loss of the connection would end the process.
    client.on('error', (error) => over.abort(error))
    client.on('end', () => over.abort(new Error('the database ended the connection')))
    client.on('notification', ({ payload = '' }) => this.#hear(payload))
    try {
      await client.connect()
      await client.query(`listen ${SIGNAL_CHANNEL}`)
      ready()
      for (;;) {
        await pause(checkEveryMs, signal)
        signal.throwIfAborted()
        // A pooler that lends connections for a transaction answers, and listens on none.
        const { rowCount } = await client.query('select from pg_listening_channels() as channel where channel = $1', [SIGNAL_CHANNEL])
        if (rowCount !== 1) throw new Error('the connection does not listen: is there a pooler in transaction mode?')
      }
    } finally {
      signal.removeEventListener('abort', hangUp)
      socket.destroy()
    }
  }

  #hear(payload: string): void {
    const { from, what, id } = read(payload)
    if (from === this.#sender) return
    if (what === 'gap') this.#local.tellGap()
    else if (isKnown(what) && typeof id === 'string') this.#local.tell({ what, id })
  }
}

const KNOWN: readonly unknown[] = ['review', 'grant', 'policy', 'lock', 'session', 'token'] satisfies Change['what'][]

function isKnown(what: unknown): what is Change['what'] {
  return KNOWN.includes(what)
}

/** Anybody with a login for the database can notify: what is not understood says nothing. */
function read(payload: string): { readonly from?: unknown; readonly what?: unknown; readonly id?: unknown } {
  try {
    return (JSON.parse(payload) ?? {}) as object
  } catch {
    return {}
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
