import {
  type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, visit,
  type YAMLError,
} from 'yaml'
import { type Finding, type Path, type Problem, renderPath } from './problem.ts'

/** Largest document, in UTF-16 units. */
export const MAX_DOCUMENT_LENGTH = 1024 * 1024
/** Aliases in a document, and how often they may repeat an anchor; beyond it a small text becomes a huge document. */
const MAX_ALIASES = 100

/** One slip of syntax makes many errors after it. */
const MAX_SYNTAX_PROBLEMS = 10

/** A YAML text together with where each part of it stands. */
export interface DocumentSource {
  /** Plain data. Hostile until a schema has passed it. */
  readonly data: unknown
  locate(finding: Finding): Problem
  /** The text of a scalar as it stands in the document, such as `null` or `~`. */
  sourceOf(path: Path): string | undefined
  /** The same text without one top-level section. Comments and formatting of the rest are kept. */
  without(section: string): string
}

/** Reads YAML 1.2. Messages are this module's own, because the parser's quote the text and that may hold a secret. */
export function readDocument(text: string): DocumentSource | { readonly problems: readonly Problem[] } {
  if (text.length > MAX_DOCUMENT_LENGTH) {
    return { problems: [problem(1, 1, `the document is larger than ${MAX_DOCUMENT_LENGTH / 1024} KiB`)] }
  }
  const place = placeIn(text)
  let document: Document.Parsed
  let data: unknown
  try {
    document = parseDocument(text, { version: '1.2', prettyErrors: false, stringKeys: true, uniqueKeys: false })
    const unread: SyntaxError[] = [...document.errors, ...document.warnings]
    const wrong = unread.length > 0 ? unread : refusedNodes(document)
    if (wrong.length > 0) {
      return { problems: wrong.slice(0, MAX_SYNTAX_PROBLEMS).map((error) => syntaxProblem(error, place)) }
    }
    const alias = aliasProblem(document, place)
    if (alias !== undefined) return { problems: [alias] }
    if (document.directives.yaml.explicit && document.directives.yaml.version !== '1.2') {
      return { problems: [problem(1, 1, 'the document must be YAML 1.2')] }
    }
    data = document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (error) {
    // The parser is recursive: very deep nesting ends as a RangeError. Aliases without end as a ReferenceError.
    const message = error instanceof RangeError ? 'the document is nested too deeply' : 'aliases repeat too much'
    return { problems: [problem(1, 1, message)] }
  }
  return {
    data,
    sourceOf(path) {
      const found = find(document, path)
      return isScalar(found.value) ? found.value.source : undefined
    },
    locate({ path, message, suggestion, atKey, offset }) {
      const found = find(document, path)
      const node = atKey ? (found.key ?? found.value) : found.value
      const start = node?.range?.[0] ?? found.nearest ?? 0
      const { line, column } = place(start + (atKey || offset === undefined ? 0 : offsetInSource(text, node, offset)))
      const located = problem(line, column, message, renderPath(path))
      return suggestion === undefined ? located : { ...located, suggestion }
    },
    without(section) {
      if (!isMap(document.contents) || !document.contents.has(section)) return text
      const copy = document.clone()
      copy.delete(section)
      return copy.toString({ lineWidth: 0 })
    },
  }
}

type Place = (offset: number) => { readonly line: number; readonly column: number }

/** The parser's own counter goes astray after some errors, and points beyond the end of a line. */
function placeIn(text: string): Place {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    const within = Math.min(Math.max(offset, 0), text.length)
    let [low, high] = [0, starts.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= within) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: within - (starts[low] ?? 0) + 1 }
  }
}

/** Tags, and keys written twice: here rather than by the parser, which compares each key with every other. */
function refusedNodes(document: Document.Parsed): SyntaxError[] {
  const found: SyntaxError[] = []
  visit(document, {
    Value(_key, { tag, range }) {
      if (tag !== undefined) found.push({ code: 'TAG_RESOLVE_FAILED', pos: [range?.[0] ?? 0, 0] })
    },
    Map(_key, map) {
      const seen = new Set<unknown>()
      for (const { key } of map.items) {
        if (!isScalar(key)) continue
        if (seen.has(key.value)) found.push({ code: 'DUPLICATE_KEY', pos: [key.range?.[0] ?? 0, 0] })
        seen.add(key.value)
      }
      if (map.tag !== undefined) found.push({ code: 'TAG_RESOLVE_FAILED', pos: [map.range?.[0] ?? 0, 0] })
    },
  })
  return found
}

/** To find an anchor the parser walks the document, so the aliases are counted before the first is followed. */
function aliasProblem(document: Document.Parsed, place: Place): Problem | undefined {
  const aliases: Alias[] = []
  visit(document, { Alias: (_key, alias) => void aliases.push(alias) })
  if (aliases.length > MAX_ALIASES) return problem(1, 1, `a document may have at most ${MAX_ALIASES} aliases`)
  const unresolved = aliases.find((alias) => alias.resolve(document) === undefined)
  return unresolved && syntaxProblem({ code: 'BAD_ALIAS', pos: [unresolved.range?.[0] ?? 0, 0] }, place)
}

function problem(line: number, column: number, message: string, path = ''): Problem {
  return { line, column, path, message }
}

interface Found {
  readonly key?: Node
  /** Absent when the document has nothing at the path. */
  readonly value?: Node
  /** Offset of the innermost part of the document that encloses the path. */
  readonly nearest?: number
}

function find(document: Document.Parsed, path: Path): Found {
  let value: Node | null | undefined = document.contents
  let key: Node | undefined
  let nearest = 0
  for (const step of path) {
    if (isAlias(value)) value = value.resolve(document)
    nearest = value?.range?.[0] ?? nearest
    key = undefined
    if (isSeq(value)) value = value.items[Number(step)] as Node | undefined
    else if (isMap(value)) {
      const pair: Pair | undefined = value.items.find(({ key: written }) =>
        isScalar(written) && String(written.value) === String(step))
      key = pair?.key as Node | undefined
      value = pair?.value as Node | null | undefined
    } else value = undefined
    if (key === undefined && (value === undefined || value === null)) return { nearest }
  }
  return { ...(key ? { key } : {}), ...(value ? { value } : key ? { value: key } : {}), nearest }
}

/** Where a position within a scalar's value stands in the text; its beginning when escapes or folding moved it. */
function offsetInSource(text: string, node: Node | undefined, offset: number): number {
  if (!isScalar(node) || typeof node.value !== 'string' || !node.range) return 0
  const quote = node.type === 'QUOTE_SINGLE' || node.type === 'QUOTE_DOUBLE' ? 1 : 0
  const start = node.range[0] + quote
  return text.startsWith(node.value, start) ? quote + offset : 0
}

const SYNTAX_MESSAGES: Partial<Record<YAMLError['code'], string>> = {
  DUPLICATE_KEY: 'this key is written twice',
  BAD_ALIAS: 'this alias has no anchor before it; put text that begins with "*" in quotes',
  TAG_RESOLVE_FAILED: 'tags such as !this are not used here; put text that begins with "!" in quotes',
  NON_STRING_KEY: 'a key must be text',
  MULTIPLE_DOCS: 'a file holds one document only',
  TAB_AS_INDENT: 'indent with spaces, not with tabs',
  BAD_INDENT: 'the indentation does not fit the lines above, or a bracket is not closed',
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " in one line; put text that holds ": " in quotes',
  MULTILINE_IMPLICIT_KEY: 'a ":" is missing here, or a bracket is not closed',
  MISSING_CHAR: 'a quote, bracket, comma or ":" is missing here',
  BAD_SCALAR_START: 'text that begins with this character needs quotes',
  RESOURCE_EXHAUSTION: 'the document is nested too deeply',
  BAD_DQ_ESCAPE: 'not an escape of YAML; use single quotes to take text as it is',
}

type SyntaxError = Pick<YAMLError, 'code' | 'pos'>

function syntaxProblem(error: SyntaxError, place: Place): Problem {
  const { line, column } = place(error.pos[0])
  return problem(line, column, SYNTAX_MESSAGES[error.code] ?? 'this is not YAML')
}
