import { setTimeout as delay } from 'node:timers/promises'
import type { RecordingKeys } from '../governance/recording/recording-keys.ts'
import { segmentName } from '../governance/recording/segment-format.ts'
import type { SegmentStore } from '../governance/recording/segment-store.ts'
import { BUNDLE, formatManifest, type BundleManifest, type BundleProof } from './bundle-format.ts'
import type { Checkpoint } from './checkpoint.ts'
import { PREFIX_BYTES } from './layout.ts'
import { LogReader } from './log-reader.ts'
import { hashLeaf, type HashString } from './merkle-tree.ts'
import { multiProof } from './proof.ts'
import { readSessionEntries } from './read-entries.ts'
import { TAR_END, tarHeader, tarPadding } from './tar.ts'

export interface BundleSources {
  /** The ledger's. */
  readonly directory: string
  readonly verifierKey: string
  readonly store: Pick<SegmentStore, 'get'>
  /** `left out`: for somebody who may know that something was recorded, but not what. */
  readonly keys: Pick<RecordingKeys, 'reveal'> | 'left out'
  /** Signs a text as a note of the log: see {@link LedgerLog.sign}. */
  readonly sign: (text: string) => string
}

/** A checkpoint follows within about a second. */
const CHECKPOINT_MS = 3_000
const CHECKPOINT_STEP_MS = 50

/**
 * A bundle, as bundle-format.ts says: all that the ledger holds of a session up to its latest checkpoint, provable
 * offline. Sends one entry or segment at a time.
 * @returns undefined when the ledger holds nothing of the session
 * @throws Error when the ledger cannot be read
 */
export async function makeBundle(session: string, sources: BundleSources): Promise<AsyncGenerator<Buffer> | undefined> {
  const reader = new LogReader(sources.directory, sources.verifierKey)
  const found: { index: number; bytes: number; leaf: HashString }[] = []
  const segments = new Set<number>()
  for await (const { index, bytes, event } of readSessionEntries(sources.directory, session)) {
    found.push({ index, bytes: bytes.length, leaf: hashLeaf(bytes) })
    if (event.event === 'segment.sealed') segments.add(event.segment)
  }
  const checkpoint = await covering(reader, found.at(-1)?.index ?? 0)
  const covered = found.filter(({ index }) => index < (checkpoint?.size ?? 0))
  if (checkpoint === undefined || covered.length === 0) return undefined
  const indices = covered.map(({ index }) => index)
  const manifest: BundleManifest = { session, size: checkpoint.size, indices }
  const hashes = await multiProof(reader.nodes, indices, checkpoint.size)
  const proof: BundleProof = { leaves: asText(covered.map(({ leaf }) => leaf)), hashes: asText(hashes) }
  const entriesBytes = covered.reduce((sum, { bytes }) => sum + PREFIX_BYTES + bytes, 0)
  return write({ sources, checkpoint, manifest, proof, entriesBytes, segments: [...segments] })
}

interface BundleParts {
  readonly sources: BundleSources
  readonly checkpoint: Checkpoint
  readonly manifest: BundleManifest
  readonly proof: BundleProof
  readonly entriesBytes: number
  readonly segments: readonly number[]
}

async function* write({ sources, checkpoint, manifest, proof, entriesBytes, segments }: BundleParts): AsyncGenerator<Buffer> {
  const { directory, verifierKey, store, keys, sign } = sources
  const { session, size } = manifest
  yield* member(BUNDLE.checkpoint, Buffer.from(checkpoint.note))
  yield* member(BUNDLE.verifier, Buffer.from(`${verifierKey.trim()}\n`))
  yield* member(BUNDLE.manifest, Buffer.from(sign(formatManifest(manifest))))
  yield* member(BUNDLE.proof, Buffer.from(`${JSON.stringify(proof)}\n`))
  yield tarHeader({ name: BUNDLE.entries, size: entriesBytes })
  for await (const { index, bytes } of readSessionEntries(directory, session)) {
    if (index >= size) break
    yield Buffer.concat([Buffer.of(bytes.length >>> 8, bytes.length & 0xff), bytes])
  }
  yield tarPadding(entriesBytes)
  const key = segments.length === 0 || keys === 'left out' ? undefined : await keys.reveal(session)
  if (key !== undefined) yield* member(BUNDLE.key, Buffer.from(`${key.toString('base64')}\n`))
  key?.fill(0)
  for (const segment of segments) {
    const sealed = await store.get(segmentName(session, segment))
    // One that is gone is for the verifier to judge: retention may have destroyed it.
    if (sealed !== undefined) yield* member(BUNDLE.segment(segment), sealed)
  }
  yield TAR_END
}

function asText(hashes: readonly HashString[]): string[] {
  return hashes.map((hash) => Buffer.from(hash, 'latin1').toString('base64'))
}

function* member(name: string, content: Buffer): Generator<Buffer> {
  yield tarHeader({ name, size: content.length })
  yield content
  yield tarPadding(content.length)
}

/** The latest checkpoint, once it covers the entry; after a while whichever there is. */
async function covering(reader: LogReader, index: number): Promise<Checkpoint | undefined> {
  for (let waited = 0; ; waited += CHECKPOINT_STEP_MS) {
    const checkpoint = await reader.checkpoint()
    if ((checkpoint?.size ?? 0) > index || waited >= CHECKPOINT_MS) return checkpoint
    await delay(CHECKPOINT_STEP_MS)
  }
}
