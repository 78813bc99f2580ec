/**
 * JSON that everybody reads alike: no name twice in an object, no more nesting than anybody needs. A parser of its own:
 * JSON.parse of V8 13 takes a name with an escape for another one of the same text before it, and would see `"hostPath"`
 * written with an escape under a name that the client chose. Pure.
 */
export class UnsureJson extends Error {
  override readonly name = 'UnsureJson'
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

const MAX_DEPTH = 100
const QUOTE = 0x22
const BACKSLASH = 0x5c
const LITERAL = /(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)/y

/**
 * Go decodes a name that comes twice into one struct, merged; others take the last. So there may be none.
 * @throws UnsureJson
 */
export function readStrictJson(bytes: Buffer): Json {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new UnsureJson('it is no UTF-8')
  }
  return new StrictReader(text).whole()
}

class StrictReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): Json {
    const value = this.#value(0)
    this.#space()
    if (this.#at !== this.#text.length) throw new UnsureJson('something follows the JSON')
    return value
  }

  #value(depth: number): Json {
    if (depth > MAX_DEPTH) throw new UnsureJson('it is nested too deeply')
    this.#space()
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth)
      case '[':
        return this.#array(depth)
      case '"':
        return this.#string()
      default:
        return this.#literal()
    }
  }

  #object(depth: number): Json {
    const found = new Map<string, Json>()
    this.#at++
    if (this.#ends('}')) return {}
    do {
      this.#space()
      const name = this.#string()
      if (found.has(name)) throw new UnsureJson('a name comes twice in one object')
      this.#space()
      if (this.#text[this.#at++] !== ':') throw new UnsureJson('it is no JSON')
      found.set(name, this.#value(depth + 1))
    } while (this.#goesOn('}'))
    // Through a map, so that a name such as __proto__ is a name like others.
    return Object.fromEntries(found)
  }

  #array(depth: number): Json {
    const items: Json[] = []
    this.#at++
    if (this.#ends(']')) return items
    do items.push(this.#value(depth + 1))
    while (this.#goesOn(']'))
    return items
  }

  #string(): string {
    const start = this.#at
    if (this.#text.charCodeAt(start) !== QUOTE) throw new UnsureJson('it is no JSON')
    let hasEscape = false
    for (let at = start + 1; ; at++) {
      const code = this.#text.charCodeAt(at)
      if (code === QUOTE) {
        this.#at = at + 1
        break
      }
      // NaN at the end of the text.
      if (!(code >= 0x20)) throw new UnsureJson('it is no JSON')
      if (code === BACKSLASH) {
        hasEscape = true
        at++
      }
    }
    if (!hasEscape) return this.#text.slice(start + 1, this.#at - 1)
    try {
      return JSON.parse(this.#text.slice(start, this.#at)) as string
    } catch {
      throw new UnsureJson('a text is not well escaped')
    }
  }

  #ends(close: string): boolean {
    this.#space()
    if (this.#text[this.#at] !== close) return false
    this.#at++
    return true
  }

  /** @returns false at the end of the list */
  #goesOn(close: string): boolean {
    this.#space()
    const character = this.#text[this.#at++]
    if (character === ',') return true
    if (character === close) return false
    throw new UnsureJson('it is no JSON')
  }

  #literal(): Json {
    LITERAL.lastIndex = this.#at
    const [token] = LITERAL.exec(this.#text) ?? []
    if (token === undefined) throw new UnsureJson('it is no JSON')
    this.#at += token.length
    return JSON.parse(token) as Json
  }

  #space(): void {
    for (let code = this.#text.charCodeAt(this.#at); code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09; code = this.#text.charCodeAt(this.#at)) this.#at++
  }
}

export function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
