import { Lane } from './lane.ts'

const LINE_END = 10
const SPACE = 32
const HYPHEN = 45

/** How a byte outside of escape sequences is taken. */
const TEXT = 0
const HIDDEN = 1
const ESCAPE = 2
const BACKSPACE = 3
const RETURN = 4
const LEAD_TWO = 5
const LEAD_THREE = 6
const KINDS = new Uint8Array(256)
for (const byte of [0x00, 0x07, 0x0e, 0x0f, 0x7f]) KINDS[byte] = HIDDEN
KINDS[0x1b] = ESCAPE
KINDS[0x08] = BACKSPACE
KINDS[0x0d] = RETURN
KINDS[0xc2] = LEAD_TWO
KINDS[0xe2] = LEAD_THREE
KINDS[0xef] = LEAD_THREE

type State = 'ground' | 'escape' | 'intermediate' | 'sequence' | 'string' | 'string-escape'

/** Gap that still counts as blanks within one value. */
const MAX_GAP = 3
/** Longer sequences are sent on before their end. */
const MAX_SEQUENCE = 64
const MAX_PARAMETERS = 56
/** Parameters that are too short to be a value: of colours, and of others. */
const MAX_COLOUR = 24
const MAX_PLAIN = 8
/** The letter m. */
const COLOUR = 0x6d
/** Times a character is taken to be repeated by one sequence. */
const MAX_REPEAT = 64

/**
 * Parts a stream into what a terminal shows, what stands in its escape sequences (ECMA-48), and what only controls it.
 * What is overwritten by backspaces is taken out of what it shows.
 */
export class TerminalText {
  /** What is shown. */
  readonly main = new Lane()
  /** What stands in titles, links, and parameters: a program shows it, a terminal does not. */
  readonly inside = new Lane()
  readonly #settle: () => void
  #state: State = 'ground'
  /** Beginning of a character that may be special, not yet whole. */
  readonly #lead: number[] = []
  #leadAt = 0
  #sequenceAt = 0
  readonly #parameters = Buffer.alloc(MAX_PARAMETERS)
  #parameterBytes = 0

  /** @param settle called before what was shown is overwritten */
  constructor(settle: () => void) {
    this.#settle = settle
  }

  /** Where bytes begin that are in no lane yet. */
  get pendingAt(): number {
    if (this.#lead.length > 0) return this.#leadAt
    const isShort = this.#state !== 'ground' && this.#state !== 'string' && this.#state !== 'string-escape' && this.main.end - this.#sequenceAt <= MAX_SEQUENCE
    return isShort ? this.#sequenceAt : Infinity
  }

  /** At the end of the stream: what is left of a character counts as it stands. */
  end(): void {
    if (this.#lead.length > 0) this.#spill()
  }

  /** @param at where `bytes[0]` stands in the stream */
  feed(bytes: Uint8Array, at: number): void {
    this.#feed(bytes, at)
    this.main.end = at + bytes.length
    this.inside.end = at + bytes.length
  }

  #feed(bytes: Uint8Array, at: number): void {
    let index = 0
    const { length } = bytes
    while (index < length) {
      if (this.#lead.length > 0) {
        index = this.#onLead(bytes, index, at)
        continue
      }
      if (this.#state !== 'ground') {
        index = this.#inEscape(bytes, index, at)
        continue
      }
      const from = index
      let kind = TEXT
      for (; index < length; index += 1) {
        kind = KINDS[bytes[index] ?? 0] ?? TEXT
        if (kind === TEXT) continue
        if (kind < LEAD_TWO || !isOrdinary(bytes, index, kind)) break
      }
      if (index > from) this.main.append(bytes, from, index, at + from)
      if (index < length) {
        this.#special(kind, bytes[index] ?? 0, at + index)
        index += 1
      }
    }
  }

  #special(kind: number, byte: number, at: number): void {
    switch (kind) {
      case ESCAPE:
        this.#state = 'escape'
        this.#sequenceAt = at
        break
      case BACKSPACE:
        this.#back(1, at, 1)
        break
      case RETURN:
        this.main.appendFor(byte, 1, at, 1)
        break
      case LEAD_TWO:
      case LEAD_THREE:
        this.#lead.push(byte)
        this.#leadAt = at
        break
      default:
    }
  }

  #back(times: number, raw: number, rawSize: number): void {
    this.main.end = rawSize > 0 ? raw : this.#sequenceAt
    this.#settle()
    for (let count = 0; count < times; count += 1) this.main.pop()
    if (rawSize > 0) this.main.ghost(raw, rawSize)
  }

  /** Takes the next byte of a character; returns where to go on. */
  #onLead(bytes: Uint8Array, index: number, at: number): number {
    const byte = bytes[index] ?? 0
    if (byte < 0x80 || byte > 0xbf) {
      this.#spill()
      return index
    }
    this.#lead.push(byte)
    const [first = 0, second = 0, third = 0] = this.#lead
    const size = first === 0xc2 ? 2 : 3
    if (this.#lead.length < size) return index + 1
    const control = first === 0xc2 && second < 0xa0 ? second : undefined
    if (control !== undefined) {
      this.#lead.length = 0
      this.#controlC1(control, at + index + 1)
      return index + 1
    }
    const like = first === 0xc2 ? likeTwo(second) : first === 0xe2 ? likeThree(second, third) : likeWide(second, third)
    if (like === undefined) this.#spill()
    else {
      if (like > 0) this.main.appendFor(like, 1, this.#leadAt, size)
      this.#lead.length = 0
    }
    return index + 1
  }

  #spill(): void {
    this.main.append(Uint8Array.from(this.#lead), 0, this.#lead.length, this.#leadAt)
    this.#lead.length = 0
  }

  /** U+0080 to U+009F: the same as ESC and a byte less by 0x40. */
  #controlC1(control: number, after: number): void {
    this.#sequenceAt = this.#leadAt
    if (control === 0x85) this.main.appendFor(LINE_END, 1, this.#leadAt, after - this.#leadAt)
    else this.#afterEscape(control - 0x40)
  }

  #afterEscape(byte: number): void {
    if (byte === 0x5b) {
      this.#begin('sequence')
    } else if (byte === 0x5d || byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) {
      this.#begin('string')
    } else if (byte >= 0x20 && byte <= 0x2f) {
      this.#state = 'intermediate'
    } else {
      this.#state = 'ground'
      // Index, next line, reverse index, restored cursor, reset.
      if ('DEM8c'.includes(String.fromCharCode(byte))) this.#break()
    }
  }

  #begin(state: 'sequence' | 'string'): void {
    this.#state = state
    this.#parameterBytes = 0
    if (state === 'string') this.inside.appendFor(LINE_END, 1, this.#sequenceAt, 0)
  }

  #break(): void {
    this.main.appendFor(LINE_END, 1, this.#sequenceAt, 0)
  }

  #inEscape(bytes: Uint8Array, from: number, at: number): number {
    let index = from
    if (this.#state === 'sequence') {
      while (index < bytes.length && (bytes[index] ?? 0) >= 0x20 && (bytes[index] ?? 0) <= 0x3f) index += 1
      this.#takeParameters(bytes, from, index, at)
      if (index < bytes.length) index = this.#endSequence(bytes[index] ?? 0, index, at)
      return index
    }
    if (this.#state === 'string') {
      while (index < bytes.length && bytes[index] !== 0x1b && bytes[index] !== 0x07 && bytes[index] !== 0x18 && bytes[index] !== 0x1a) index += 1
      if (index > from) this.inside.append(bytes, from, index, at + from)
      if (index < bytes.length) {
        this.#state = bytes[index] === 0x1b ? 'string-escape' : 'ground'
        this.inside.appendFor(LINE_END, 1, at + index, 0)
        this.#sequenceAt = at + index
        index += 1
      }
      return index
    }
    const byte = bytes[index] ?? 0
    if (this.#state === 'string-escape' && byte === 0x5c) this.#state = 'ground'
    else if (this.#state === 'intermediate') {
      if (byte < 0x20 || byte > 0x2f) this.#state = 'ground'
      if (byte < 0x20 || byte > 0x7e) return index
    } else if (byte < 0x20 || byte > 0x7e) {
      this.#state = 'ground'
      return index
    } else this.#afterEscape(byte)
    return index + 1
  }

  /** Kept aside as long as they are few; many are looked at as text. */
  #takeParameters(bytes: Uint8Array, from: number, to: number, at: number): void {
    const before = this.#parameterBytes
    this.#parameterBytes += to - from
    if (this.#parameterBytes <= MAX_PARAMETERS) {
      for (let index = from; index < to; index += 1) this.#parameters[before + index - from] = bytes[index] ?? 0
      return
    }
    if (before <= MAX_PARAMETERS) this.#showParameters(before, at + from - before)
    this.inside.append(bytes, from, to, at + from)
  }

  #showParameters(size: number, raw: number): void {
    this.inside.appendFor(LINE_END, 1, raw, 0)
    this.inside.append(this.#parameters, 0, size, raw)
  }

  /** Those of a sequence's end; the last of them ends before `end` in the stream. */
  #endParameters(isColour: boolean, end: number): void {
    const size = this.#parameterBytes
    if (size <= MAX_PLAIN || (isColour && size <= MAX_COLOUR && !this.#hasLongNumber(size))) return
    if (size <= MAX_PARAMETERS) this.#showParameters(size, end - size)
    this.inside.appendFor(LINE_END, 1, end, 0)
  }

  #repeat(times: number, size: number): void {
    const last = this.main.text[this.main.length - 1] ?? 0
    if (last >= SPACE && last < 0x7f) this.main.appendFor(last, times, this.#sequenceAt, size)
  }

  #hasLongNumber(size: number): boolean {
    let digits = 0
    for (let index = 0; index < size; index += 1) {
      const byte = this.#parameters[index] ?? 0
      digits = byte >= 0x30 && byte <= 0x39 ? digits + 1 : 0
      if (digits > 5 || byte < 0x30 || byte > 0x3b) return true
    }
    return false
  }

  /** What a control sequence does with what was shown; most of them nothing. */
  #endSequence(final: number, index: number, at: number): number {
    if (final === 0x1b) {
      this.#state = 'escape'
      this.#endParameters(false, at + index)
      this.#sequenceAt = at + index
      return index + 1
    }
    // Controls within a sequence work as outside of it.
    if (final < 0x20 && final !== 0x18 && final !== 0x1a) {
      if (KINDS[final] === BACKSPACE) this.#back(1, at + index, 0)
      else if (final === LINE_END || final === 13) this.#break()
      this.#endParameters(false, at + index)
      this.#parameterBytes = 0
      return index + 1
    }
    this.#state = 'ground'
    this.#endParameters(final === COLOUR, at + index)
    if (final === COLOUR) return index + 1
    if (final < 0x40 || final > 0x7e) return index
    const size = at + index + 1 - this.#sequenceAt
    const count = Math.max(1, Number.parseInt(this.#parameters.toString('latin1', 0, Math.min(8, this.#parameterBytes)), 10) || 1)
    switch (String.fromCharCode(final)) {
      case 'C':
        if (count <= MAX_GAP && size <= MAX_SEQUENCE) this.main.appendFor(SPACE, count, this.#sequenceAt, size)
        else this.#break()
        break
      case 'D':
        this.#back(Math.min(count, MAX_REPEAT), 0, 0)
        break
      case 'b':
        if (size <= MAX_SEQUENCE) this.#repeat(Math.min(count, MAX_REPEAT), size)
        break
      case 'A': case 'B': case 'E': case 'F': case 'G': case 'H': case 'J': case 'L': case 'M': case 'S': case 'T': case 'a': case 'd': case 'e': case 'f': case 'u': case '`':
        this.#break()
        break
      default:
    }
    return index + 1
  }
}

/** True for a character, whole in the chunk, that stands for itself. */
function isOrdinary(bytes: Uint8Array, index: number, kind: number): boolean {
  const second = bytes[index + 1] ?? 0
  if (kind === LEAD_TWO) return second > 0xa0 && second <= 0xbf && second !== 0xad
  const third = bytes[index + 2] ?? 0
  if (second < 0x80 || third < 0x80 || second > 0xbf || third > 0xbf) return false
  return (bytes[index] === 0xe2 ? likeThree(second, third) : likeWide(second, third)) === undefined
}

/** What a character counts as: an ASCII byte, 0 for nothing, undefined for itself. */
function likeTwo(second: number): number | undefined {
  if (second === 0xa0) return SPACE
  return second === 0xad ? 0 : undefined
}

/** Blanks, dashes, and what has no width, of General Punctuation. */
function likeThree(second: number, third: number): number | undefined {
  if (second === 0x80) {
    if (third <= 0x8a || third === 0xaf) return SPACE
    if (third <= 0x8f || (third >= 0xaa && third <= 0xae)) return 0
    if (third <= 0x95) return HYPHEN
    return third === 0xa8 || third === 0xa9 ? LINE_END : undefined
  }
  if (second === 0x81) return third === 0x9f ? SPACE : third >= 0xa0 && third <= 0xaf ? 0 : undefined
  return second === 0x88 && third === 0x92 ? HYPHEN : undefined
}

/** Forms of ASCII that are as wide as a Chinese character; marks of the byte order, and variants. */
function likeWide(second: number, third: number): number | undefined {
  if (second === 0xbb && third === 0xbf) return 0
  if (second === 0xb8 && third <= 0x8f) return 0
  if (second === 0xbc && third >= 0x81) return third - 0x60
  return second === 0xbd && third <= 0x9e ? third - 0x20 : undefined
}
