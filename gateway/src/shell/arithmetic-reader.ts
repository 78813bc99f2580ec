/**
 * Arithmetic. bash evaluates the text of a variable again, and runs substitutions in the subscripts that it finds there:
 * `a='x[$(reboot)]'; echo $((a))`. So every value that takes part must be a number for certain.
 */
import type { ArithmeticExpression, Word } from 'unbash'
import { isName, isNumberLike } from './characters.ts'
import { keepVariable } from './environment.ts'
import type { Walk } from './walk.ts'

const BECAUSE = 'arithmetic with a value that need not be a number can run commands'

export function readArithmetic(walk: Walk, expression: ArithmeticExpression): void {
  switch (expression.type) {
    case 'ArithmeticBinary':
      if (isAssignment(expression.operator) && expression.left.type === 'ArithmeticWord') assignTo(walk, expression.left)
      else readArithmetic(walk, expression.left)
      readArithmetic(walk, expression.right)
      return
    case 'ArithmeticUnary':
      if (expression.operator === '++' || expression.operator === '--') {
        if (expression.operand.type === 'ArithmeticWord') assignTo(walk, expression.operand)
      }
      readArithmetic(walk, expression.operand)
      return
    case 'ArithmeticTernary':
      for (const part of [expression.test, expression.consequent, expression.alternate]) readArithmetic(walk, part)
      return
    case 'ArithmeticGroup':
      readArithmetic(walk, expression.expression)
      return
    case 'ArithmeticWord':
      readOperand(walk, expression)
      return
    default:
      if (expression.type === 'ArithmeticCommandExpansion') walk.substitution(expression.script)
      walk.findings.unknownFor(BECAUSE)
  }
}

/** A word that is evaluated as arithmetic: an index, the operand of `-eq` in `[[ ]]`, a part of a slice. */
export function arithmeticText(walk: Walk, word: Word): void {
  const read = walk.word(word)
  if (read.numeric === true) return
  const text = read.value?.startsWith('-') === true ? read.value.slice(1) : read.value
  if (text !== undefined && (text === '' || isNumberLike(text) || (isName(text) && walk.variables.isNumeric(text)))) return
  walk.findings.unknownFor(BECAUSE)
}

function readOperand(walk: Walk, word: Extract<ArithmeticExpression, { type: 'ArithmeticWord' }>): void {
  if (word.parts === undefined) {
    if (isNumberLike(word.value) || (isName(word.value) && walk.variables.isNumeric(word.value))) return
    walk.findings.unknownFor(BECAUSE)
    return
  }
  const read = walk.word({ type: 'Word', text: word.value, value: word.value, pos: word.pos, end: word.end, parts: word.parts })
  if (read.numeric !== true) walk.findings.unknownFor(BECAUSE)
}

function assignTo(walk: Walk, word: Extract<ArithmeticExpression, { type: 'ArithmeticWord' }>): void {
  if (isName(word.value)) assignNumber(walk, word.value)
  else walk.findings.unknownFor(BECAUSE)
}

/** The shell puts a number into it: PATH may then be a folder of that name. */
export function assignNumber(walk: Walk, name: string): void {
  walk.variables.assign(name, NUMBER, false)
  keepVariable(walk, name, NUMBER)
}

const NUMBER = { value: undefined, prefix: '', kind: 'computed', name: '', mayBeOption: true, numeric: true, plain: true } as const

function isAssignment(operator: string): boolean {
  return operator.endsWith('=') && !['==', '!=', '<=', '>='].includes(operator)
}
