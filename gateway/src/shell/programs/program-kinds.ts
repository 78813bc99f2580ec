/** The kinds of programs that most of the table is made of. */
import type { ShellWord } from '../shell-word.ts'
import type { Call, Handler } from './call.ts'
import { optionTable, readOptions } from './options.ts'
import type { GivenOptions } from './options.ts'

/** Changes nothing, whatever its options. @param options those that take values, so that these are not taken for files */
export function harmless(options = '', operands: 'files' | 'none' | 'pattern-first' = 'files'): Handler {
  const table = optionTable(options)
  return ({ args, findings }) => {
    const given = readOptions(args, table)
    const files = given.operands.filter((word) => !(word.value ?? '').startsWith('-') || word.value === undefined)
    const patternGiven = given.has('e', 'f')
    findings.read(operands === 'none' ? [] : operands === 'pattern-first' && !patternGiven ? files.slice(1) : files)
  }
}

/** Reads an exact set of options: with another one, or a word that may be one, what it does is not known. */
export function exact(options: string, act: (given: GivenOptions, call: Call) => void, permute = true): Handler {
  const table = optionTable(options)
  return (call) => {
    const given = readOptions(call.args, table, permute)
    act(given, call)
    requireKnown(given, call)
  }
}

export function requireKnown(given: GivenOptions, { name, findings }: Call): void {
  const [foreign] = given.foreign
  if (foreign !== undefined) findings.execute(`what ${name} does with ${foreign} is not known here`)
  if (given.doubtful !== undefined) findings.execute(`${given.doubtful.name} may become an option of ${name}: write -- or ./ before it, or quote it`)
}

/** Reads files, and with some options does something else. */
export function reader(options: string, others: Readonly<Record<string, (value: ShellWord | undefined, call: Call) => void>> = {}): Handler {
  return exact(options, (given, call) => {
    call.findings.read(given.operands)
    for (const [name, act] of Object.entries(others)) {
      for (const value of given.given.get(name) ?? []) act(value, call)
    }
  })
}

/** Does one thing to its operands, whatever its options. */
export function changer(action: string, options = ''): Handler {
  const table = optionTable(options)
  return ({ args, findings }) => findings.change(action, readOptions(args, table).operands)
}

/** Reads when one of these words is all that it is given. What other words beside them do is not known. */
export function alone(...words: readonly string[]): Handler {
  return ({ name, args, findings }) => {
    const [only] = args
    if (args.length === 1 && only?.value !== undefined && words.includes(only.value)) findings.read()
    else findings.execute(`what ${name} does with these words is not known here`)
  }
}
