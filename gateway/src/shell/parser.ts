/**
 * Command lines into syntax trees, by a parser of the bash grammar. Tolerant by itself; here whatever it had to guess at
 * is an error, at any depth.
 */
import { parse } from 'unbash'
import type { ParsedScript } from 'unbash'

/** UTF-16 units. Longer texts are unknown. */
const MAX_LENGTH = 65_536
/** Nested texts are read once for each level: openers times length bounds the time. */
const MAX_NESTING_COST = 1_500_000
/** Of those, in a text of any length: the parser recurses. */
const MAX_OPENERS = 2000

/** The text is not what the grammar takes, or means different things to different readers. */
export class ShellSyntaxError extends Error {
  override readonly name = 'ShellSyntaxError'
}

/** Makes the parser ready: the first texts take a hundred times as long as later ones. Call once before the first command. */
export async function loadShellParser(): Promise<void> {
  for (let round = 0; round < 50; round++) parseShell('for f in a/*.log "$x"; do grep -c "y" $(ls | sort) < "$f" 2>/dev/null && echo ${a:-b}; done')
  return Promise.resolve()
}

/** @throws ShellSyntaxError */
export function parseShell(text: string): ParsedScript {
  if (text.length > MAX_LENGTH) throw new ShellSyntaxError(`longer than ${MAX_LENGTH} characters`)
  refuseAmbiguousCharacters(text)
  const openers = countOpeners(text)
  if (openers > MAX_OPENERS || openers * text.length > MAX_NESTING_COST) throw new ShellSyntaxError('too many substitutions for a text of this length')
  let script: ParsedScript
  try {
    script = parse(text)
  } catch (error) {
    throw new ShellSyntaxError('nested too deeply', { cause: error })
  }
  requireNoErrors(script)
  return script
}

/** @throws ShellSyntaxError when the parser had to guess. Substitutions hold scripts of their own, with their own errors. */
export function requireNoErrors(script: ParsedScript): void {
  const error = script.errors?.[0]
  if (error !== undefined) throw new ShellSyntaxError(error.message)
}

function countOpeners(text: string): number {
  let openers = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKTICK) openers++
    else if ((code === DOLLAR || code === LESS || code === GREATER) && OPENING.has(text.charCodeAt(at + 1))) openers++
    else if (code === LESS && text.charCodeAt(at + 1) === LESS) openers++
    else if (code === OPEN && text.charCodeAt(at + 1) === OPEN) openers++
  }
  return openers
}

const BACKTICK = 0x60
const DOLLAR = 0x24
const LESS = 0x3c
const GREATER = 0x3e
const OPEN = 0x28
const OPENING: ReadonlySet<number> = new Set([OPEN, 0x7b, 0x5b])
const REPLACEMENT = 0xfffd

/**
 * A NUL ends the text for some servers. A replacement character stands for bytes that were not UTF-8. In encodings such as
 * Shift JIS and GBK, which the client may ask for by LC_ALL, a byte of a non-ASCII character swallows an ASCII one after it.
 */
function refuseAmbiguousCharacters(text: string): void {
  let wide = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0) throw new ShellSyntaxError('there is a NUL in the text')
    if (code === REPLACEMENT) throw new ShellSyntaxError('the text is not UTF-8')
    if (code >= 0xd800 && code <= 0xdfff && !text.isWellFormed()) throw new ShellSyntaxError('the text is not UTF-8')
    if (wide && SWALLOWED.has(code)) throw new ShellSyntaxError('a special character directly follows one that is not ASCII')
    wide = code >= 0x80
  }
}

/** `\ ^ \` { | } ~ [ ]`: what has a meaning among 0x40 to 0x7E, the second bytes there. */
const SWALLOWED: ReadonlySet<number> = new Set([0x5b, 0x5c, 0x5d, 0x5e, 0x60, 0x7b, 0x7c, 0x7d, 0x7e])
