import type { Gatekeeper } from '../../governance/gatekeeper.ts'
import type { Outcome } from '../../governance/exchange.ts'
import type { Session } from '../../governance/session.ts'

/** A client that never sends Sync has them recorded as they are. */
const MAX_UNSETTLED = 1_000

/**
 * Outcomes of Executes outside of BEGIN. What they did counts only once Sync is answered: until then an error, of a later
 * Execute or of a constraint that is checked at the end, takes it all back.
 */
export class UnsettledOutcomes {
  readonly #gatekeeper: Pick<Gatekeeper, 'finish'>
  readonly #session: Session
  #waiting: { readonly operation: number; readonly outcome: Outcome }[] = []

  constructor(gatekeeper: Pick<Gatekeeper, 'finish'>, session: Session) {
    this.#gatekeeper = gatekeeper
    this.#session = session
  }

  add(operation: number, outcome: Outcome): void {
    if (this.#waiting.length >= MAX_UNSETTLED) this.settle('completed')
    this.#waiting.push({ operation, outcome })
  }

  /** @param code of the error that took it back */
  settle(result: Outcome['result'], code?: string): void {
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const { operation, outcome } of waiting) this.#gatekeeper.finish(this.#session, operation, result === 'completed' ? outcome : { ...outcome, result, code })
  }
}
