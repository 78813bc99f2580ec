/** A version that came of a change of the one before. */
export interface EditedPolicy {
  readonly version: number
  /** Of the text that was applied, hex. */
  readonly sha256: string
}

/** A change would leave no valid document, or cannot be written into this one: the policy in force stays. */
export class EditRefused extends Error {
  override readonly name = 'EditRefused'
  readonly problems: readonly { readonly line?: number; readonly column?: number; readonly message: string }[]
  constructor(message: string, problems: EditRefused['problems'] = []) {
    super(message)
    this.problems = problems
  }
}
