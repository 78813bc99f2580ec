import { isDeepStrictEqual } from 'node:util'
import { type Document, isMap, isSeq, type Node, parseDocument, stringify, type YAMLMap, type YAMLSeq } from 'yaml'
import type { AgentEntry } from '../governance/policy/policy-document.ts'

/** The entry cannot be put in or taken out without changing what else the document says. */
export class AgentEditError extends Error {
  override readonly name = 'AgentEditError'
}

/**
 * Puts an agent behind those that a policy document has. The rest of the text stays as it is, letter by letter where the
 * section is a block list, else as the YAML library writes it: comments are kept in any case.
 * @throws AgentEditError
 */
export function addAgent(text: string, entry: AgentEntry): string {
  const before = parse(text)
  const agents = agentsOf(before)
  const spliced = agents === undefined ? appendSection(text, before, entry) : appendItem(text, agents, entry)
  const wanted = withAgents(before, [...plainAgents(before), entry])
  return firstThatSays(wanted, [spliced, () => rewritten(before, (list, document) => list.add(document.createNode(entry)))])
}

/**
 * Takes agents out, each with the comment right above it.
 * @throws AgentEditError when one is not there
 */
export function removeAgents(text: string, names: readonly string[]): string {
  return names.reduce(removeAgent, text)
}

function removeAgent(text: string, name: string): string {
  const before = parse(text)
  const agents = agentsOf(before)
  const index = plainAgents(before).findIndex((agent) => (agent as Partial<AgentEntry> | null)?.name === name)
  if (agents === undefined || index === -1) throw new AgentEditError(`there is no agent "${name}" in this version of the policy`)
  const wanted = withAgents(before, plainAgents(before).toSpliced(index, 1))
  return firstThatSays(wanted, [removeItem(text, agents, index), () => rewritten(before, (list) => void list.delete(index))])
}

type Edit = () => string | undefined

/** Whatever an edit did, the document must say exactly what was asked for. */
function firstThatSays(wanted: unknown, edits: readonly Edit[]): string {
  for (const edit of edits) {
    try {
      const text = edit()
      if (text === undefined) continue
      if (isDeepStrictEqual(parse(text).toJS(), wanted)) return text
    } catch {
      // The next way may do: this one cut through what belongs together.
    }
  }
  throw new AgentEditError('this document cannot be changed here without changing what else it says, for example because of its anchors')
}

function parse(text: string): Document.Parsed {
  const document = parseDocument(text, { version: '1.2', prettyErrors: false, stringKeys: true })
  if (document.errors.length > 0 || document.warnings.length > 0 || !isMap(document.contents)) throw new AgentEditError('the version in force cannot be read')
  return document
}

function agentsOf(document: Document.Parsed): YAMLSeq | undefined {
  const agents: unknown = document.get('agents')
  if (agents !== undefined && !isSeq(agents)) throw new AgentEditError('"agents" of the version in force is no plain list')
  return agents
}

function plainAgents(document: Document.Parsed): readonly unknown[] {
  return (document.toJS() as { readonly agents?: readonly unknown[] }).agents ?? []
}

function withAgents(document: Document.Parsed, agents: readonly unknown[]): unknown {
  // Through JSON, as plain data without what is undefined.
  return { ...document.toJS() as object, agents: JSON.parse(JSON.stringify(agents)) as unknown }
}

function rewritten(before: Document.Parsed, change: (list: YAMLSeq, document: Document) => void): string {
  const document = before.clone()
  if (!document.has('agents')) document.set('agents', document.createNode([]))
  const list = document.get('agents') as YAMLSeq
  if (list.items.length === 0) list.flow = false
  change(list, document)
  if (list.items.length === 0) list.flow = true
  return document.toString({ lineWidth: 0 })
}

function appendSection(text: string, { contents }: Document.Parsed, entry: AgentEntry): Edit {
  return () => ((contents as YAMLMap | null)?.flow === true ? undefined : `${endedLine(text)}agents:\n${itemText(entry, 2)}`)
}

function appendItem(text: string, agents: YAMLSeq, entry: AgentEntry): Edit {
  return () => {
    const last = endOf(agents.items.at(-1) as Node | undefined)
    if (agents.flow === true || last === undefined) return undefined
    const dash = dashOf(text, agents.items.at(-1) as Node)
    if (dash === undefined) return undefined
    const lineEnd = endOfLine(text, last)
    return endedLine(text.slice(0, lineEnd)) + itemText(entry, dash - startOfLine(text, dash)) + text.slice(lineEnd)
  }
}

function removeItem(text: string, agents: YAMLSeq, index: number): Edit {
  return () => {
    const item = agents.items[index] as Node
    const [dash, end] = [dashOf(text, item), endOf(item)]
    if (agents.flow === true || agents.items.length === 1 || dash === undefined || end === undefined) return undefined
    let start = startOfLine(text, dash)
    for (let above = startOfLine(text, start - 1); start > 0 && isComment(text.slice(above, start)); above = startOfLine(text, start - 1)) start = above
    return text.slice(0, start) + text.slice(endOfLine(text, end))
  }
}

/** Where the entry's "- " stands; undefined when anything else is before it on its line. */
function dashOf(text: string, item: Node): number | undefined {
  const start = item.range?.[0]
  if (start === undefined) return undefined
  const dash = text.lastIndexOf('-', start)
  return dash >= 0 && text.slice(startOfLine(text, dash), dash).trim() === '' ? dash : undefined
}

function endOf(item: Node | undefined): number | undefined {
  return item?.range?.[1]
}

function itemText(entry: AgentEntry, indent: number): string {
  const lines = stringify([entry], { lineWidth: 0 }).trimEnd().split('\n')
  return lines.map((line) => (line === '' ? '' : ' '.repeat(indent) + line)).join('\n') + '\n'
}

function endedLine(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

function startOfLine(text: string, at: number): number {
  return at <= 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1
}

/** Behind the line break; at a line's beginning already, it is that. */
function endOfLine(text: string, at: number): number {
  if (at > 0 && text[at - 1] === '\n') return at
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end + 1
}

function isComment(line: string): boolean {
  return line.trimStart().startsWith('#')
}
