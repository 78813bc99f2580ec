import { isDigits, isLetter } from '../characters.ts'

/**
 * True when an awk program certainly neither writes a file nor runs a program nor reads what is computed. A reader of its
 * tokens, which is enough: output goes to files and programs only by `>`, `>>`, `|` and functions such as `system`.
 */
const RUNS: ReadonlySet<string> = new Set(['system', 'getline', 'close', 'fflush', 'include', 'load', 'namespace', 'extension'])

export function isReadingAwk(program: string): boolean {
  let at = 0
  let printing = false
  let depth = 0
  let previous = ''
  while (at < program.length) {
    const character = program[at] ?? ''
    if (character === '#') {
      while (at < program.length && program[at] !== '\n') at++
    } else if (character === '"') {
      const end = stringEnd(program, at)
      if (end < 0) return false
      at = end
      previous = '"'
    } else if (character === '/' && !endsOperand(previous)) {
      const end = regexEnd(program, at)
      if (end < 0) return false
      at = end
      previous = '/'
    } else if (isWordStart(character)) {
      const start = at
      while (at < program.length && (isWordStart(program[at] ?? '') || isDigits(program[at] ?? ''))) at++
      const word = program.slice(start, at)
      if (RUNS.has(word)) return false
      if (word === 'print' || word === 'printf') {
        printing = true
        depth = 0
      }
      previous = KEYWORDS.has(word) ? ' ' : 'a'
    } else if (character === '|') {
      if (program[at + 1] !== '|') return false
      at += 2
      previous = ' '
    } else if (character === '@') {
      return false
    } else if (character === '>') {
      // A comparison only where no output can be meant: outside of print, or within its parentheses.
      if (printing && depth === 0) return false
      if (program[at + 1] === '>') return false
      at++
      previous = ' '
    } else if (character === '\\' && program[at + 1] !== '\n') {
      return false
    } else {
      if (character === '(') depth++
      else if (character === ')') depth--
      if (character === ';' || character === '\n' || character === '}' || character === '{') printing = false
      if (!' \t\r\n\\'.includes(character)) previous = character
      at++
    }
  }
  return true
}

const KEYWORDS: ReadonlySet<string> = new Set(['print', 'printf', 'return', 'in', 'if', 'else', 'while', 'do', 'for', 'BEGIN', 'END', 'exit', 'delete', 'case', 'func', 'function'])

/** What a slash after it divides, rather than opens an expression. */
function endsOperand(previous: string): boolean {
  return previous === 'a' || previous === '"' || previous === ')' || previous === ']' || previous === '$' || isDigits(previous)
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
function regexEnd(program: string, from: number): number {
  for (let at = from + 1; at < program.length; at++) {
    const character = program[at]
    if (character === '\\') at++
    else if (character === '\n') return -1
    else if (character === '[') {
      const close = program.indexOf(']', at + 2)
      if (close < 0 || program.slice(at, close).includes('/')) return -1
    } else if (character === '/') return at + 1
  }
  return -1
}

function isWordStart(character: string): boolean {
  return character === '_' || isLetter(character)
}
