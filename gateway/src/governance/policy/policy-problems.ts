/** One thing wrong in a policy document, and where. */
export interface PolicyProblem {
  /** Keys and indexes from the top of the document, such as `['rules', 0, 'when']`. */
  readonly path: readonly (string | number)[]
  readonly message: string
  /** For a condition: where in its text, in UTF-16 units. */
  readonly offset?: number
}

/** Thrown for a document that cannot become a policy; nothing of it takes effect. */
export class PolicyProblems extends Error {
  override readonly name = 'PolicyProblems'
  readonly problems: readonly PolicyProblem[]

  constructor(problems: readonly PolicyProblem[]) {
    super(problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'))
    this.problems = problems
  }
}
