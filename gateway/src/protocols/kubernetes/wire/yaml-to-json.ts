import { type Document, isMap, isScalar, isSeq, Lexer, type Node, parseAllDocuments, type Scalar } from 'yaml'
import { UnsureJson } from './strict-json.ts'

/**
 * One YAML document, written as JSON. Taken is only what YAML 1.1, YAML 1.2 and the API server (sigs.k8s.io/yaml) read alike:
 * no plain word that some of them take for a boolean or a number, no anchor, alias, merge key, tag or directive. Pure.
 *
 * The JSON is what is judged and what is sent on: how a text is read here cannot make the two differ.
 */

/** The reader is slow, most of all at what is wrong, and nobody else is served meanwhile: some 7,000 lines. */
const MAX_YAML_BYTES = 256 * 1024
const MAX_LEXEMES = 50_000
const MAX_DEPTH = 100

const NULL = new Set(['', '~', 'null', 'Null', 'NULL'])
const BOOLEAN = new Set(['true', 'True', 'TRUE', 'false', 'False', 'FALSE'])
/** JSON's own, RFC 8259 §6. */
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/
/** Plain words, in lower case, that one of the readers takes for something else than a text. */
const UNSURE: readonly RegExp[] = [
  /^(?:y|n|yes|no|on|off|true|false|null|=|<<)$/,
  // Octal with nothing but a zero before it, hexadecimal, octal, binary, with underscores, and sixties as in 12:30:45.
  /^[-+]?(?:0x[0-9a-f_]+|0o[0-7_]+|0b[01_]+|[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?)$/,
  /^[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:e[-+]?[0-9]+)?$/,
  /^[-+]?\.(?:inf|nan)$/,
]

/** @throws UnsureJson */
export function yamlToJson(bytes: Buffer): Buffer {
  if (bytes.length > MAX_YAML_BYTES) throw new UnsureJson(`YAML is read up to ${MAX_YAML_BYTES / 1024} KiB`)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new UnsureJson('it is no UTF-8')
  }
  try {
    const { contents } = readOne(text)
    return Buffer.from(write(contents, 0))
  } catch (error) {
    // The reader is recursive.
    if (error instanceof RangeError) throw new UnsureJson('it is nested too deeply')
    throw error
  }
}

function readOne(text: string): Document.Parsed {
  let lexemes = 0
  for (const _lexeme of new Lexer().lex(text)) if (++lexemes > MAX_LEXEMES) throw new UnsureJson('as YAML it is too long')
  // Names that come twice are found in the JSON: here every name would be compared with every other.
  const documents = parseAllDocuments(text, { version: '1.2', schema: 'failsafe', prettyErrors: false, uniqueKeys: false, merge: false, strict: true, logLevel: 'silent' })
  const [document, ...more] = Array.isArray(documents) ? documents : []
  if (document === undefined || more.length > 0) throw new UnsureJson('it is not one document')
  if (document.errors.length > 0 || document.warnings.length > 0) throw new UnsureJson('it is no YAML')
  if (document.directives.yaml.explicit || Object.keys(document.directives.tags).length > 1) throw new UnsureJson('it has directives')
  return document
}

function write(node: Node | null, depth: number): string {
  if (depth > MAX_DEPTH) throw new UnsureJson('it is nested too deeply')
  if (node === null) return 'null'
  if ('anchor' in node && node.anchor !== undefined) throw new UnsureJson('it has an anchor')
  if (node.tag !== undefined && node.tag !== '') throw new UnsureJson('it has a tag')
  if (isScalar(node)) return writeScalar(node)
  if (isSeq(node)) return `[${node.items.map((item) => write(item as Node | null, depth + 1)).join(',')}]`
  if (isMap(node)) return `{${node.items.map(({ key, value }) => `${writeName(key as Node | null)}:${write(value as Node | null, depth + 1)}`).join(',')}}`
  throw new UnsureJson('it has an alias')
}

function writeName(key: Node | null): string {
  const name = isScalar(key) ? write(key, 0) : ''
  if (!name.startsWith('"')) throw new UnsureJson('a name is no text. Put it in quotes')
  return name
}

function writeScalar(scalar: Scalar): string {
  const text = scalar.value
  if (typeof text !== 'string') throw new UnsureJson('it is no YAML')
  if (scalar.type !== 'PLAIN') return JSON.stringify(text)
  if (NULL.has(text)) return 'null'
  if (BOOLEAN.has(text)) return text.toLowerCase()
  if (NUMBER.test(text)) return text
  const word = text.toLowerCase()
  if (UNSURE.some((unsure) => unsure.test(word))) throw new UnsureJson(`a word such as yes, 010 or 12:30 is read in two ways. Put it in quotes, or write true, false or a plain number`)
  return JSON.stringify(text)
}
