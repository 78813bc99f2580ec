import { OwnConnection, type Run } from '../own-connection.ts'
import type { Upstream } from '../upstream.ts'

/** Closed after this long without work: a target's connections are few. */
const IDLE_MS = 60_000

/** Settings of the connections on which roles are made and removed, over whatever role and database set. */
export const ADMINISTRATOR_SETTINGS: ReadonlyMap<string, string> = new Map([
  ['application_name', 'sallyport logins'],
  ['client_encoding', 'UTF8'],
  ['standard_conforming_strings', 'on'],
  ['search_path', 'pg_catalog, pg_temp'],
  ['lock_timeout', '5000'],
  ['statement_timeout', '14000'],
  ['idle_in_transaction_session_timeout', '0'],
  // What a crash of the target undoes is found by a sweep: nobody waits for its disk, or for its replicas.
  ['synchronous_commit', 'off'],
])

/** Settings that not every version has. */
const FIRST_WORDS = "select version(); select set_config(name, '0', false) from pg_settings where name in ('idle_session_timeout', 'transaction_timeout')"

/** One connection with the target's own credential, for one piece of work at a time. */
export class Administrator {
  readonly #connection: OwnConnection
  #idle: NodeJS.Timeout | undefined
  #version = ''
  #platform = ''

  constructor(connect: () => Promise<Upstream>) {
    this.#connection = new OwnConnection(connect, async (run, { parameters }) => {
      this.#version = parameters.get('server_version') ?? ''
      const [row] = await run(FIRST_WORDS)
      this.#platform = row?.[0] ?? ''
    })
  }

  /** Such as 18. */
  get version(): number {
    return Number.parseInt(this.#version, 10)
  }

  get isLinux(): boolean {
    return this.#platform.includes('linux')
  }

  /** As {@link OwnConnection.exclusively}. @throws TargetError */
  async exclusively<T>(work: (run: Run) => Promise<T>, withinMs: number): Promise<T> {
    try {
      return await this.#connection.exclusively((run) => {
        clearTimeout(this.#idle)
        return work(run)
      }, withinMs)
    } finally {
      clearTimeout(this.#idle)
      this.#idle = setTimeout(() => this.close(), IDLE_MS).unref()
    }
  }

  /** Begins a new connection with the next work, where the state of this one is not known. */
  close(): void {
    clearTimeout(this.#idle)
    this.#connection.close()
  }
}
