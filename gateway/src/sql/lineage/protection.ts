import type { MaskViolation } from '../../governance/operation.ts'
import type { MaskEntry } from '../../governance/policy/policy-document.ts'

/** Why a value must not reach the client as it is. The seam for full lineage: later, the set of base columns. */
export interface Protection {
  readonly mask: MaskEntry
  /** What is protected, for messages: `the masked column public.customers.ssn`. */
  readonly subject: string
  /** False when not even the bare column can be masked, because what is in it cannot be told. */
  readonly maskable: boolean
}

/** A column that a query, a table or a FROM item offers. Without a protection it is clean. */
export interface OutputColumn {
  /** Absent where the name is not known for sure; such a column is only reached by position. */
  readonly name?: string
  readonly protection?: Protection
  /** Stands for any number of columns of unknown names, all clean. */
  readonly open?: true
}

export const OPEN_COLUMN: OutputColumn = { open: true }

/** Ends the analysis of a statement or view: something protected is used where it cannot be masked. */
export class MaskRefusal extends Error {
  override readonly name = 'MaskRefusal'
  readonly protection: Protection
  readonly violation: MaskViolation

  /** @param use where, to follow "is used": `in WHERE` */
  constructor(protection: Protection, use: string, hint?: string) {
    super(`${protection.subject} is used ${use}`)
    this.protection = protection
    this.violation = {
      mask: protection.mask.name,
      reason: this.message,
      hint: hint ?? 'Select the column by itself, without an expression around it; filter, join, sort and group by other columns.',
    }
  }
}

export function firstProtection(columns: Iterable<OutputColumn>): Protection | undefined {
  for (const column of columns) if (column.protection !== undefined) return column.protection
  return undefined
}
