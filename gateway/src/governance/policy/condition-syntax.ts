import type { ASTNode } from '@marcbachmann/cel-js'

/** Every node of an expression as it was written: macros such as `exists` appear as calls, with their arguments. */
export function syntaxNodes(node: ASTNode): readonly ASTNode[] {
  return [node, ...operands(node).flatMap(syntaxNodes)]
}

/** An expression's one spelling: equal for those that differ in spaces and redundant brackets alone. */
export function formOf(node: ASTNode): string {
  return `${node.op} ${JSON.stringify(wordOf(node))}(${operands(node).map(formOf).join()})`
}

/** What a node says besides its operands. */
function wordOf(node: ASTNode): string {
  switch (node.op) {
    case 'value':
      return `${typeof node.args} ${String(node.args)}`
    case 'id':
      return node.args
    case '.':
    case '.?':
      return node.args[1]
    case 'call':
    case 'rcall':
      return node.args[0]
    default:
      return ''
  }
}

/** How deeply lists are walked within walks of lists. Walks one after the other do not add up. */
export function iterationDepth(node: ASTNode): number {
  if (node.op === 'rcall' && ITERATING_MACROS.has(node.args[0]) && node.args[2].length > 1) {
    return Math.max(iterationDepth(node.args[1]), 1 + deepest(node.args[2]))
  }
  // Membership of a list that is written out costs no more than the text of the condition.
  const walks = node.op === 'in' && node.args[1].op !== 'list' ? 1 : 0
  return Math.max(walks, deepest(operands(node)))
}

const ITERATING_MACROS = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])

function deepest(nodes: readonly ASTNode[]): number {
  return Math.max(0, ...nodes.map(iterationDepth))
}

function operands(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return []
    case '.':
    case '.?':
      return [node.args[0]]
    case '!_':
    case '-_':
      return [node.args]
    case 'call':
      return node.args[1]
    case 'rcall':
      return [node.args[1], ...node.args[2]]
    case 'map':
      return node.args.flat()
    default:
      return node.args
  }
}
