/** A word of the tree into a {@link ShellWord}, with everything that is run for it on the way. */
import type { DoubleQuotedChild, Word, WordPart } from 'unbash'
import { readBraces } from './braces.ts'
import { readParameter, readVariable } from './parameter-reader.ts'
import { producedBy } from './plain-producers.ts'
import { anyWord, constantWord } from './shell-word.ts'
import type { ShellWord } from './shell-word.ts'
import type { Walk } from './walk.ts'
import { WordBuilder } from './word-builder.ts'

export function readWord(walk: Walk, word: Word): ShellWord {
  const home = word.text.startsWith('~') && (walk.variables.isAssigned('HOME') || word.text.startsWith('~+') || word.text.startsWith('~-'))
  if (word.parts === undefined) return home ? anyWord(word.text) : constantWord(word.value)
  const builder = new WordBuilder()
  if (home) builder.part('computed', '', { mayBeOption: true })
  for (const part of word.parts) readPart(walk, builder, part, false)
  return builder.done()
}

/** Reads what is run for a text with expansions that is no word of a command: a here-document. */
export function readParts(walk: Walk, parts: readonly WordPart[]): ShellWord {
  const builder = new WordBuilder()
  for (const part of parts) readPart(walk, builder, part, true)
  return builder.done()
}

function readPart(walk: Walk, builder: WordBuilder, part: WordPart | DoubleQuotedChild, quoted: boolean): void {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
      builder.literal(part.value)
      return
    case 'AnsiCQuoted':
      // To a shell that does not know this form the quote after the backslash is the end of the string.
      if (walk.dialect !== 'bash' && part.text.includes("\\'")) walk.findings.unknownFor("$'…' with an escaped quote means one thing to bash and another to sh")
      builder.literal(part.value)
      return
    case 'LocaleString':
      walk.findings.unknownFor('$"…" is translated')
      for (const child of part.parts) readPart(walk, builder, child, true)
      return
    case 'DoubleQuoted':
      for (const child of part.parts) readPart(walk, builder, child, true)
      if (part.parts.length === 0) builder.literal('')
      return
    case 'SimpleExpansion':
      readVariable(walk, builder, part.text.slice(1), part.text, quoted)
      return
    case 'ParameterExpansion':
      readParameter(walk, builder, part, quoted)
      return
    case 'CommandExpansion': {
      if (part.text.startsWith('$((')) walk.findings.unknownFor('$(( begins arithmetic or a subshell: write $( ( for this')
      if (quoted && part.text.startsWith('`') && part.text.includes('\\"')) walk.findings.unknownFor('shells differ in how they read quotes in backticks in quotes: use $( )')
      walk.substitution(part.script)
      const produced = part.script === undefined ? undefined : producedBy(part.script)
      if (produced === undefined) builder.part(quoted ? 'computed' : 'list', part.text)
      else if (produced === 'word or nothing') builder.part(quoted ? 'computed' : 'list', part.text, { mayBeEmpty: true })
      else builder.part('computed', part.text, { mayBeOption: false, plain: true, numeric: produced === 'number' })
      return
    }
    case 'ArithmeticExpansion':
      if (part.text.startsWith('$[') && walk.dialect !== 'bash') walk.findings.unknownFor('$[ ] is arithmetic to bash and words to sh: use $(( ))')
      walk.arithmetic(part.expression)
      builder.part('computed', part.text, { mayBeOption: true, numeric: true, plain: true })
      return
    case 'ProcessSubstitution':
      walk.substitution(part.script)
      builder.part('computed', '', { mayBeOption: false, plain: true })
      return
    case 'Glob':
      for (const child of part.parts ?? []) readPart(walk, new WordBuilder(), child, true)
      builder.part('pattern', part.text)
      return
    case 'BraceExpansion':
      for (const child of part.parts ?? []) readPart(walk, new WordBuilder(), child, true)
      readBraces(builder, part)
      return
    case 'ExtendedGlob':
      walk.findings.unknownFor('extended patterns such as @(a|b) mean different things to different shells')
      for (const child of part.parts ?? []) readPart(walk, new WordBuilder(), child, true)
      builder.part('list', part.text)
      return
    default:
      walk.findings.unknownFor(`a form that is not known: ${(part as { type: string }).type}`)
  }
}
