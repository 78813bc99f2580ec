import type { TestExpression, Word } from 'unbash'
import { arithmeticText } from './arithmetic-reader.ts'
import { isName } from './characters.ts'
import type { Walk } from './walk.ts'

const ARITHMETIC: ReadonlySet<string> = new Set(['-eq', '-ne', '-lt', '-le', '-gt', '-ge'])

/** `[[ … ]]` of bash. A sh takes it for a program of that name, and reads `||`, `<` and `>` in it as its own. */
export function readTest(walk: Walk, expression: TestExpression): void {
  switch (expression.type) {
    case 'TestUnary':
      if (expression.operator === '-v' || expression.operator === '-R' || expression.operator === '-t') requireName(walk, expression.operand)
      else walk.word(expression.operand)
      return
    case 'TestBinary':
      if (walk.dialect !== 'bash' && (expression.operator === '<' || expression.operator === '>')) {
        walk.findings.unknownFor('< and > in [[ ]] compare for bash and redirect for sh')
      }
      if (ARITHMETIC.has(expression.operator)) for (const side of [expression.left, expression.right]) arithmeticText(walk, side)
      else for (const side of [expression.left, expression.right]) walk.word(side)
      return
    case 'TestNot':
      readTest(walk, expression.operand)
      return
    case 'TestGroup':
      readTest(walk, expression.expression)
      return
    case 'TestLogical':
      for (const [at, operand] of expression.operands.entries()) {
        if (at > 0 && expression.operator === '||' && walk.dialect !== 'bash' && !beginsWithOperator(operand)) {
          walk.findings.unknownFor('|| in [[ ]] compares for bash and runs a command for sh')
        }
        readTest(walk, operand)
      }
      return
    default:
      walk.findings.unknownFor('a form of [[ ]] that is not known')
  }
}

/** What a sh would take for the name of a program there is an operator such as `-f`, of which there is no program. */
function beginsWithOperator(expression: TestExpression): boolean {
  switch (expression.type) {
    case 'TestUnary':
      return expression.operator.startsWith('-') && expression.operand.pos > expression.pos
    case 'TestNot':
      return beginsWithOperator(expression.operand)
    case 'TestLogical':
      return expression.operands[0] !== undefined && beginsWithOperator(expression.operands[0])
    default:
      return false
  }
}

/** A name with a subscript would be evaluated. */
function requireName(walk: Walk, word: Word): void {
  const { value, numeric } = walk.word(word)
  if (numeric !== true && (value === undefined || !isName(value))) walk.findings.unknownFor('a test of a variable by a name that is computed')
}
