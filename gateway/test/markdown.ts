/** What of a Markdown page can be checked: its fenced blocks, its links and its headings. */

export interface Block {
  /** Line of the opening fence, from 1. */
  readonly line: number
  /** Word behind the fence: `console`, `sh`, `yaml`, … */
  readonly language: string
  readonly text: string
  /** `<!-- key: value -->` on the line before: how the block is to be checked, unseen by readers. */
  readonly note: { readonly key: string; readonly value: string } | undefined
}

export interface Link {
  readonly line: number
  readonly target: string
}

export function readBlocks(page: string): readonly Block[] {
  const lines = page.split('\n')
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at++) {
    const [, language] = /^```(\w*)$/.exec(lines[at] ?? '') ?? []
    if (language === undefined) continue
    const end = lines.indexOf('```', at + 1)
    if (end === -1) throw new Error(`line ${at + 1}: the block is never closed`)
    const [, key, value] = /^<!-- ([a-z ]+): (.+) -->$/.exec(lines[at - 1] ?? '') ?? []
    const note = key === undefined || value === undefined ? undefined : { key, value }
    blocks.push({ line: at + 1, language, text: lines.slice(at + 1, end).join('\n'), note })
    at = end
  }
  return blocks
}

/** Inline links, outside fenced blocks and code spans. */
export function readLinks(page: string): readonly Link[] {
  return proseLines(page).flatMap((text, index) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ line: index + 1, target })))
}

/** Anchors that GitHub gives to headings. */
export function readAnchors(page: string): ReadonlySet<string> {
  return new Set(unfencedLines(page).flatMap((text) => {
    const [, heading] = /^#+ (.+)$/.exec(text) ?? []
    return heading === undefined ? [] : [heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')]
  }))
}

/** The page's lines without what stands in code spans and blocks. */
function proseLines(page: string): readonly string[] {
  return unfencedLines(page).map((line) => line.replaceAll(/`[^`]*`/g, '`'))
}

/** The page's lines, those of fenced blocks empty. */
function unfencedLines(page: string): readonly string[] {
  let fenced = false
  return page.split('\n').map((line) => {
    if (line.startsWith('```')) {
      fenced = !fenced
      return ''
    }
    return fenced ? '' : line
  })
}

export interface Command {
  readonly text: string
  /** Lines that its output must hold, in this order. */
  readonly expected: readonly string[]
}

/** Commands of a `console` block (behind `$ `, with what they print), or of a `sh` block (all of it, as one). */
export function readCommands({ language, text }: Block): readonly Command[] {
  if (language !== 'console') return [{ text, expected: [] }]
  const commands: { text: string; expected: string[] }[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('$ ')) commands.push({ text: line.slice(2), expected: [] })
    else if (commands.length === 0) throw new Error(`output without a command: ${line}`)
    else if (line.trim() !== '') commands.at(-1)?.expected.push(line)
  }
  return commands
}

/**
 * The first expected line that the output does not hold behind the ones before it. `…` stands for anything, blanks
 * for any number of blanks, and a line may go on behind what is shown.
 */
export function missingLine(expected: readonly string[], output: string): string | undefined {
  const lines = output.split('\n')
  let at = 0
  return expected.find((line) => {
    const pattern = linePattern(line)
    const found = lines.findIndex((candidate, index) => index >= at && pattern.test(candidate))
    if (found !== -1) at = found + 1
    return found === -1
  })
}

const TICKETS = /\b(?:rv|gr)_[\w-]{22}(?![\w-])/g

/** Ids of reviews and grants in a page stand for those of the reader: each for the one that is printed where it is shown. */
export class Tickets {
  readonly #real = new Map<string, string>()

  /** Takes in which ids were printed in place of the page's. */
  read(expected: readonly string[], output: string): void {
    for (const line of expected) {
      const shown = line.match(TICKETS) ?? []
      if (shown.every((id) => this.#real.has(id))) continue
      const pattern = linePattern(line.replaceAll(TICKETS, '…'))
      const printed = output.split('\n').find((candidate) => pattern.test(candidate))?.match(TICKETS) ?? []
      shown.forEach((id, at) => printed[at] !== undefined && this.#real.set(id, printed[at]))
    }
  }

  /** The text with the reader's own ids. */
  put(text: string): string {
    return text.replaceAll(TICKETS, (id) => this.#real.get(id) ?? id)
  }
}

function linePattern(line: string): RegExp {
  const words = line.trim().split(/\s+/).map((word) => word.split('…').map(literally).join('.*'))
  return new RegExp(`^\\s*${words.join('\\s+')}`)
}

function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
