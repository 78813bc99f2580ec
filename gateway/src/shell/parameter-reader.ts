import type { ParameterExpansionPart, Word } from 'unbash'
import { arithmeticText } from './arithmetic-reader.ts'
import { hasAny, isName } from './characters.ts'
import { keepVariable } from './environment.ts'
import type { Walk } from './walk.ts'
import type { WordBuilder } from './word-builder.ts'

/** Set by the shell or by login to an absolute path. */
const ABSOLUTE: ReadonlySet<string> = new Set(['HOME', 'PWD'])
/** One word without a minus sign first; or nothing, in some shells, in containers, or as long as no folder was changed. */
const PERHAPS: ReadonlySet<string> = new Set(['OLDPWD', 'SHELL', 'USER', 'LOGNAME', 'HOSTNAME', 'HOSTTYPE', 'OSTYPE'])

/** `$name`, `${name}`, `$1`, `$@`. */
export function readVariable(walk: Walk, builder: WordBuilder, name: string, text: string, quoted: boolean): void {
  const { variables } = walk
  const value = variables.valueOf(name)
  if (value !== undefined && (quoted ? value.kind !== 'pattern' : value.plain === true && value.kind !== 'pattern')) builder.value(value)
  else if (value !== undefined && quoted) builder.value({ ...value, kind: 'computed' })
  else if (variables.isNumeric(name)) {
    if (variables.isCertain(name, walk.dialect === 'bash')) builder.part('computed', text, { mayBeOption: false, numeric: true, plain: true })
    else builder.part(quoted ? 'computed' : 'list', text, { mayBeEmpty: true, numeric: true })
  }
  else if (name === '@' || name === '*') builder.part('list', text)
  else if (ABSOLUTE.has(name) && !variables.isAssigned(name)) {
    if (!quoted && name === 'PWD') walk.findings.folder('named')
    builder.part('computed', text, { mayBeOption: false, plain: true })
  }
  else if (PERHAPS.has(name) && !variables.isAssigned(name)) builder.part(quoted ? 'computed' : 'list', text, { mayBeEmpty: true })
  else builder.part(quoted ? 'computed' : 'list', text)
}

/** `${…}` in all its forms. */
export function readParameter(walk: Walk, builder: WordBuilder, part: ParameterExpansionPart, quoted: boolean): void {
  const { parameter, prefix, index, operation, text } = part
  const dubious = isPosix(part) ? (quoted ? "'" : '') : '\'"`'
  if (walk.dialect !== 'bash' && hasAny(text, dubious)) walk.findings.unknownFor('shells differ in where ${…} with quotes in it ends')
  if (index !== undefined) readIndex(walk, index)
  const every = index !== undefined && (index.text === '@' || index.text === '*')
  if (index !== undefined) walk.variables.makeArray(parameter)
  if (prefix === '#' && operation === undefined) {
    builder.part('computed', text, { mayBeOption: false, numeric: true, plain: true })
    return
  }
  if (prefix === '!' && !every && operation?.type !== 'Names') walk.findings.unknownFor('${!name} reads a name that is computed')
  if (operation === undefined && index === undefined && prefix === undefined) {
    readVariable(walk, builder, parameter, text, quoted)
    return
  }
  if (operation?.type !== 'Default' && operation?.type !== 'Remove') walk.mayFail()
  readOperation(walk, part)
  builder.part(quoted && !every && parameter !== '@' && prefix !== '!' ? 'computed' : 'list', text)
}

/** Of the forms that every shell knows. */
function isPosix({ index, prefix, operation }: ParameterExpansionPart): boolean {
  return index === undefined && prefix !== '!' && (operation === undefined || operation.type === 'Default' || operation.type === 'Remove')
}

function readOperation(walk: Walk, { parameter, operation }: ParameterExpansionPart): void {
  switch (operation?.type) {
    case undefined:
    case 'Names':
      return
    case 'Default': {
      const word = walk.word(operation.operand)
      if (operation.operator.endsWith('=')) {
        if (!isName(parameter)) walk.findings.unknownFor(`${parameter} can not be assigned to`)
        walk.variables.assign(parameter, word, false)
        keepVariable(walk, parameter, word)
      }
      return
    }
    case 'Remove':
      walk.word(operation.operand)
      return
    case 'Replace':
      walk.word(operation.pattern)
      walk.word(operation.replacement)
      return
    case 'Slice':
      arithmeticText(walk, operation.offset)
      if (operation.length !== undefined) arithmeticText(walk, operation.length)
      return
    case 'CaseModification':
      if (operation.operand !== undefined) walk.word(operation.operand)
      return
    case 'Transform':
      if (!['Q', 'U', 'u', 'L', 'a', 'A', 'K', 'k'].includes(walk.word(operation.operand).value ?? '')) {
        walk.findings.unknownFor('${name@P} runs what stands in the variable')
      }
      return
    default:
      walk.findings.unknownFor('a form of ${…} that is not known')
  }
}

/** An index is arithmetic, which runs the substitutions in what it reads. */
export function readIndex(walk: Walk, index: Word): void {
  walk.mayFail()
  if (index.text !== '@' && index.text !== '*') arithmeticText(walk, index)
}
