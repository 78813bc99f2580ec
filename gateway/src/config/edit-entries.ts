import { isDeepStrictEqual } from 'node:util'
import { type Document, isMap, isSeq, type Node, parseDocument, stringify, type YAMLMap, type YAMLSeq } from 'yaml'

/** A list of the document whose entries have names. */
export type EditedSection = 'agents' | 'targets'

interface NamedEntry {
  readonly name: string
}

/** The entry cannot be put in or taken out without changing what else the document says. */
export class EntryEditError extends Error {
  override readonly name = 'EntryEditError'
}

/**
 * Puts an entry behind those that a policy document has. The rest of the text stays as it is, letter by letter where the
 * section is a block list, else as the YAML library writes it: comments are kept in any case.
 * @throws EntryEditError
 */
export function addEntry(text: string, section: EditedSection, entry: NamedEntry): string {
  const before = parse(text)
  const list = listOf(before, section)
  const spliced = list === undefined ? appendSection(text, before, section, entry) : appendItem(text, list, entry)
  const wanted = withEntries(before, section, [...plainEntries(before, section), entry])
  return firstThatSays(wanted, [spliced, () => rewritten(before, section, (items, document) => items.add(document.createNode(entry)))])
}

/**
 * Takes entries out, each with the comment right above it.
 * @throws EntryEditError when one is not there
 */
export function removeEntries(text: string, section: EditedSection, names: readonly string[]): string {
  return names.reduce((rest, name) => removeEntry(rest, section, name), text)
}

function removeEntry(text: string, section: EditedSection, name: string): string {
  const before = parse(text)
  const list = listOf(before, section)
  const index = plainEntries(before, section).findIndex((entry) => (entry as Partial<NamedEntry> | null)?.name === name)
  if (list === undefined || index === -1) throw new EntryEditError(`there is no "${name}" among the ${section} of this version of the policy`)
  const wanted = withEntries(before, section, plainEntries(before, section).toSpliced(index, 1))
  return firstThatSays(wanted, [removeItem(text, list, index), () => rewritten(before, section, (items) => void items.delete(index))])
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
  throw new EntryEditError('this document cannot be changed here without changing what else it says, for example because of its anchors')
}

function parse(text: string): Document.Parsed {
  const document = parseDocument(text, { version: '1.2', prettyErrors: false, stringKeys: true })
  if (document.errors.length > 0 || document.warnings.length > 0 || !isMap(document.contents)) throw new EntryEditError('the version in force cannot be read')
  return document
}

function listOf(document: Document.Parsed, section: EditedSection): YAMLSeq | undefined {
  const list: unknown = document.get(section)
  if (list !== undefined && !isSeq(list)) throw new EntryEditError(`"${section}" of the version in force is no plain list`)
  return list
}

function plainEntries(document: Document.Parsed, section: EditedSection): readonly unknown[] {
  return (document.toJS() as { readonly [Section in EditedSection]?: readonly unknown[] })[section] ?? []
}

function withEntries(document: Document.Parsed, section: EditedSection, entries: readonly unknown[]): unknown {
  // Through JSON, as plain data without what is undefined.
  return { ...document.toJS() as object, [section]: JSON.parse(JSON.stringify(entries)) as unknown }
}

function rewritten(before: Document.Parsed, section: EditedSection, change: (list: YAMLSeq, document: Document) => void): string {
  const document = before.clone()
  if (!document.has(section)) document.set(section, document.createNode([]))
  const list = document.get(section) as YAMLSeq
  if (list.items.length === 0) list.flow = false
  change(list, document)
  if (list.items.length === 0) list.flow = true
  return document.toString({ lineWidth: 0 })
}

function appendSection(text: string, { contents }: Document.Parsed, section: EditedSection, entry: NamedEntry): Edit {
  return () => ((contents as YAMLMap | null)?.flow === true ? undefined : `${endedLine(text)}${section}:\n${itemText(entry, 2)}`)
}

function appendItem(text: string, list: YAMLSeq, entry: NamedEntry): Edit {
  return () => {
    const last = endOf(list.items.at(-1) as Node | undefined)
    if (list.flow === true || last === undefined) return undefined
    const dash = dashOf(text, list.items.at(-1) as Node)
    if (dash === undefined) return undefined
    const lineEnd = endOfLine(text, last)
    return endedLine(text.slice(0, lineEnd)) + itemText(entry, dash - startOfLine(text, dash)) + text.slice(lineEnd)
  }
}

function removeItem(text: string, list: YAMLSeq, index: number): Edit {
  return () => {
    const item = list.items[index] as Node
    const [dash, end] = [dashOf(text, item), endOf(item)]
    if (list.flow === true || list.items.length === 1 || dash === undefined || end === undefined) return undefined
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

/** An entry as an item of a block list. */
export function itemText(entry: object, indent: number): string {
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
