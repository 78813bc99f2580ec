import type { ArithmeticExpression, ParsedScript, Redirection, Word } from 'unbash'
import type { Findings } from './findings.ts'
import type { ShellWord } from './shell-word.ts'
import type { Variables } from './variables.ts'

/** Which shell reads the text: the login shell, of which only is known that it is a POSIX sh or bash; or one named in the text. */
export type Dialect = 'login' | 'sh' | 'bash'

/** What the readers of parts of a command line may ask of the walk that they are a part of. */
export interface Walk {
  readonly findings: Findings
  readonly variables: Variables
  readonly dialect: Dialect
  /** Nothing can skip or repeat what is walked now, and it is in no subshell. */
  readonly straight: boolean
  /** Reads what is run for the word to become one, and what the word is. */
  word(word: Word): ShellWord
  /** A script inside the text: a substitution. */
  substitution(script: ParsedScript | undefined): void
  redirections(redirections: readonly Redirection[]): void
  arithmetic(expression: ArithmeticExpression | undefined): void
  /** A program with its words: what a wrapper such as `timeout 5 ls` runs. */
  run(words: readonly ShellWord[]): void
  /** A text that another shell runs, in a process of its own. */
  runText(text: string, dialect: Dialect): void
  /** The name may mean no function any more. */
  undefine(name: string): void
  /** Something that may fail was read: bash then leaves out the rest of the line, and goes on with the next. */
  mayFail(): void
  /** A text that this shell runs: `eval`, `trap`. */
  runHere(text: string): void
}
