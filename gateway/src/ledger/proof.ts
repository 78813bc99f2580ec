import { EMPTY_ROOT, hashNode, type HashString } from './merkle-tree.ts'
import { rangeHash, type NodeSource } from './node-source.ts'

/** The largest power of two smaller than `size`. */
function split(size: number): number {
  let k = 1
  while (k * 2 < size) k *= 2
  return k
}

/**
 * RFC 6962 §2.1.1: the audit path of leaf `index` in the tree of the first `size` entries, from the leaf's sibling up.
 * @throws RangeError when there is no such leaf
 */
export async function inclusionProof(nodes: NodeSource, index: number, size: number): Promise<HashString[]> {
  if (!(index >= 0 && index < size)) throw new RangeError(`there is no entry ${index} among ${size}`)
  const path: HashString[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + split(end - start)
    const inLeft = index < middle
    path.push(await (inLeft ? rangeHash(nodes, middle, end) : rangeHash(nodes, start, middle)))
    if (inLeft) end = middle
    else start = middle
  }
  return path.toReversed()
}

/**
 * RFC 6962 §2.1.2: the proof that the first `first` entries of the tree of `second` entries are those of the earlier tree.
 * @throws RangeError unless 0 < first <= second
 */
export async function consistencyProof(nodes: NodeSource, first: number, second: number): Promise<HashString[]> {
  if (!(first > 0 && first <= second)) throw new RangeError(`a tree of ${second} entries has no part of ${first}`)
  const path: HashString[] = []
  let start = 0
  let end = second
  let whole = true
  while (first !== end) {
    const middle = start + split(end - start)
    if (first <= middle) {
      path.push(await rangeHash(nodes, middle, end))
      end = middle
    } else {
      path.push(await rangeHash(nodes, start, middle))
      start = middle
      whole = false
    }
  }
  if (!whole) path.push(await rangeHash(nodes, start, end))
  return path.toReversed()
}

/**
 * The hashes that, with the leaves at `indices`, lead to the root of the first `size` entries: those of the largest
 * subtrees without any of them, from left to right. Much less than one audit path for each.
 * @param indices ascending, each once
 */
export async function multiProof(nodes: NodeSource, indices: readonly number[], size: number): Promise<HashString[]> {
  const hashes: HashString[] = []
  const visit = async (start: number, end: number, from: number, to: number): Promise<void> => {
    if (from === to) {
      hashes.push(await rangeHash(nodes, start, end))
      return
    }
    if (end - start === 1) return
    const middle = start + split(end - start)
    const border = firstNotBelow(indices, middle, from, to)
    await visit(start, middle, from, border)
    await visit(middle, end, border, to)
  }
  if (size > 0) await visit(0, size, 0, indices.length)
  return hashes
}

/** @returns the root that leaves and hashes lead to; undefined when there are more or fewer hashes than that takes */
export function rootOfMultiProof(leaves: readonly HashString[], indices: readonly number[], size: number, hashes: readonly HashString[]): HashString | undefined {
  let used = 0
  const visit = (start: number, end: number, from: number, to: number): HashString => {
    if (from === to) return hashes[used++] ?? ''
    if (end - start === 1) return leaves[from] ?? ''
    const middle = start + split(end - start)
    const border = firstNotBelow(indices, middle, from, to)
    // In this order: the hashes stand from left to right.
    const left = visit(start, middle, from, border)
    return hashNode(left, visit(middle, end, border, to))
  }
  if (leaves.length !== indices.length || size === 0) return undefined
  const root = visit(0, size, 0, indices.length)
  return used === hashes.length ? root : undefined
}

function firstNotBelow(indices: readonly number[], bound: number, from: number, to: number): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((indices[middle] ?? 0) < bound) low = middle + 1
    else high = middle
  }
  return low
}

/** RFC 9162 §2.1.3.2. */
export function verifyInclusion(leaf: HashString, index: number, size: number, proof: readonly HashString[], root: HashString): boolean {
  if (index >= size) return false
  let fn = index
  let sn = size - 1
  let hash = leaf
  for (const node of proof) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      hash = hashNode(node, hash)
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2
        sn = Math.floor(sn / 2)
      }
    } else hash = hashNode(hash, node)
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  return sn === 0 && hash === root
}

/** RFC 9162 §2.1.4.2; the empty tree is a part of every tree. */
export function verifyConsistency(
  first: number, second: number, firstRoot: HashString, secondRoot: HashString, proof: readonly HashString[],
): boolean {
  if (first > second) return false
  if (first === second) return proof.length === 0 && firstRoot === secondRoot
  if (first === 0) return proof.length === 0 && firstRoot === EMPTY_ROOT
  let fn = first - 1
  let sn = second - 1
  while (fn % 2 === 1) {
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  const path = fn === 0 ? [firstRoot, ...proof] : [...proof]
  const seed = path.shift()
  if (seed === undefined) return false
  let early = seed
  let late = seed
  for (const node of path) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      early = hashNode(node, early)
      late = hashNode(node, late)
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2
        sn = Math.floor(sn / 2)
      }
    } else late = hashNode(late, node)
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  return sn === 0 && early === firstRoot && late === secondRoot
}
