import { TILE_HEIGHT, TILE_WIDTH, HASH_BYTES } from './layout.ts'
import { EMPTY_ROOT, hashNode, MerkleTree, type HashString } from './merkle-tree.ts'
import type { TileReader } from './tile-reader.ts'

/** Gives the root of the complete subtree of 2^level leaves that begins with leaf index * 2^level. */
export type NodeSource = (level: number, index: number) => Promise<HashString>

/**
 * Nodes out of tiles: each costs reading one tile and hashing at most half of it.
 * @throws RangeError by the source, when the ledger does not reach so far
 */
export function nodesOfTiles(tiles: Pick<TileReader, 'hashTile'>): NodeSource {
  return async (level, index) => {
    const first = index * 2 ** (level % TILE_HEIGHT)
    const end = (first % TILE_WIDTH) + 2 ** (level % TILE_HEIGHT)
    const tile = await tiles.hashTile(Math.floor(level / TILE_HEIGHT), Math.floor(first / TILE_WIDTH), end)
    if (tile === undefined) throw new RangeError(`the ledger does not hold the hashes of entry ${(index + 1) * 2 ** level - 1}`)
    const tree = new MerkleTree()
    for (let at = first % TILE_WIDTH; at < end; at++) tree.append(tile.toString('latin1', at * HASH_BYTES, (at + 1) * HASH_BYTES))
    return tree.root()
  }
}

/** RFC 6962 §2.1: MTH(D[start:end]), for a range that is a node of some tree: `start` divisible by the largest power of two in it. */
export async function rangeHash(nodes: NodeSource, start: number, end: number): Promise<HashString> {
  const complete: HashString[] = []
  for (let at = start; at < end;) {
    let level = 0
    while (at + 2 ** (level + 1) <= end) level++
    complete.push(await nodes(level, at / 2 ** level))
    at += 2 ** level
  }
  return complete.reduceRight((right, left) => (right === '' ? left : hashNode(left, right)), '') || EMPTY_ROOT
}
