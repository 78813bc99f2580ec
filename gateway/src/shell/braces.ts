import type { BraceExpansionPart } from 'unbash'
import { isDigits } from './characters.ts'
import type { WordBuilder } from './word-builder.ts'

/** `{a,b}`, `{1..5}`: several words, known to begin harmlessly when all in the braces is plain text without a minus sign first. */
export function readBraces(builder: WordBuilder, part: BraceExpansionPart): void {
  const { text } = part
  const expands = part.parts?.some(({ type }) => type !== 'Literal') === true
  if (expands || ['\\', "'", '"', '$', '`'].some((character) => text.includes(character))) {
    builder.part('list', text)
    return
  }
  builder.part('pattern', text, { mayBeOption: optionAmong(text), plain: true, numeric: isRange(text) })
}

/** True when an alternative is empty or begins with a minus sign. */
function optionAmong(text: string): boolean {
  for (let at = 0; at + 1 < text.length; at++) {
    if ((text[at] === '{' || text[at] === ',') && [',', '}', '-'].includes(text[at + 1] ?? '')) return true
  }
  return text.includes('..-')
}

function isRange(text: string): boolean {
  const [from, to, ...more] = text.slice(1, -1).split('..')
  return more.length === 0 && [from, to].every((end) => end !== undefined && isDigits(end))
}
