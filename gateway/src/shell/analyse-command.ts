/**
 * What a command line does, for a login shell that is a POSIX sh or bash. Knows nothing of SSH, sessions or policy.
 * Whatever cannot be understood (no parse, too long, another meaning to another shell, a program not known) is unknown.
 */
import type { OperationFacts } from '../governance/operation.ts'
import { BoundedCache } from '../bytes/bounded-cache.ts'
import { Findings } from './findings.ts'
import { readScriptText } from './script-walk.ts'
import type { Transfer } from './transfer.ts'

export { loadShellParser } from './parser.ts'
export type { Transfer }

/** Immutable, cached. */
export interface CommandAnalysis {
  readonly facts: OperationFacts
  /** The facts when it runs on a terminal, where pagers and monitors take typed commands. */
  readonly onTerminal: OperationFacts
  /** Set when the whole command is one end of a file transfer over its channel. */
  readonly transfer?: Transfer
}

const cache = new BoundedCache<CommandAnalysis>(4000, 8_000_000)

/** @param text what would go after `sh -c`, decoded as UTF-8 */
export function analyseCommand(text: string): CommandAnalysis {
  const known = cache.get(text)
  if (known !== undefined) return known
  const findings = new Findings()
  readScriptText(text, findings)
  const isWhole = findings.statements === 1 && !findings.redirects
  // Over the channel every operation is governed; sent by something else none is.
  if (findings.transfer?.program === 'sftp-server' && !isWhole) findings.execute('sftp-server does what it is sent')
  const facts = findings.facts(false)
  const analysis: CommandAnalysis = {
    facts,
    onTerminal: findings.typedBecause === undefined ? facts : findings.facts(true),
    ...(findings.transfer !== undefined && isWhole && { transfer: findings.transfer }),
  }
  cache.set(text, analysis)
  return analysis
}
