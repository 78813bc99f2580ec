import { hash } from 'node:crypto'
import type { Refusal } from '../../governance/decision.ts'
import type { Exchange, Reviewable, Wait } from '../../governance/exchange.ts'
import type { Operation } from '../../governance/operation.ts'
import type { Permit } from '../../governance/permit.ts'
import type { Preview } from '../../governance/review/preview.ts'

/** Clients wait as long as they are told something: a day. */
export const MAX_HOLD_MS = 86_400_000

const NO_PREVIEW: Preview = { method: 'none', rows: undefined, atMost: false, tables: [], sample: [], notes: ['Commands cannot be tried out beforehand.'] }

/** What a step does with its decision, and how its client waits. */
export interface StepOutcome {
  /** The permit is spent: it may go to the target. */
  forwarded(operationNumber: number): void
  refused(refusal: Refusal): void
  /** People are asked from now on. */
  waits(wait: Wait): void
  announce(words: string): void
}

/** An operation of a connection on its way to its decision: a program, or a forwarding. */
export class Step implements Exchange {
  readonly operation: Operation
  readonly reviewable: Reviewable | undefined
  readonly #outcome: StepOutcome

  /** @param meaning all that gives the text its meaning; undefined when nobody could be shown the whole of it */
  constructor(operation: Operation, meaning: string | undefined, outcome: StepOutcome) {
    this.operation = operation
    this.#outcome = outcome
    this.reviewable = meaning === undefined ? undefined : {
      digest: hash('sha256', JSON.stringify(['ssh', operation.text, operation.facts.actions, meaning]), 'hex'),
      definitions: [],
      inTransaction: false,
      maxHoldMs: MAX_HOLD_MS,
      preview: () => Promise.resolve(NO_PREVIEW),
      beginWait: (wait) => outcome.waits(wait),
      announceWait: (message, hint) => outcome.announce(`${message}\n${hint}`),
    }
  }

  forward(permit: Permit, operationNumber: number): void {
    permit.spend(this.operation)
    this.#outcome.forwarded(operationNumber)
  }

  refuse(refusal: Refusal): void {
    this.#outcome.refused(refusal)
  }
}
