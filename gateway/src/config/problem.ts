/** One thing wrong in a configuration document, for a person or a program to find. Never holds a value from it. */
export interface Problem {
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units. */
  readonly column: number
  /** Where in the document's structure: `rules[2].when`; empty for the document itself. */
  readonly path: string
  readonly message: string
  /** The valid word that was probably meant. */
  readonly suggestion?: string
}

/** One line a problem, in the form that editors and terminals turn into links: `FILE:LINE:COLUMN message`. */
export function renderProblems(file: string, problems: readonly Problem[]): string {
  return problems.map(({ line, column, message }) => `${file}:${line}:${column} ${message}`).join('\n')
}

export type Path = readonly (string | number)[]

/** A problem before its place in the text is looked up. */
export interface Finding {
  readonly path: Path
  readonly message: string
  readonly suggestion?: string
  /** True when it is the key at `path` that is wrong, not its value. */
  readonly atKey?: boolean
  /** Distance from the beginning of the value's text, in UTF-16 units. */
  readonly offset?: number
  /** Another place that it is about: its line goes behind the message. */
  readonly other?: Path
}

export function renderPath(path: Path): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('')
}
