import type { Node } from 'libpg-query'

/** A node's fields, whatever its type; parse trees are plain JSON. */
export type Fields = Readonly<Record<string, unknown>>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The type and content of a tagged node: `{ SelectStmt: … }`. */
export function tagged(node: Node): [tag: string, content: Fields] {
  for (const [tag, content] of Object.entries(node)) return [tag, isFields(content) ? content : {}]
  return ['', {}]
}

/** The text of a `String` node. Empty text is left out of the tree. */
export function stringOf(node: Node | undefined): string | undefined {
  return node !== undefined && 'String' in node ? (node.String.sval ?? '') : undefined
}

/** The texts of a list of `String` nodes, such as a qualified name. */
export function stringsOf(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).map((node) => stringOf(node) ?? '')
}
