import type { OperationFacts } from '../../governance/operation.ts'
import type { Analysis } from '../../sql/analysis.ts'
import type { Portal } from './names.ts'

/** A statement as it is to be reviewed. */
export interface ReviewedStatement {
  readonly text: string
  readonly facts: OperationFacts
  readonly analysis: Analysis
  readonly parameters: readonly (string | null)[]
  /** Of the extended protocol. */
  readonly portal: Portal | undefined
  readonly inTransaction: boolean
}
