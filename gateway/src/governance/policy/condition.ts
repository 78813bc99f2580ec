import type { ASTNode, Environment, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js'
import {
  CONDITION_FIELDS, CONDITION_TYPES, CONDITION_VARIABLES, type ConditionScope, LINEAR_MATCHES,
} from './condition-scope.ts'
import { formOf, iterationDepth, syntaxNodes } from './condition-syntax.ts'
import { linearPattern } from './linear-pattern.ts'

/** A CEL expression that is known to parse and to give a boolean. */
export interface Condition {
  /**
   * @throws ConditionFailed when the evaluation fails, for example because a claim is absent
   */
  holds(scope: ConditionScope): boolean
  /** The operands of `&&` at the top, or the condition itself when there is none. */
  readonly conjuncts: readonly Conjunct[]
  /** True when it speaks of who acts for the identity: `identity.actor` or `identity.actors`. */
  readonly mentionsActor: boolean
}

export interface Conjunct {
  /** True when its value may differ between operations of one session. */
  readonly mentionsOperation: boolean
  /** True when it holds for read-only operations alone, seen from its form. */
  readonly demandsReadOnly: boolean
  /** Equal for operands that are written the same, spaces aside. */
  readonly form: string
  /** @throws ConditionFailed */
  holds(scope: ConditionScope): boolean
}

export class ConditionFailed extends Error {
  override readonly name = 'ConditionFailed'
}

/** Thrown when a condition is not usable; `offset` counts UTF-16 units from its beginning. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError'
  readonly offset: number
  /** A name that does not exist, and those that do. */
  readonly unknown?: { readonly name: string; readonly known: readonly string[] }
  constructor(message: string, offset: number, unknown?: { readonly name: string; readonly known: readonly string[] }) {
    super(message)
    this.offset = offset
    if (unknown !== undefined) this.unknown = unknown
  }
}

/** Longest condition, in UTF-16 units. */
const MAX_LENGTH = 4000
/** Nested loops over lists whose length a client chooses; two deep is quadratic, and lists are bounded as well. */
const MAX_ITERATION_DEPTH = 2
/** Beyond it a condition is not taken apart: each part costs a parse of the whole. */
const MAX_CONJUNCTS = 32

/**
 * @param place `unless` may not mention `operation`
 * @throws ConditionError
 */
export function compileCondition(source: string, place: keyof typeof CONDITION_TYPES): Condition {
  if (source.length > MAX_LENGTH) throw new ConditionError(`a condition may have at most ${MAX_LENGTH} characters`, 0)
  const types = CONDITION_TYPES[place]
  const whole = prepare(types, source)
  const check = whole.check()
  if (!check.valid) throw conditionError(check.error, place)
  if (check.type !== 'bool') {
    const advice = check.type === 'dyn' ? '; compare it, for example with == true' : ''
    throw new ConditionError(`a condition must be a bool, and this is of type ${check.type}${advice}`, 0)
  }
  const conjuncts = conjunctsOf(whole.ast).map((_, index): Conjunct => {
    // The library evaluates whole expressions only. `c && c` means the same as `c`, also when `c` fails.
    const again = prepare(types, source)
    const conjunct = conjunctsOf(again.ast)[index]
    if (conjunct === undefined) throw new ConditionError('the condition could not be taken apart', 0)
    if (again.ast.op === '&&' && again.ast !== conjunct) again.ast.args.fill(conjunct)
    return {
      mentionsOperation: syntaxNodes(conjunct).some((node) => node.op === 'id' && node.args === 'operation'),
      demandsReadOnly: demandsReadOnly(conjunct),
      form: formOf(conjunct),
      holds: (scope) => evaluate(again, scope),
    }
  })
  return { holds: (scope) => evaluate(whole, scope), conjuncts, mentionsActor: syntaxNodes(whole.ast).some(isActor) }
}

type Parsed = ReturnType<Environment['parse']>

/** Parses, and turns every `matches` into the linear-time one before types are checked. */
function prepare(types: Environment, source: string): Parsed {
  let parsed: Parsed
  try {
    parsed = types.parse(source)
  } catch (error) {
    throw conditionError(error as ParseError, 'when')
  }
  if (iterationDepth(parsed.ast) > MAX_ITERATION_DEPTH) {
    throw new ConditionError(`loops over lists may be nested at most ${MAX_ITERATION_DEPTH} deep`, 0)
  }
  for (const node of syntaxNodes(parsed.ast)) {
    if (node.op !== 'rcall' && node.op !== 'call') continue
    if (node.args[0] === LINEAR_MATCHES) throw new ConditionError(`there is no function ${LINEAR_MATCHES}`, node.start)
    if (node.op !== 'rcall' || node.args[0] !== 'matches') continue
    node.args[0] = LINEAR_MATCHES
    const pattern = node.args[2][0]
    if (pattern?.op === 'value' && typeof pattern.args === 'string') checkPattern(pattern.args, pattern.start)
  }
  return parsed
}

function checkPattern(pattern: string, offset: number): void {
  try {
    linearPattern(pattern)
  } catch (error) {
    throw new ConditionError(`not an RE2 pattern: ${(error as Error).message}`, offset)
  }
}

function evaluate(parsed: Parsed, scope: ConditionScope): boolean {
  let value: unknown
  try {
    value = parsed(scope)
  } catch (error) {
    const { code, summary } = error as Partial<CelTypeError>
    // Other messages of the library quote values, and a claim's value has no place in an answer to a client.
    throw new ConditionFailed(code === 'no_such_key' && summary ? summary : (code ?? 'error').replaceAll('_', ' '))
  }
  if (typeof value !== 'boolean') throw new ConditionFailed('the condition did not give a bool')
  return value
}

function isActor(node: ASTNode): boolean {
  if (node.op !== '.') return false
  const [of, field] = node.args
  return of.op === 'id' && of.args === 'identity' && (field === 'actor' || field === 'actors')
}

function conjunctsOf(node: ASTNode): readonly ASTNode[] {
  const conjuncts = splitConjunction(node)
  return conjuncts.length > MAX_CONJUNCTS ? [node] : conjuncts
}

function splitConjunction(node: ASTNode): readonly ASTNode[] {
  return node.op === '&&' ? node.args.flatMap(splitConjunction) : [node]
}

/** True for exactly `operation.readOnly`, also compared with `true`. */
function demandsReadOnly(node: ASTNode): boolean {
  if (node.op === '==') {
    const [left, right] = node.args
    if (right.op === 'value' && right.args === true) return demandsReadOnly(left)
    if (left.op === 'value' && left.args === true) return demandsReadOnly(right)
    return false
  }
  return node.op === '.' && node.args[1] === 'readOnly' && node.args[0].op === 'id' && node.args[0].args === 'operation'
}

function conditionError(
  error: ParseError | CelTypeError | undefined, place: keyof typeof CONDITION_TYPES,
): ConditionError {
  const summary = (error?.summary ?? error?.message ?? 'not a CEL expression').replaceAll(LINEAR_MATCHES, 'matches')
  const offset = error?.range?.start ?? 0
  if (place === 'unless' && summary === 'Unknown variable: operation') {
    return new ConditionError('"unless" may use identity, target and session, not operation', offset)
  }
  const name = summary.slice(summary.indexOf(': ') + 2)
  switch (error?.code) {
    case 'no_such_key':
      return new ConditionError(`there is no field "${name}"`, offset, { name, known: CONDITION_FIELDS })
    case 'unknown_variable':
      return new ConditionError(`there is no variable "${name}"`, offset, { name, known: CONDITION_VARIABLES[place] })
    default:
      return new ConditionError(summary.replace('Unexpected token: EOF', 'the condition ends too early'), offset)
  }
}
