import type { OperationFacts } from '../../governance/operation.ts'
import type { Analysis } from '../../sql/analysis.ts'
import type { Portal } from './names.ts'

/** A statement as it is to be reviewed. */
export interface ReviewedStatement {
  readonly text: string
  /** False when the target may read the bytes in another way than they are shown. */
  readonly readable: boolean
  readonly facts: OperationFacts
  readonly analysis: Analysis
  readonly parameters: readonly (string | null)[]
  /** Of the extended protocol. */
  readonly portal: Portal | undefined
  readonly inTransaction: boolean
}
