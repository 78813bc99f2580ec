/**
 * True when an awk program certainly neither writes a file nor runs a program nor reads what is computed. A reader of its
 * tokens, which is enough: output goes to files and programs only by `>`, `>>`, `|` and functions such as `system`.
 * Where a slash may divide or open an expression, the program must be harmless read either way.
 */
import { isDigits, isLetter } from '../characters.ts'

const RUNS: ReadonlySet<string> = new Set(['system', 'getline', 'close', 'fflush', 'include', 'load', 'namespace', 'extension'])

/** After these a slash opens an expression for certain; after other words and what ends an operand it need not divide. */
const OPENING = '(,{};!~&|=<>?:*%^'

/** More slashes that may be either are not followed. */
const MAX_READINGS = 64

interface Reading {
  readonly at: number
  readonly printing: boolean
  readonly depth: number
  /** The last token: its first character, `a` for a word; empty at the beginning. */
  readonly previous: string
}

export function isReadingAwk(program: string): boolean {
  const waiting: Reading[] = [{ at: 0, printing: false, depth: 0, previous: '' }]
  let complete = 0
  for (let readings = 0; waiting.length > 0; readings++) {
    const reading = waiting.pop()
    if (reading === undefined || readings > MAX_READINGS) return false
    const outcome = read(program, reading, waiting)
    if (outcome === 'acts') return false
    if (outcome === 'reads') complete++
  }
  return complete > 0
}

/**
 * @param waiting takes the other readings of slashes
 * @returns that it is not closed: no awk takes such a program, so that it is not read so
 */
function read(program: string, from: Reading, waiting: Reading[]): 'reads' | 'acts' | 'not closed' {
  let { at, printing, depth, previous } = from
  while (at < program.length) {
    const character = program[at] ?? ''
    if (character === '#') {
      while (at < program.length && program[at] !== '\n') at++
    } else if (character === '"') {
      at = stringEnd(program, at)
      if (at < 0) return 'not closed'
      previous = '"'
    } else if (character === '/') {
      const divided: Reading = { at: at + 1, printing, depth, previous: '%' }
      const end = regexEnd(program, at)
      if (!OPENING.includes(previous)) waiting.push(divided)
      if (end === 'undecided') return 'acts'
      if (end === 'not closed') return end
      at = end
      previous = '/'
    } else if (isWordStart(character)) {
      const start = at
      while (at < program.length && (isWordStart(program[at] ?? '') || isDigits(program[at] ?? ''))) at++
      const word = program.slice(start, at)
      if (RUNS.has(word)) return 'acts'
      if (word === 'print' || word === 'printf') {
        printing = true
        depth = 0
      }
      previous = 'a'
    } else if (character === '|') {
      if (program[at + 1] !== '|') return 'acts'
      at += 2
      previous = '|'
    } else if (character === '@') {
      return 'acts'
    } else if (character === '>') {
      // A comparison only where no output can be meant: outside of print, or within its parentheses.
      if ((printing && depth <= 0) || program[at + 1] === '>') return 'acts'
      at++
      previous = '>'
    } else if (character === '\\') {
      if (program[at + 1] !== '\n') return 'acts'
      at += 2
    } else {
      if (character === '(') depth++
      else if (character === ')') depth--
      // A line goes on after these.
      const ends = character === '\n' ? !',&|?:'.includes(previous) || previous === '' : ';{}'.includes(character)
      if (ends) printing = false
      if (!' \t\r\n'.includes(character)) previous = character
      at++
    }
  }
  return 'reads'
}

function stringEnd(program: string, from: number): number {
  for (let at = from + 1; at < program.length; at++) {
    if (program[at] === '\\') at++
    else if (program[at] === '\n') return -1
    else if (program[at] === '"') return at + 1
  }
  return -1
}

/** Undecided where a bracket holds a slash: versions differ. */
function regexEnd(program: string, from: number): number | 'undecided' | 'not closed' {
  for (let at = from + 1; at < program.length; at++) {
    const character = program[at]
    if (character === '\\') at++
    else if (character === '\n') return 'not closed'
    else if (character === '[') {
      const close = program.indexOf(']', at + 2)
      if (close < 0 || program.slice(at, close).includes('/')) return 'undecided'
    } else if (character === '/') return at + 1
  }
  return 'not closed'
}

function isWordStart(character: string): boolean {
  return character === '_' || isLetter(character)
}
