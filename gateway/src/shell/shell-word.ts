import { isDigits, isPlain } from './characters.ts'

/** A word of a command after quotes are gone, as far as it is known. */
export interface ShellWord {
  /** What it is when it is known whole: one word. */
  readonly value: string | undefined
  /** What it is known to begin with; of a `list`, nothing. */
  readonly prefix: string
  /**
   * `constant`: exactly `value`. `computed`: one word, known only in part. `pattern`: one or more words with this prefix,
   * by glob or braces. `list`: any number of any words.
   */
  readonly kind: 'constant' | 'computed' | 'pattern' | 'list'
  /** How it is named as an object: the value, the pattern, or as written. Empty when it is no name of anything. */
  readonly name: string
  /** It, or a word that it becomes, may begin with a minus sign. */
  readonly mayBeOption: boolean
  /** Its value came from a variable. */
  readonly resolved?: true
  /** A number for certain, though it need not be known which. */
  readonly numeric?: true
  /** Whole also where it stands without quotes: neither split nor taken for a pattern. */
  readonly plain?: true
  /** It is no option, or nothing: what follows it in the same word may begin with a minus sign. */
  readonly mayBeEmpty?: true
  /** An array as it is written, whose elements were read. */
  readonly elements?: true
}

export function constantWord(value: string): ShellWord {
  return {
    value, prefix: value, kind: 'constant', name: value, mayBeOption: value.startsWith('-'),
    ...(isDigits(value) && value.length < 18 && { numeric: true }), ...(isPlain(value) && { plain: true }),
  }
}

/** Words that come from elsewhere: standard input, the arguments of a function. */
export function anyWords(name: string): ShellWord {
  return { value: undefined, prefix: '', kind: 'list', name, mayBeOption: true }
}

/** One word of which nothing is known. */
export function anyWord(name: string): ShellWord {
  return { ...anyWords(name), kind: 'computed' }
}
