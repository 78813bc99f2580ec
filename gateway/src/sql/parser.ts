/**
 * PostgreSQL's own parser, kept whole.
 *
 * A statement nested too deeply overflows the JavaScript stack in the middle of the WebAssembly code, which then never
 * gives its own stack back. About thirty of these and the parser of the npm package reads and writes where it must not,
 * for the rest of the process. So an instance that ended in anything but its own error is thrown away, and another,
 * made before, takes its place. While there is none, nothing parses: what does not parse is unknown.
 */
import createInstance from 'libpg-query/wasm/libpg-query.js'
import type { ParserInstance } from 'libpg-query/wasm/libpg-query.js'
import type { Node, ParseResult } from 'libpg-query'

const SPARES = 2
const instances: ParserInstance[] = []
let making = 0

/** The text is not what the grammar takes, or no parser is free to say. */
export class ParseError extends Error {
  override readonly name = 'ParseError'
}

/** Makes the parser ready. Call once before {@link parseSql}. */
export async function loadParser(): Promise<void> {
  if (instances.length === 0) instances.push(await createInstance())
  makeSpares()
}

/**
 * The statements of a text, in order.
 * @param text valid UTF-16 without NUL
 * @throws ParseError
 */
export function parseSql(text: string): readonly Node[] {
  // The scanner takes time in the square of the length of these: seconds for a text of ordinary length.
  if (operatorRunsCost(text) > MAX_OPERATOR_RUNS_COST) throw new ParseError('too many operator characters in a row')
  const instance = instances[0]
  if (instance === undefined) {
    makeSpares()
    throw new ParseError('no parser is ready')
  }
  let tree: string
  try {
    tree = parseWith(instance, text)
  } catch (error) {
    if (error instanceof ParseError) throw error
    if (instances[0] === instance) instances.shift()
    makeSpares()
    throw new ParseError('the text is nested too deeply', { cause: error })
  }
  const { stmts } = JSON.parse(tree) as ParseResult
  return (stmts ?? []).flatMap(({ stmt }) => (stmt === undefined ? [] : [stmt]))
}

function makeSpares(): void {
  for (; instances.length + making < 1 + SPARES; making++) void makeSpare()
}

/** Should it fail, the next statement that finds no parser asks again. */
async function makeSpare(): Promise<void> {
  try {
    instances.push(await createInstance())
  } catch {
    // Nothing parses until one succeeds.
  } finally {
    making--
  }
}

function parseWith(instance: ParserInstance, text: string): string {
  const bytes = instance.lengthBytesUTF8(text) + 1
  const query = instance._malloc(bytes)
  instance.stringToUTF8(text, query, bytes)
  const result = instance._wasm_parse_query_raw(query)
  // Of the result: tree, standard error, error; of the error: message first.
  const error = result === 0 ? 0 : instance.getValue(result + 8, 'i32')
  const failed = result === 0 || error !== 0
  const message = error === 0 ? 'not in the grammar' : instance.UTF8ToString(instance.getValue(error, 'i32')).slice(0, MAX_MESSAGE)
  const tree = failed ? '' : instance.UTF8ToString(instance.getValue(result, 'i32'))
  if (result !== 0) instance._wasm_free_parse_result(result)
  instance._free(query)
  if (failed) throw new ParseError(message)
  return tree
}

/** Characters; a message quotes the word that it is about. */
const MAX_MESSAGE = 200
const MAX_OPERATOR_RUNS_COST = 16_000_000
/** Runs up to here are not worth counting: banners in comments. */
const SHORT_RUN = 128
const OPERATOR_CHARACTERS = new Uint8Array(128)
for (const character of '~!@#^&|`?+-*/%<>=') OPERATOR_CHARACTERS[character.charCodeAt(0)] = 1

/** Sum of the squared lengths of the long runs of characters that operators and comments are made of. */
function operatorRunsCost(text: string): number {
  if (text.length < SHORT_RUN) return 0
  let cost = 0
  let run = 0
  for (let at = 0; at < text.length; at++) {
    if (OPERATOR_CHARACTERS[text.charCodeAt(at)] === 1) {
      run++
    } else {
      if (run > SHORT_RUN) cost += run * run
      run = 0
    }
  }
  return run > SHORT_RUN ? cost + run * run : cost
}
