import type { OperationFacts } from '../../governance/operation.ts'
import { analyseCommand } from '../../shell/analyse-command.ts'
import { isTrue } from './wire/request-info.ts'
import type { RequestTarget } from './wire/request-target.ts'

/**
 * What exec adds to the facts of its path: what the command does in the container. The words are no shell's until one of
 * them is a shell, so each is quoted as a whole.
 * It never is read-only, whatever its words say.
 * @param facts of the path
 */
export function withCommand(facts: OperationFacts, query: RequestTarget['query']): OperationFacts {
  const words = query.flatMap(([name, value]) => (name === 'command' ? [value] : []))
  if (words.length === 0) return Object.freeze({ ...facts, unknown: true, unknownBecause: 'no command is named' })
  const analysis = analyseCommand(words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' '))
  const command = isTrue(query, 'tty') ? analysis.onTerminal : analysis.facts
  return Object.freeze({
    ...facts,
    actions: [...new Set([...facts.actions, ...command.actions])],
    objects: [...facts.objects, ...command.objects],
    functions: command.functions,
    // What `cat` is there the image says; and it reads the Secrets and the token that the container was given.
    readOnly: false,
    filtered: command.filtered,
    statements: command.statements,
    unknown: command.unknown,
    ...(command.unknownBecause !== undefined && { unknownBecause: command.unknownBecause }),
    ...(command.maskViolation !== undefined && { maskViolation: command.maskViolation }),
  })
}
