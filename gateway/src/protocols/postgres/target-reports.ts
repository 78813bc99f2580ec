import type { RelayState } from './relay-state.ts'
import { type Quotes, withoutQuotes } from './report-filter.ts'
import type { Step } from './step.ts'
import type { ToClient } from './to-client.ts'

/** Errors and notices of the target on their way to the client, without what could quote masked values. */
export class TargetReports {
  readonly #state: RelayState
  readonly #out: ToClient

  constructor(state: RelayState, out: ToClient) {
    this.#state = state
    this.#out = out
  }

  /** For a refused step the target's failure was asked for; the client hears the reason. @returns the code for the record */
  error(step: Step | undefined, frame: Buffer, start: number, end: number): string {
    const own = step?.report
    if (own !== undefined) {
      this.#send(step, own, 0, own.length)
      return 'refused'
    }
    const { bytes, code, fatal } = this.#filtered(step, frame, start, end)
    if (fatal) this.#state.targetSaidWhy = true
    if (bytes === undefined) this.#send(step, frame, start, end)
    else this.#send(step, bytes, 0, bytes.length)
    return code
  }

  notice(step: Step | undefined, frame: Buffer, start: number, end: number): void {
    const bytes = this.#state.masking ? this.#filtered(step, frame, start, end).bytes : undefined
    if (bytes === undefined) this.#send(step, frame, start, end)
    else this.#send(step, bytes, 0, bytes.length)
  }

  #send(step: Step | undefined, bytes: Buffer, start: number, end: number): void {
    this.#out.add(bytes, start, end)
    this.#state.transcript.message(step, bytes, start, end)
  }

  #filtered(step: Step | undefined, frame: Buffer, start: number, end: number): ReturnType<typeof withoutQuotes> {
    return withoutQuotes(frame, start, end, this.#quotes(step))
  }

  #quotes(step: Step | undefined): Quotes {
    if (!this.#state.masking) return NO_QUOTES
    const analysis = step?.analysis ?? step?.prepared?.analysis ?? step?.portal?.prepared.analysis
    // What a Sync commits was deferred by whatever came before it.
    if (analysis === undefined) return { ...NO_QUOTES, details: step?.kind === 'sync', inside: true }
    const { mayQuoteMasked, mayQuoteRows, facts } = analysis
    // Of a Bind only the client's own parameters are read, and of a Parse its own constants.
    const rows = mayQuoteMasked && (step?.kind === 'query' || step?.kind === 'execute')
    return { details: mayQuoteRows, raised: mayQuoteMasked && !facts.readOnly, rows, inside: true }
  }
}

const NO_QUOTES: Quotes = { details: false, raised: false, rows: false, inside: false }
