/** A map of the document while it is read: its keys with what is written behind them, where that is one word. */
interface Container {
  /** Column of its keys; -1 in a flow (`{…}`, `[…]`). */
  readonly indent: number
  readonly path: readonly string[]
  readonly values: Map<string, string>
  last: string | undefined
}

export interface YamlPlace {
  /** Keys from the top; `[]` stands for an entry of a list. */
  readonly path: readonly string[]
  /** Behind a key's colon; else a key, or an entry of a list, may be written here. */
  readonly isValue: boolean
  /** What is written of the word so far. */
  readonly word: string
  /** Keys of the same map, before and after, with their words. */
  readonly beside: ReadonlyMap<string, string>
}

const KEY = /^("[^"]*"|'[^']*'|[^\s#'"{}[\],&*!|>%@`:][^:#,{}[\]]*?)\s*:(?=\s|$)/
const PLAIN = /^[^\s#,{}[\]'"]*/

/**
 * Where in a YAML document a cursor stands, also while it cannot be parsed because somebody is writing it.
 * Undefined in comments, quotes and block texts.
 */
export function yamlPlace(text: string, cursor: number): YamlPlace | undefined {
  return new YamlScan(text, cursor).place()
}

/** Names of the entries of each section: what other entries may refer to. */
export function entryNames(text: string, section: string): readonly string[] {
  const scan = new YamlScan(text, -1)
  scan.place()
  return scan.containers.filter(({ path }) => path.length === 2 && path[0] === section && path[1] === '[]').flatMap(({ values }) => values.get('name') ?? [])
}

class YamlScan {
  readonly containers: Container[] = []
  readonly #text: string
  readonly #cursor: number
  readonly #block: Container[] = []
  #found: { readonly container: Container; readonly path: readonly string[]; readonly isValue: boolean; readonly word: string } | undefined
  #at = 0

  constructor(text: string, cursor: number) {
    this.#text = text
    this.#cursor = cursor
  }

  place(): YamlPlace | undefined {
    this.#block.push(this.#open(0, []))
    while (this.#at < this.#text.length || this.#at === 0 || this.#text.endsWith('\n')) {
      const from = this.#at
      this.#line()
      if (this.#at === from) break
    }
    if (this.#found === undefined) return undefined
    const { container, path, isValue, word } = this.#found
    return { path, isValue, word, beside: container.values }
  }

  #open(indent: number, path: readonly string[]): Container {
    const container: Container = { indent, path, values: new Map(), last: undefined }
    this.containers.push(container)
    return container
  }

  /** The container whose keys stand at a column, which begins there if none does. */
  #containerAt(column: number): Container {
    while (this.#block.length > 1 && (this.#block.at(-1)?.indent ?? 0) > column) this.#block.pop()
    const top = this.#block.at(-1) ?? this.#open(0, [])
    if (top.indent >= column) return top
    const inner = this.#open(column, inside(top))
    this.#block.push(inner)
    return inner
  }

  #line(): void {
    const start = this.#at
    const newline = this.#text.indexOf('\n', start)
    const end = newline === -1 ? this.#text.length : newline
    const line = this.#text.slice(start, end)
    this.#at = newline === -1 ? end : end + 1
    let column = /^ */.exec(line)?.[0].length ?? 0
    for (let dash = /^-(?: +|$)/.exec(line.slice(column)); dash !== null; dash = /^-(?: +|$)/.exec(line.slice(column))) {
      while (this.#block.length > 1 && (this.#block.at(-1)?.indent ?? 0) > column) this.#block.pop()
      const parent = this.#block.at(-1)
      column += dash[0].length
      this.#block.push(this.#open(Math.max(column, (parent?.indent ?? 0) + 1), [...(parent === undefined ? [] : inside(parent)), '[]']))
      if (column >= line.length) break
    }
    const rest = line.slice(column)
    const cursor = this.#cursor - start
    const here = cursor >= 0 && cursor <= line.length
    if (rest === '' || rest.startsWith('#')) {
      // A blank line belongs to what its cursor is level with.
      if (here && !line.slice(0, cursor).includes('#')) this.#found = this.#keyPlace(this.#blankAt(cursor, line), '')
      return
    }
    const container = this.#containerAt(column)
    const key = KEY.exec(rest)
    if (key === null) return this.#value(container, container.path, start + column, end, false)
    const name = (key[1] ?? '').replaceAll(/^['"]|['"]$/g, '')
    container.last = name
    container.values.set(name, '')
    if (here && cursor >= column && cursor <= column + (key[1] ?? '').length) this.#found = this.#keyPlace(container, rest.slice(0, cursor - column))
    this.#value(container, [...container.path, name], start + column + key[0].length, end, true, name)
  }

  #blankAt(cursor: number, line: string): Container {
    if (/^\s*-/.test(line)) return this.#block.at(-1) ?? this.#open(0, [])
    for (let index = this.#block.length - 1; index >= 0; index -= 1) {
      const one = this.#block[index]
      if (one !== undefined && one.indent <= cursor) return one.indent === cursor ? one : { indent: cursor, path: inside(one), values: new Map(), last: undefined }
    }
    return this.#open(0, [])
  }

  #keyPlace(container: Container, word: string) {
    return { container, path: container.path, isValue: false, word }
  }

  /** What stands behind a key, or as an entry of a list: a word, a text, or a flow over any number of lines. */
  #value(container: Container, path: readonly string[], from: number, end: number, isValue: boolean, key?: string): void {
    const gap = /^\s*/.exec(this.#text.slice(from, end))?.[0].length ?? 0
    const start = from + gap
    const first = this.#text[start] ?? ''
    if (first === '{' || first === '[') return this.#flow(start, path)
    if (first === '"' || first === "'") return this.#quoted(start)
    if (/^[|>]/.test(first)) return this.#blockText(container.indent)
    const word = PLAIN.exec(this.#text.slice(start, end))?.[0] ?? ''
    if (key !== undefined) container.values.set(key, word)
    const room = isValue ? from + Math.min(1, gap) : from
    if (this.#cursor >= room && this.#cursor <= start + word.length) {
      this.#found = { container, path, isValue, word: this.#text.slice(Math.min(start, this.#cursor), this.#cursor) }
    }
  }

  #quoted(start: number): void {
    const end = closingQuote(this.#text, start)
    this.#at = Math.max(this.#at, lineAfter(this.#text, end))
  }

  /** A text of lines that are further in than its key. */
  #blockText(indent: number): void {
    while (this.#at < this.#text.length) {
      const newline = this.#text.indexOf('\n', this.#at)
      const line = this.#text.slice(this.#at, newline === -1 ? undefined : newline)
      if (line.trim() !== '' && (/^ */.exec(line)?.[0].length ?? 0) <= indent) return
      this.#at = newline === -1 ? this.#text.length : newline + 1
    }
  }

  #flow(start: number, path: readonly string[]): void {
    const open: { readonly list: boolean; readonly container: Container; value: boolean }[] = []
    let word = ''
    let at = start
    const note = () => {
      const top = open.at(-1)
      if (top === undefined || this.#cursor !== at) return
      const { container, list, value } = top
      const here = list ? [...container.path, '[]'] : value ? [...container.path, container.last ?? ''] : container.path
      this.#found = { container, path: here, isValue: value && !list, word: word.trimStart() }
    }
    const close = () => {
      const top = open.at(-1)
      if (top === undefined) return
      if (top.list || top.value) { if (!top.list && top.container.last !== undefined) top.container.values.set(top.container.last, word.trim()) }
      else if (word.trim() !== '') top.container.values.set(word.trim(), '')
      top.value = false
      word = ''
    }
    for (; at < this.#text.length; at += 1) {
      note()
      const char = this.#text[at] ?? ''
      const top = open.at(-1)
      if (char === '{' || char === '[') {
        const inner = top === undefined ? path : top.list ? [...top.container.path, '[]'] : [...top.container.path, top.container.last ?? '']
        open.push({ list: char === '[', container: this.#open(-1, inner), value: false })
        word = ''
      } else if (char === '}' || char === ']') {
        close()
        open.pop()
        if (open.length === 0) break
      } else if (char === ',') close()
      else if (char === ':' && top !== undefined && !top.list && !top.value && /\s|$/.test(this.#text[at + 1] ?? '')) {
        top.container.last = word.trim()
        top.value = true
        word = ''
      } else if ((char === '"' || char === "'") && word.trim() === '') {
        const end = closingQuote(this.#text, at)
        word = this.#text.slice(at + 1, end)
        at = end
      } else if (char === '#' && /\s/.test(this.#text[at - 1] ?? ' ')) at = lineAfter(this.#text, at) - 1
      else if (char === '\n' && /^\S/.test(this.#text.slice(at + 1, at + 2)) && !/^[\]}]/.test(this.#text.slice(at + 1, at + 2))) break
      else word += char
    }
    if (at >= this.#text.length) note()
    this.#at = Math.max(this.#at, lineAfter(this.#text, at))
  }
}

function inside({ path, last }: Container): readonly string[] {
  return last === undefined ? path : [...path, last]
}

/** Where a quote ends that begins at `start`; the text's end when it does not. */
function closingQuote(text: string, start: number): number {
  const quote = text[start]
  for (let at = start + 1; at < text.length; at += 1) {
    if (quote === '"' && text[at] === '\\') at += 1
    else if (text[at] === quote) {
      if (quote !== "'" || text[at + 1] !== "'") return at
      at += 1
    }
  }
  return text.length
}

function lineAfter(text: string, at: number): number {
  const newline = text.indexOf('\n', at)
  return newline === -1 ? text.length : newline + 1
}
