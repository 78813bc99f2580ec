import type { ShellEvasion } from './shell-evasion.ts'
import { evasionsByAssumption } from './shell-evasions-by-assumption.ts'
import { evasionsByEvaluation } from './shell-evasions-by-evaluation.ts'
import { evasionsByProgram } from './shell-evasions-by-program.ts'
import { evasionsBySyntax } from './shell-evasions-by-syntax.ts'

/** All of them: see {@link ShellEvasion}. */
export const shellEvasions: readonly ShellEvasion[] = [...evasionsByAssumption, ...evasionsByEvaluation, ...evasionsBySyntax, ...evasionsByProgram]
