/**
 * Reads options as getopt_long does: short ones together, values joined or separate, `--`, long ones by any beginning
 * that means one of them.
 */
import { constantWord } from '../shell-word.ts'
import type { ShellWord } from '../shell-word.ts'

/** By a program's options, apart from how it names them: the first name of each is what it goes by. */
export interface OptionTable {
  readonly short: ReadonlyMap<string, Option>
  readonly long: ReadonlyMap<string, Option>
}

interface Option {
  readonly name: string
  readonly value: 'none' | 'required' | 'optional'
}

export interface GivenOptions {
  /** By first name; the values in order, undefined where there is none. */
  readonly given: ReadonlyMap<string, readonly (ShellWord | undefined)[]>
  readonly operands: readonly ShellWord[]
  /** Options that the table does not have, or that could be several. */
  readonly foreign: readonly string[]
  /** A word may be an option, or several words, and nobody can tell. */
  readonly doubtful: ShellWord | undefined
  readonly has: (...names: readonly string[]) => boolean
  readonly values: (name: string) => readonly ShellWord[]
}

/**
 * @param text `n|lines: q|quiet r color?`: names of one option joined by `|`, `:` a value, `?` a value that may be left
 * out and is never a word of its own.
 */
export function optionTable(text: string): OptionTable {
  const short = new Map<string, Option>()
  const long = new Map<string, Option>()
  for (const entry of text.split(' ')) {
    if (entry === '') continue
    const value = entry.endsWith(':') ? 'required' : entry.endsWith('?') && entry !== '?' ? 'optional' : 'none'
    const names = (value === 'none' ? entry : entry.slice(0, -1)).split('|')
    const option: Option = { name: names[0] ?? '', value }
    for (const name of names) (name.length === 1 ? short : long).set(name, option)
  }
  return { short, long }
}

/** @param permute options count after operands too, as in the GNU programs; otherwise the first operand ends them */
export function readOptions(args: readonly ShellWord[], table: OptionTable, permute = true): GivenOptions {
  const given = new Map<string, (ShellWord | undefined)[]>()
  const operands: ShellWord[] = []
  const foreign: string[] = []
  let doubtful: ShellWord | undefined
  const add = (option: Option, value: ShellWord | undefined) => {
    const values = given.get(option.name)
    if (values === undefined) given.set(option.name, [value])
    else values.push(value)
  }
  for (let at = 0; at < args.length; at++) {
    const word = args[at]
    if (word === undefined) break
    if (!word.mayBeOption || word.value === '-') {
      operands.push(word)
      if (!permute) {
        operands.push(...args.slice(at + 1))
        break
      }
      continue
    }
    if (word.value === '--') {
      operands.push(...args.slice(at + 1))
      break
    }
    const separate = () => {
      at++
      const value = args[at]
      if (value?.kind === 'list' || value?.kind === 'pattern') doubtful ??= value
      return value
    }
    const trouble = word.prefix.startsWith('--') ? readLong(word, table, add, separate) : readShort(word, table, add, separate)
    if (trouble === 'doubtful') {
      doubtful ??= word
      operands.push(word)
    } else if (trouble !== undefined) foreign.push(trouble)
  }
  return {
    given, operands, foreign, doubtful,
    has: (...names) => names.some((name) => given.has(name)),
    values: (name) => (given.get(name) ?? []).filter((value) => value !== undefined),
  }
}

type Add = (option: Option, value: ShellWord | undefined) => void

/** @returns the name of an option that is foreign, or that the word is doubtful */
function readLong(word: ShellWord, table: OptionTable, add: Add, separate: () => ShellWord | undefined): string | undefined {
  const equals = word.prefix.indexOf('=')
  if (word.kind === 'list' || (word.value === undefined && equals < 0)) return 'doubtful'
  const name = equals < 0 ? word.prefix.slice(2) : word.prefix.slice(2, equals)
  const option = longOption(name, table)
  if (option === undefined) return `--${name}`
  if (equals >= 0) add(option, rest(word, equals + 1))
  else add(option, option.value === 'required' ? separate() : undefined)
  return undefined
}

function longOption(name: string, table: OptionTable): Option | undefined {
  const exact = table.long.get(name)
  if (exact !== undefined) return exact
  const meant = new Set([...table.long].filter(([full]) => full.startsWith(name)).map(([, option]) => option))
  return meant.size === 1 ? [...meant][0] : undefined
}

function readShort(word: ShellWord, table: OptionTable, add: Add, separate: () => ShellWord | undefined): string | undefined {
  const { prefix } = word
  if (word.kind === 'list') return 'doubtful'
  for (let at = 1; at < prefix.length; at++) {
    const letter = prefix[at] ?? ''
    const option = table.short.get(letter)
    if (option === undefined) return `-${prefix.slice(at)}`
    if (option.value === 'none') {
      add(option, undefined)
      continue
    }
    const joined = at + 1 < prefix.length || word.value === undefined
    if (joined) add(option, rest(word, at + 1))
    else add(option, option.value === 'required' ? separate() : undefined)
    return word.kind === 'pattern' ? 'doubtful' : undefined
  }
  return word.value === undefined ? 'doubtful' : undefined
}

/** What is left of a word after so many characters. */
function rest(word: ShellWord, from: number): ShellWord {
  if (word.value !== undefined) return constantWord(word.value.slice(from))
  return { ...word, prefix: word.prefix.slice(from), name: word.name.slice(from), mayBeOption: false }
}
