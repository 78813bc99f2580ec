import { CONNECTION_GONE, UpstreamQueries } from '../query-upstream.ts'
import { TargetError, type Upstream } from '../upstream.ts'

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

/** One connection with the target's own credential, for one piece of work at a time. */
export class Administrator {
  readonly #connect: () => Promise<Upstream>
  #queries: UpstreamQueries | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #idle: NodeJS.Timeout | undefined
  #version = ''
  #platform = ''

  constructor(connect: () => Promise<Upstream>) {
    this.#connect = connect
  }

  /** Such as 18. */
  get version(): number {
    return Number.parseInt(this.#version, 10)
  }

  get isLinux(): boolean {
    return this.#platform.includes('linux')
  }

  /**
   * Does work when all that came before is done; once more on a new connection when the target had ended the one at hand.
   * @param withinMs it is not begun later than this
   * @throws TargetError
   */
  exclusively<T>(work: (run: (sql: string) => Promise<(string | null)[][]>) => Promise<T>, withinMs: number): Promise<T> {
    const deadline = performance.now() + withinMs
    const result = this.#turn.then(async () => {
      if (performance.now() > deadline) throw new TargetError('57014', 'the target did not answer in time')
      clearTimeout(this.#idle)
      const used = this.#queries?.isOpen === true
      try {
        return await work(await this.#runner())
      } catch (error) {
        if (!used || this.#queries?.isOpen === true || !(error instanceof TargetError) || error.code !== CONNECTION_GONE) throw error
        return await work(await this.#runner())
      } finally {
        this.#idle = setTimeout(() => this.close(), IDLE_MS).unref()
      }
    })
    this.#turn = result.catch(() => undefined)
    return result
  }

  /** Begins a new connection with the next work, where the state of this one is not known. */
  close(): void {
    clearTimeout(this.#idle)
    this.#queries?.close()
    this.#queries = undefined
  }

  async #runner(): Promise<(sql: string) => Promise<(string | null)[][]>> {
    if (this.#queries?.isOpen !== true) {
      const upstream = await this.#connect()
      const queries = new UpstreamQueries(upstream)
      this.#version = upstream.parameters.get('server_version') ?? ''
      try {
        // Settings that not every version has.
        const [row] = await queries.run("select version(); select set_config(name, '0', false) from pg_settings where name in ('idle_session_timeout', 'transaction_timeout')")
        this.#platform = row?.[0] ?? ''
      } catch (error) {
        queries.close()
        throw error
      }
      this.#queries = queries
    }
    const queries = this.#queries
    return (sql) => queries.run(sql)
  }
}
