import type { Findings } from '../findings.ts'
import type { ShellWord } from '../shell-word.ts'
import type { Walk } from '../walk.ts'

/** A program with its arguments, as it is about to run. */
export interface Call {
  /** Base name. */
  readonly name: string
  readonly args: readonly ShellWord[]
  readonly walk: Walk
  readonly findings: Findings
  /** Nothing can skip or repeat it, and it is in no subshell. */
  readonly straight: boolean
}

/** Says in the call's findings what the program does. */
export type Handler = (call: Call) => void
export type Programs = Readonly<Record<string, Handler>>
