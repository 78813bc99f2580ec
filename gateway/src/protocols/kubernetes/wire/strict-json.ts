/** JSON that everybody reads alike: no name twice in an object, no more nesting than anybody needs. Pure. */
export class UnsureJson extends Error {
  override readonly name = 'UnsureJson'
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

const MAX_DEPTH = 100
const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * Go decodes a name that comes twice into one struct, merged; JSON.parse takes the last. So there may be none.
 * @throws UnsureJson
 */
export function readStrictJson(bytes: Buffer): Json {
  let value: Json
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    value = JSON.parse(text) as Json
  } catch {
    throw new UnsureJson('it is no JSON')
  }
  checkNames(text)
  return value
}

/** Only for a text that JSON.parse took. */
function checkNames(text: string): void {
  /** Names of each open object; undefined for an array. */
  const open: (Set<string> | undefined)[] = []
  let isName = false
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
        open.push(new Set())
        isName = true
        break
      case 0x5b: // [
        open.push(undefined)
        isName = false
        break
      case 0x7d: // }
      case 0x5d: // ]
        open.pop()
        isName = false
        break
      case 0x2c: // ,
        isName = open.at(-1) !== undefined
        break
      case QUOTE: {
        const end = endOfString(text, at)
        const names = open.at(-1)
        if (isName && names !== undefined) {
          const name = JSON.parse(text.slice(at, end)) as string
          if (names.has(name)) throw new UnsureJson('a name comes twice in one object')
          names.add(name)
          isName = false
        }
        at = end - 1
        break
      }
    }
    if (open.length > MAX_DEPTH) throw new UnsureJson('it is nested too deeply')
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === QUOTE) return at + 1
  }
}

export function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
