import type { LedgerReader } from '../governance/recording/ledger-reader.ts'
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import { readOptional } from './checkpoint-history.ts'
import { checkpointPath, TILE_HEIGHT, TILE_WIDTH } from './layout.ts'
import type { HashString } from './merkle-tree.ts'
import { nodesOfTiles, type NodeSource } from './node-source.ts'
import { consistencyProof, inclusionProof } from './proof.ts'
import { parseVerifierKey, type NoteVerifier } from './signed-note.ts'
import { TileReader } from './tile-reader.ts'

/** Reads a ledger up to its latest checkpoint, from its files alone, also beside the gateway that writes it. */
export class LogReader implements LedgerReader {
  readonly #directory: string
  readonly #verifier: NoteVerifier
  readonly #tiles: TileReader
  /** Of the whole tree, also beyond the checkpoint: for making proofs of trees that it covers. */
  readonly nodes: NodeSource
  #latest: Checkpoint | undefined

  constructor(directory: string, verifierKey: string) {
    this.#directory = directory
    this.#verifier = parseVerifierKey(verifierKey)
    this.#tiles = new TileReader(directory)
    this.nodes = nodesOfTiles(this.#tiles)
  }

  /** @throws Error when it is not signed by the ledger's key */
  async checkpoint(): Promise<Checkpoint | undefined> {
    const note = await readOptional(checkpointPath(this.#directory))
    if (note === undefined || note === this.#latest?.note) return this.#latest
    const opened = openCheckpoint(note, this.#verifier)
    if ('problem' in opened) throw new Error(`the latest checkpoint cannot be trusted: ${opened.problem}`)
    this.#latest = opened
    return opened
  }

  async hashTile(level: number, index: number, width: number): Promise<Buffer<ArrayBuffer> | undefined> {
    const span = 2 ** (TILE_HEIGHT * level)
    return (await this.#covers((index * TILE_WIDTH + width) * span)) ? this.#tiles.hashTile(level, index, width) : undefined
  }

  async entryBundle(index: number, width: number): Promise<Buffer<ArrayBuffer> | undefined> {
    return (await this.#covers(index * TILE_WIDTH + width)) ? this.#tiles.entryBundle(index, width) : undefined
  }

  async inclusionProof(index: number, size: number): Promise<Buffer[]> {
    await this.#demand(size)
    return asBytes(await inclusionProof(this.nodes, index, size))
  }

  async consistencyProof(first: number, second: number): Promise<Buffer[]> {
    await this.#demand(second)
    return asBytes(await consistencyProof(this.nodes, first, second))
  }

  async #demand(size: number): Promise<void> {
    if (!(await this.#covers(size))) throw new RangeError(`no checkpoint covers ${size} entries yet`)
  }

  async #covers(size: number): Promise<boolean> {
    return size <= (this.#latest?.size ?? -1) || size <= ((await this.checkpoint())?.size ?? -1)
  }
}

function asBytes(hashes: readonly HashString[]): Buffer[] {
  return hashes.map((hash) => Buffer.from(hash, 'latin1'))
}
