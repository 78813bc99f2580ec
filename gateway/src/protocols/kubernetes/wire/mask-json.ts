/**
 * Replaces values of a JSON text by their place, and leaves every other byte as it is: numbers keep their digits, names
 * their order. Pure. What it cannot read it does not pass.
 */
export class UnreadableJson extends Error {
  override readonly name = 'UnreadableJson'
}

/** What a string becomes; JSON text in, JSON text out. */
export type Replacement = (value: string) => string

/** Places to replace at, as a tree of names. Whatever matches several branches is replaced by the first of them. */
export interface MaskTree {
  /** Set where a value is replaced, with all that is in it. */
  readonly replace?: Replacement
  /** Set where the value is a text that holds JSON of its own, such as an annotation: replaced inside by this tree. */
  readonly embedded?: MaskTree
  /** The same, where a text looks as if it held JSON, or something packed that might. */
  readonly perhapsEmbedded?: MaskTree
  /** Set where an object is left without anything in it. */
  readonly emptied?: boolean
  readonly names?: ReadonlyMap<string, MaskTree>
  /** Under any name. */
  readonly anyName?: MaskTree
  readonly items?: MaskTree
  /** Applied to every text from here on down that nothing else replaces. */
  readonly texts?: Replacement
}

const MAX_DEPTH = 200
/** JSON; or gzip or zip in base64. */
const HOLDS_OTHERS = /^\s*(?:[{[]|H4sI|UEsDB)/
const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const COMMA = 0x2c
const COLON = 0x3a

/**
 * @param onMasked called for each value that is replaced
 * @throws UnreadableJson
 */
export function maskJson(bytes: Buffer, trees: readonly MaskTree[], onMasked: () => void = () => undefined): Buffer {
  return new JsonMasker(bytes, onMasked).run(trees)
}

class JsonMasker {
  readonly #bytes: Buffer
  readonly #parts: Buffer[] = []
  /** Up to where bytes are in `#parts`. */
  #copied = 0
  #at = 0

  readonly #onMasked: () => void

  constructor(bytes: Buffer, onMasked: () => void) {
    this.#bytes = bytes
    this.#onMasked = onMasked
  }

  run(trees: readonly MaskTree[]): Buffer {
    this.#value(trees, 0)
    this.#space()
    if (this.#at !== this.#bytes.length) throw new UnreadableJson('something follows the JSON')
    if (this.#parts.length === 0) return this.#bytes
    this.#parts.push(this.#bytes.subarray(this.#copied))
    return Buffer.concat(this.#parts)
  }

  #value(trees: readonly MaskTree[], depth: number): void {
    if (depth > MAX_DEPTH) throw new UnreadableJson('it is nested too deeply')
    this.#space()
    const replacing = trees.find(({ replace }) => replace !== undefined)?.replace
    if (replacing !== undefined) return this.#replaceAll(replacing)
    const byte = this.#bytes[this.#at]
    if (trees.some(({ emptied }) => emptied === true)) {
      const start = this.#at
      this.#skip()
      return this.#put(start, '{}')
    }
    if (trees.length === 0) this.#skip()
    else if (byte === OPEN_OBJECT) this.#object(trees, depth)
    else if (byte === OPEN_ARRAY) this.#array(trees, depth)
    else if (byte === QUOTE) this.#string(trees)
    else this.#skip()
  }

  #object(trees: readonly MaskTree[], depth: number): void {
    this.#at++
    this.#space()
    if (this.#bytes[this.#at] === CLOSE_OBJECT) {
      this.#at++
      return
    }
    for (;;) {
      this.#space()
      const name = this.#readString()
      this.#space()
      this.#take(COLON)
      const inner = under(trees, name)
      this.#value(inner, depth + 1)
      this.#space()
      if (this.#bytes[this.#at] === CLOSE_OBJECT) break
      this.#take(COMMA)
    }
    this.#at++
  }

  #array(trees: readonly MaskTree[], depth: number): void {
    const inner = within(trees)
    this.#at++
    this.#space()
    if (this.#bytes[this.#at] === CLOSE_ARRAY) {
      this.#at++
      return
    }
    for (;;) {
      this.#value(inner, depth + 1)
      this.#space()
      if (this.#bytes[this.#at] === CLOSE_ARRAY) break
      this.#take(COMMA)
    }
    this.#at++
  }

  #string(trees: readonly MaskTree[]): void {
    const start = this.#at
    const text = this.#readString()
    const isPerhaps = HOLDS_OTHERS.test(text)
    const embedded = trees.flatMap((tree) => tree.embedded ?? (isPerhaps ? (tree.perhapsEmbedded ?? []) : []))
    const everywhere = trees.find(({ texts }) => texts !== undefined)?.texts
    if (embedded.length === 0 && everywhere === undefined) return
    let masked = embedded.length === 0 ? text : '{}'
    try {
      if (embedded.length > 0) masked = maskJson(Buffer.from(text), embedded).toString()
    } catch {
      // What is no JSON after all may hold anything.
    }
    if (everywhere !== undefined) masked = everywhere(masked)
    if (masked !== text) this.#put(start, JSON.stringify(masked))
  }

  /** Every scalar from here on, with the type that it has. */
  #replaceAll(replace: Replacement): void {
    let depth = 0
    do {
      this.#space()
      const byte = this.#bytes[this.#at]
      const start = this.#at
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        depth++
        this.#at++
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        depth--
        this.#at++
      } else if (byte === COMMA || byte === COLON) this.#at++
      else if (byte === QUOTE) {
        const text = this.#readString()
        const end = this.#at
        this.#space()
        const isName = depth > 0 && this.#bytes[this.#at] === COLON
        if (isName) continue
        this.#at = end
        this.#put(start, JSON.stringify(replace(text)))
      } else {
        this.#skip()
        const scalar = this.#bytes.toString('latin1', start, this.#at)
        if (scalar !== 'null') this.#put(start, scalar === 'true' || scalar === 'false' ? 'false' : '0')
      }
    } while (depth > 0)
  }

  /** Over one value, whatever it is. */
  #skip(): void {
    const bytes = this.#bytes
    const first = bytes[this.#at]
    if (first === QUOTE) {
      this.#at = this.#endOfString(this.#at)
      return
    }
    let at = this.#at
    if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) {
      while (at < bytes.length && isScalar(bytes[at] ?? 0)) at++
      if (at === this.#at) throw new UnreadableJson('a value is missing')
      this.#at = at
      return
    }
    let depth = 0
    do {
      const byte = bytes[at]
      if (byte === QUOTE) {
        at = this.#endOfString(at)
        continue
      }
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth--
      else if (byte === undefined) throw new UnreadableJson('it ends too early')
      at++
    } while (depth > 0)
    this.#at = at
  }

  #readString(): string {
    const start = this.#at
    if (this.#bytes[start] !== QUOTE) throw new UnreadableJson('a text is missing')
    this.#at = this.#endOfString(start)
    const text = this.#bytes.toString('utf8', start + 1, this.#at - 1)
    if (!text.includes('\\')) return text
    try {
      return JSON.parse(`"${text}"`) as string
    } catch {
      throw new UnreadableJson('a text is not well escaped')
    }
  }

  #endOfString(start: number): number {
    const bytes = this.#bytes
    for (let at = start + 1; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte === BACKSLASH) at++
      else if (byte === QUOTE) return at + 1
    }
    throw new UnreadableJson('a text does not end')
  }

  #put(start: number, replacement: string): void {
    this.#parts.push(this.#bytes.subarray(this.#copied, start), Buffer.from(replacement))
    this.#copied = this.#at
    this.#onMasked()
  }

  #take(byte: number): void {
    if (this.#bytes[this.#at] !== byte) throw new UnreadableJson('it is no JSON')
    this.#at++
  }

  #space(): void {
    const bytes = this.#bytes
    for (let byte = bytes[this.#at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; byte = bytes[this.#at]) this.#at++
  }
}

const NOTHING: readonly MaskTree[] = []

/** What goes on under a name. */
function under(trees: readonly MaskTree[], name: string): readonly MaskTree[] {
  let found: MaskTree[] | undefined
  for (const tree of trees) {
    const named = tree.names?.get(name)
    if (named !== undefined) (found ??= []).push(named)
    if (tree.anyName !== undefined) (found ??= []).push(tree.anyName)
    if (tree.texts !== undefined) (found ??= []).push(textsOf(tree.texts))
  }
  return found ?? NOTHING
}

/** What goes on in every item. */
function within(trees: readonly MaskTree[]): readonly MaskTree[] {
  let found: MaskTree[] | undefined
  for (const tree of trees) {
    if (tree.items !== undefined) (found ??= []).push(tree.items)
    if (tree.texts !== undefined) (found ??= []).push(textsOf(tree.texts))
  }
  return found ?? NOTHING
}

/** Only what goes on for everything below, the same object each time. */
const below = new WeakMap<Replacement, MaskTree>()

function textsOf(texts: Replacement): MaskTree {
  let tree = below.get(texts)
  if (tree === undefined) {
    tree = { texts }
    below.set(texts, tree)
  }
  return tree
}

/** Letters, digits, signs and points: what numbers and the three words are made of. */
function isScalar(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x2d || byte === 0x2b || byte === 0x2e || byte === 0x45
}
