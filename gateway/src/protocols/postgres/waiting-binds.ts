import type { Session } from '../../governance/session.ts'
import type { Portal } from './names.ts'
import { BOUND_ALONE } from './own-messages.ts'
import type { Step } from './step.ts'

/**
 * Bind messages of what people must approve first, or what is refused. The target plans at Bind, which runs functions
 * that say they are immutable: so such a message is sent only with the Execute that was decided.
 */
export class WaitingBinds {
  readonly #session: Session
  #steps: Step[] = []

  constructor(session: Session) {
    this.#session = session
  }

  add(step: Step): void {
    step.state = 'waiting'
    this.#steps.push(step)
  }

  /** Its decision is that of `execute`. Others are refused: `execute` would wait behind them. */
  executed(portal: Portal, execute: Step): void {
    if (this.#steps.length === 0) return
    const step = this.#steps.find((candidate) => candidate.portal === portal)
    if (step !== undefined) step.coveredBy = execute
    this.#steps = this.#steps.filter((candidate) => candidate !== step)
    this.refuse()
  }

  /** The client waits for an answer, or something must be waited for: their Execute comes too late. */
  refuse(): void {
    if (this.#steps.length === 0) return
    for (const step of this.#steps) {
      step.refuseWith(BOUND_ALONE)
      this.#session.refused++
    }
    this.#steps = []
  }
}
