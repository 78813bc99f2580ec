import { takingTurns } from '../../governance/taking-turns.ts'
import { CONNECTION_GONE, UpstreamQueries } from './query-upstream.ts'
import { TargetError, type Upstream } from './upstream.ts'

/** Asks the target something. @throws TargetError */
export type Run = (sql: string) => Promise<(string | null)[][]>

/** A connection of the gateway's own to a target, for one conversation at a time. It is opened when it is wanted. */
export class OwnConnection {
  readonly #connect: () => Promise<Upstream>
  readonly #prepare: (run: Run, upstream: Upstream) => Promise<void>
  readonly #inTurn = takingTurns()
  #queries: UpstreamQueries | undefined

  /** @param prepare has the first word on each new connection */
  constructor(connect: () => Promise<Upstream>, prepare: (run: Run, upstream: Upstream) => Promise<void>) {
    this.#connect = connect
    this.#prepare = prepare
  }

  /**
   * Does work when all that came before is done; once more on a new connection when the target had ended the one at hand.
   * @param withinMs it is not begun later than this
   * @throws TargetError
   */
  exclusively<T>(work: (run: Run) => Promise<T>, withinMs = Infinity): Promise<T> {
    const deadline = performance.now() + withinMs
    return this.#inTurn(async () => {
      if (performance.now() > deadline) throw new TargetError('57014', 'the target did not answer in time')
      const used = this.#queries?.isOpen === true
      try {
        return await work(await this.#opened())
      } catch (error) {
        if (!used || this.#queries?.isOpen === true || !(error instanceof TargetError) || error.code !== CONNECTION_GONE) throw error
        return await work(await this.#opened())
      }
    })
  }

  /** The next work begins on a new one. */
  close(): void {
    this.#queries?.close()
    this.#queries = undefined
  }

  async #opened(): Promise<Run> {
    if (this.#queries?.isOpen !== true) {
      const upstream = await this.#connect()
      const queries = new UpstreamQueries(upstream)
      try {
        await this.#prepare((sql) => queries.run(sql), upstream)
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
