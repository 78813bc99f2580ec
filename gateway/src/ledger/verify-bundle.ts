import { hash } from 'node:crypto'
import type { RecordedEvent, SegmentSealed } from '../governance/recording/event-schema.ts'
import { openSegment } from '../governance/recording/segment-format.ts'
import { BUNDLE, type BundleManifest, type BundleProof, parseManifest } from './bundle-format.ts'
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import type { Finding } from './finding.ts'
import { PREFIX_BYTES } from './layout.ts'
import { hashFramedLeaf, type HashString } from './merkle-tree.ts'
import { rootOfMultiProof } from './proof.ts'
import { openNote, parseVerifierKey, type NoteVerifier } from './signed-note.ts'
import { TarFile, TarProblem, type OpenMember } from './tar-file.ts'

export interface BundleReport {
  readonly ok: boolean
  readonly session: string
  /** Events proved. */
  readonly entries: number
  /** Segments of the recording that are in the bundle, as recorded. */
  readonly segments: number
  /** True when the key was with them, and opened each. */
  readonly opened: boolean
  /** When the recording was destroyed, Unix milliseconds. */
  readonly destroyedAtMs?: number
  /** The checkpoint that proves them, as a signed note. */
  readonly checkpoint?: string
  readonly bad?: Finding
}

/** A member that has to be held whole. A bundle comes from anywhere, so what it claims is bounded. */
const MAX_HELD_BYTES = 256 * 1024 * 1024
const MAX_SEGMENT_BYTES = 4 * 1024 * 1024
const CHUNK = 1 << 20

/** @throws Error when the key is none, or the file cannot be read */
export async function verifyBundle(path: string, verifierKey: string): Promise<BundleReport> {
  const run = new BundleVerification(parseVerifierKey(verifierKey), verifierKey.trim(), await TarFile.open(path))
  const bad = await run.check()
  return {
    ok: bad === undefined, session: run.session, entries: bad === undefined ? run.events : 0, segments: run.segments, opened: run.opened,
    ...(run.destroyedAtMs === undefined ? {} : { destroyedAtMs: run.destroyedAtMs }),
    ...(run.checkpoint === undefined ? {} : { checkpoint: run.checkpoint.note }),
    ...(bad === undefined ? {} : { bad }),
  }
}

/** Thrown inside, to leave at the first thing that is wrong. */
class Wrong extends Error {
  readonly finding: Finding
  constructor(finding: Finding) {
    super(finding.message)
    this.finding = finding
  }
}

class BundleVerification {
  session = ''
  events = 0
  segments = 0
  opened = false
  destroyedAtMs: number | undefined
  checkpoint: Checkpoint | undefined
  readonly #verifier: NoteVerifier
  readonly #verifierKey: string
  readonly #tar: TarFile
  /** Digests of the recording's segments, by number. */
  readonly #sealed = new Map<number, SegmentSealed>()

  constructor(verifier: NoteVerifier, verifierKey: string, tar: TarFile) {
    this.#verifier = verifier
    this.#verifierKey = verifierKey
    this.#tar = tar
  }

  async check(): Promise<Finding | undefined> {
    try {
      const manifest = await this.#signedParts()
      const proof = await this.#proof(manifest)
      await this.#entries(manifest, proof)
      await this.#recording()
      return undefined
    } catch (error) {
      if (error instanceof Wrong) return error.finding
      if (error instanceof TarProblem) return { what: 'bundle-unreadable', index: 0, file: this.#tar.member, offset: error.offset, message: `the bundle cannot be read: ${error.message}` }
      throw error
    } finally {
      await this.#tar.close()
    }
  }

  async #signedParts(): Promise<BundleManifest> {
    const opened = openCheckpoint((await this.#content(BUNDLE.checkpoint)).toString('utf8'), this.#verifier)
    if ('problem' in opened) throw this.#wrong('checkpoint-invalid', `the checkpoint cannot be trusted: ${opened.problem}`)
    this.checkpoint = opened
    if ((await this.#content(BUNDLE.verifier)).toString('utf8') !== `${this.#verifierKey}\n`) throw this.#wrong('bundle-unreadable', 'the key that came with the bundle is not the one given')
    const note = openNote((await this.#content(BUNDLE.manifest)).toString('utf8'), this.#verifier)
    if ('problem' in note) throw this.#wrong('proof-wrong', `the manifest cannot be trusted: ${note.problem}`)
    const manifest = parseManifest(note.text)
    if (manifest === undefined || manifest.size !== opened.size) throw this.#wrong('proof-wrong', 'the manifest does not belong to the checkpoint')
    this.session = manifest.session
    return manifest
  }

  async #proof({ indices }: BundleManifest): Promise<{ leaves: readonly HashString[]; hashes: readonly HashString[] }> {
    const text = (await this.#content(BUNDLE.proof)).toString('utf8')
    const proof = parseProof(text)
    if (proof === undefined || proof.leaves.length !== indices.length) throw this.#wrong('proof-wrong', 'this is no proof of the manifest\'s entries')
    return { leaves: proof.leaves.map(fromText), hashes: proof.hashes.map(fromText) }
  }

  async #entries({ session, size, indices }: BundleManifest, proof: { leaves: readonly HashString[]; hashes: readonly HashString[] }): Promise<void> {
    const proved = rootOfMultiProof(proof.leaves, indices, size, proof.hashes) === this.checkpoint?.root
    const member = await this.#member(BUNDLE.entries)
    let changed: Wrong | undefined
    const leaves: HashString[] = []
    for await (const { bytes, start, offset } of this.#frames(member)) {
      const length = bytes.readUInt16BE(start)
      const index = indices[leaves.length] ?? 0
      const leaf = hashFramedLeaf(bytes, start, length)
      if (leaves.length >= indices.length) throw this.#wrong('entry-unreadable', 'there are more entries than the manifest names', offset, index)
      if (leaf !== proof.leaves[leaves.length]) changed ??= this.#wrong('entry-changed', 'this is not the entry that was signed', offset, index)
      if (changed === undefined && proved) this.#event(bytes.toString('utf8', start + PREFIX_BYTES, start + PREFIX_BYTES + length), session, offset, index)
      leaves.push(leaf)
    }
    if (!proved) {
      const entriesAreRight = rootOfMultiProof(leaves, indices, size, proof.hashes) === this.checkpoint?.root
      if (changed !== undefined && !entriesAreRight) throw changed
      throw new Wrong({ what: 'proof-wrong', index: indices[0] ?? 0, file: BUNDLE.proof, offset: 0, message: 'the proof does not lead to the signed root' })
    }
    if (changed !== undefined) throw changed
    if (leaves.length < indices.length) throw this.#wrong('entry-missing', 'the entries end before this one', member.size, indices[leaves.length])
    this.events = leaves.length
  }

  #event(text: string, session: string, offset: number, index: number): void {
    let event: RecordedEvent
    try {
      event = JSON.parse(text) as RecordedEvent
    } catch {
      throw this.#wrong('entry-unreadable', 'this entry is no event', offset, index)
    }
    if (!('session' in event) || event.session !== session) throw this.#wrong('proof-wrong', 'this event is not of the session that the manifest names', offset, index)
    if (event.event === 'segment.sealed') this.#sealed.set(event.segment, event)
    if (event.event === 'recording.destroyed') this.destroyedAtMs = event.at
  }

  async #recording(): Promise<void> {
    let member = await this.#tar.next()
    let key: Buffer | undefined
    if (member?.name === BUNDLE.key) {
      const text = (await this.#held(member, 64)).toString('latin1')
      key = Buffer.from(text, 'base64')
      if (key.length !== 32 || `${key.toString('base64')}\n` !== text || this.#sealed.size === 0) throw this.#wrong('bundle-unreadable', 'this is no data key')
      member = await this.#tar.next()
    }
    for (const event of this.#sealed.values()) {
      if (member?.name !== BUNDLE.segment(event.segment)) {
        // What was destroyed is not there, and must not be: that it existed stays proved.
        if (this.destroyedAtMs !== undefined) continue
        throw new Wrong({ what: 'segment-missing', index: 0, file: BUNDLE.segment(event.segment), offset: 0, message: `segment ${event.segment} of the recording is not in the bundle, and the log does not say that it was destroyed` })
      }
      await this.#segment(member, event, key)
      this.segments++
      member = await this.#tar.next()
    }
    if (member !== undefined) throw this.#wrong('bundle-unreadable', 'this member does not belong there', member.offset)
    this.opened = key !== undefined && this.segments > 0
  }

  async #segment(member: OpenMember, event: SegmentSealed, key: Buffer | undefined): Promise<void> {
    const sealed = await this.#held(member, MAX_SEGMENT_BYTES)
    if (sealed.length !== event.bytes || hash('sha256', sealed, 'hex') !== event.sha256) throw this.#wrong('segment-changed', 'this is not the segment whose digest is in the log', member.offset)
    if (key === undefined) return
    await openSegment(key, event.session, event.segment, sealed).catch(() => {
      throw new Wrong({ what: 'segment-changed', index: 0, file: BUNDLE.key, offset: 0, message: `the key does not open segment ${event.segment}` })
    })
  }

  async #content(name: string): Promise<Buffer> {
    return this.#held(await this.#member(name), MAX_HELD_BYTES)
  }

  async #member(name: string): Promise<OpenMember> {
    const member = await this.#tar.next()
    if (member?.name !== name) throw this.#wrong('bundle-unreadable', `the member ${name} must stand here`, member?.offset ?? 0)
    return member
  }

  #held(member: OpenMember, maxBytes: number): Promise<Buffer> {
    if (member.size > maxBytes) throw this.#wrong('bundle-unreadable', `it is larger than ${maxBytes} bytes`, member.offset)
    return this.#tar.read(member.offset, member.size)
  }

  /** The framed entries, in chunks of about a megabyte. `offset` is that in the member. */
  async *#frames(member: OpenMember): AsyncGenerator<{ bytes: Buffer; start: number; offset: number }> {
    for (let from = 0; from < member.size;) {
      const bytes = await this.#tar.read(member.offset + from, Math.min(CHUNK, member.size - from))
      let at = 0
      while (at + PREFIX_BYTES <= bytes.length && at + PREFIX_BYTES + bytes.readUInt16BE(at) <= bytes.length) {
        yield { bytes, start: at, offset: from + at }
        at += PREFIX_BYTES + bytes.readUInt16BE(at)
      }
      if (at === 0) throw this.#wrong('entry-unreadable', 'the entries end in the middle of one, or a length was changed', from)
      from += at
    }
  }

  #wrong(what: Finding['what'], message: string, offset = 0, index = 0): Wrong {
    return new Wrong({ what, index, file: this.#tar.member, offset, message })
  }
}

function parseProof(text: string): BundleProof | undefined {
  try {
    const { leaves, hashes } = JSON.parse(text) as Partial<BundleProof>
    const proof = { leaves, hashes }
    const isHashes = (list: unknown): list is string[] => Array.isArray(list) && list.every((one) => typeof one === 'string' && isHash(one))
    return isHashes(proof.leaves) && isHashes(proof.hashes) && `${JSON.stringify(proof)}\n` === text ? { leaves: proof.leaves, hashes: proof.hashes } : undefined
  } catch {
    return undefined
  }
}

function isHash(text: string): boolean {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === 32 && bytes.toString('base64') === text
}

function fromText(hash: string): HashString {
  return Buffer.from(hash, 'base64').toString('latin1')
}
