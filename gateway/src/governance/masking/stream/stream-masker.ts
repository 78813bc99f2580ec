import type { DetectorMask } from '../../policy/policy-document.ts'
import type { SessionPolicy } from '../../policy/policy.ts'
import { DetectorSet } from './detector-set.ts'
import { type Edit, LaneMasker, type Moment } from './lane-masker.ts'
import { TerminalText } from './terminal-text.ts'

/** Larger chunks are looked at in parts, so that what is kept beside them stays small. */
const MAX_PART = 65_536
const NOTHING = Buffer.alloc(0)

/**
 * Masks one text stream, such as the output of one channel; stderr beside stdout takes a second one. Pure: it has no timer.
 * Whatever the chunks, what `push` gives, and `end` at last, is what the whole would give in one chunk.
 */
export class StreamMasker {
  readonly #main: LaneMasker
  readonly #inside: LaneMasker
  readonly #terminal: TerminalText
  readonly #edits: Edit[] = []
  /** Bytes of the stream that are not sent on yet, from `#sent` on. */
  #held: Buffer = NOTHING
  #sent = 0
  /** Flushed since the last push: what is held now stays. */
  #flushed = false

  constructor(detectors: DetectorSet, maskKey: Uint8Array) {
    this.#terminal = new TerminalText(() => this.#main.settle())
    const edit = (one: Edit): void => { this.#edits.push(one) }
    this.#main = new LaneMasker(this.#terminal.main, detectors, maskKey, edit)
    this.#inside = new LaneMasker(this.#terminal.inside, detectors, maskKey, edit)
  }

  /** What can go to the client now; possibly nothing. May share memory with `chunk`. */
  push(chunk: Buffer): Buffer {
    this.#flushed = false
    if (chunk.length <= MAX_PART) return this.#take(chunk, 'more')
    const parts: Buffer[] = []
    for (let from = 0; from < chunk.length; from += MAX_PART) parts.push(this.#take(chunk.subarray(from, from + MAX_PART), 'more'))
    return Buffer.concat(parts)
  }

  /**
   * What is held, as far as it can be shown: when data was held for some 30 ms. The first characters of what may become a
   * value are in it, at most four of those that `docs/guide/rules-and-masks.md` names; the others stay until more comes.
   */
  flush(): Buffer {
    this.#flushed = true
    return this.#take(NOTHING, 'idle')
  }

  /** All that is held: at the stream's end. */
  end(): Buffer {
    this.#terminal.end()
    return this.#take(NOTHING, 'end')
  }

  /** True when `flush` may give something. */
  get holding(): boolean {
    return this.#held.length > 0 && !this.#flushed
  }

  /** Bytes that are not sent on yet; a few kilobytes at most. */
  get heldBytes(): number {
    return this.#held.length
  }

  /** Values replaced so far. */
  get masked(): number {
    return this.#main.masked + this.#inside.masked
  }

  #take(chunk: Buffer, moment: Moment): Buffer {
    const raw = this.#held.length === 0 ? chunk : chunk.length === 0 ? this.#held : Buffer.concat([this.#held, chunk])
    this.#terminal.feed(chunk, this.#sent + this.#held.length)
    const heldFrom = Math.min(this.#main.settleFor(moment), this.#inside.settleFor(moment), this.#terminal.pendingAt)
    const until = Math.min(heldFrom, this.#sent + raw.length)
    const out = this.#edits.length === 0 ? raw.subarray(0, until - this.#sent) : this.#edited(raw, until)
    // A copy: the chunk's memory may be its sender's again, and a few bytes must not keep much alive.
    this.#held = until - this.#sent === raw.length ? NOTHING : Buffer.from(raw.subarray(until - this.#sent))
    this.#sent = until
    return out
  }

  #edited(raw: Buffer, until: number): Buffer {
    const edits = this.#edits
    edits.sort((one, other) => one.at - other.at || (one.size === 0 ? 0 : 1) - (other.size === 0 ? 0 : 1))
    const parts: Buffer[] = []
    let place = this.#sent
    let done = 0
    for (const { at, size, insert } of edits) {
      if (at >= until && !(at === until && size === 0)) break
      if (at > place) parts.push(raw.subarray(place - this.#sent, at - this.#sent))
      place = Math.max(place, at + size)
      if (insert !== undefined) parts.push(insert)
      done += 1
    }
    edits.splice(0, done)
    if (until > place) parts.push(raw.subarray(place - this.#sent, until - this.#sent))
    return Buffer.concat(parts)
  }
}

const sets = new WeakMap<readonly DetectorMask[], DetectorSet>()

function setOf(detectors: readonly DetectorMask[]): DetectorSet {
  const known = sets.get(detectors)
  if (known !== undefined) return known
  const made = new DetectorSet(detectors)
  sets.set(detectors, made)
  return made
}

/**
 * A masker for one stream of a session.
 * @param maskKey key of the `hash` method: `AdapterServices.maskKey`
 * @returns undefined when no mask on text streams holds for the session
 */
export function streamMasker({ detectors }: Pick<SessionPolicy, 'detectors'>, maskKey: Uint8Array): StreamMasker | undefined {
  return detectors === undefined ? undefined : new StreamMasker(setOf(detectors), maskKey)
}

/** The same for a text that is there as a whole, such as a value of a JSON document. */
export function maskText({ detectors }: Pick<SessionPolicy, 'detectors'>, maskKey: Uint8Array, text: string): string {
  if (detectors === undefined) return text
  const masker = new StreamMasker(setOf(detectors), maskKey)
  const first = masker.push(Buffer.from(text))
  const last = masker.end()
  return masker.masked === 0 ? text : Buffer.concat([first, last]).toString()
}
