import type { Analysis } from '../../../sql/analysis.ts'
import type { CatalogView } from '../catalog-keeper.ts'
import type { Upstream } from '../upstream.ts'
import type { BoundParameters } from './questions.ts'

export interface PreviewTimeouts {
  /** From the call to the answer, connecting included. */
  readonly overallMs: number
  /** Each statement's, kept by the target. */
  readonly statementMs: number
  /** Longest wait for one lock, kept by the target. */
  readonly lockMs: number
}

export const PREVIEW_TIMEOUTS: PreviewTimeouts = { overallMs: 3_000, statementMs: 2_000, lockMs: 500 }

export interface PreviewOptions {
  /** A new connection to the target, with the session's startup settings and the gateway's credential. It is closed in any case. */
  readonly connect: () => Promise<Upstream>
  /** Asks the target to stop what that connection runs; called when time is up. */
  readonly cancel?: ((upstream: Upstream) => void) | undefined
  /** As the client wrote it, as it was analysed. */
  readonly text: string
  /** Of the extended protocol. */
  readonly parameters?: BoundParameters | undefined
  /** Of `text`, by `catalog`'s analyser. */
  readonly analysis: Analysis
  readonly catalog: Pick<CatalogView, 'masking' | 'analyser' | 'protectedColumns' | 'knows'>
  readonly hashKey: Uint8Array
  readonly how: 'rehearse' | 'count'
  readonly inTransaction: boolean
  /** What the target last reported of the session's settings: those that change what text and values mean are set again. */
  readonly settings: ReadonlyMap<string, string>
  readonly timeouts?: PreviewTimeouts | undefined
}
