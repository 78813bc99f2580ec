import { createHash, createPublicKey, verify } from 'node:crypto'

/**
 * Reads and proves a tiled log, written from the specifications alone: RFC 6962 §2.1, https://c2sp.org/tlog-tiles,
 * https://c2sp.org/tlog-checkpoint, https://c2sp.org/signed-note. Shares no code with what it checks, and knows nothing but
 * paths below a prefix.
 */
export type Fetch = (path: string) => Promise<Buffer>

export interface TreeHead {
  readonly size: number
  readonly root: Buffer
}

const sha256 = (...parts: readonly Uint8Array[]): Buffer => parts.reduce<ReturnType<typeof createHash>>((hash, part) => hash.update(part), createHash('sha256')).digest()

/** @throws Error unless the note is a checkpoint signed by the key */
export function openSignedCheckpoint(note: string, vkey: string): TreeHead {
  const plus = vkey.indexOf('+')
  const name = vkey.slice(0, plus)
  const [hash = '', ...material] = vkey.slice(plus + 1).trim().split('+')
  const key = Buffer.from(material.join('+'), 'base64')
  if (key[0] !== 1 || key.length !== 33) throw new Error('not an Ed25519 key')
  const id = sha256(Buffer.from(`${name}\n`), key).subarray(0, 4)
  if (id.toString('hex') !== hash) throw new Error('the key hash is wrong')
  const border = note.lastIndexOf('\n\n')
  const text = note.slice(0, border + 1)
  const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: key.subarray(1).toString('base64url') } })
  const signed = note.slice(border + 2).split('\n').some((line) => {
    const [dash, signer, encoded = ''] = line.split(' ')
    const signature = Buffer.from(encoded, 'base64')
    return dash === '\u2014' && signer === name && signature.subarray(0, 4).equals(id) && verify(null, Buffer.from(text), publicKey, signature.subarray(4))
  })
  if (!signed) throw new Error('no signature of the key')
  const [origin, size = '', root = ''] = text.split('\n')
  if (origin !== name || !/^\d+$/.test(size)) throw new Error('not a checkpoint of this log')
  return { size: Number(size), root: Buffer.from(root, 'base64') }
}

function path(index: number): string {
  let rest = index
  let name = String(rest % 1000).padStart(3, '0')
  while ((rest = Math.floor(rest / 1000)) > 0) name = `x${String(rest % 1000).padStart(3, '0')}/${name}`
  return name
}

/** A log as its tiles show it, of `size` entries. */
export class TiledLog {
  readonly #fetch: Fetch
  readonly size: number

  constructor(fetch: Fetch, size: number) {
    this.#fetch = fetch
    this.size = size
  }

  /** RFC 6962 §2.1: MTH(D[start:end]), out of the highest tiles that have a part of it. */
  async mth(start: number, end: number): Promise<Buffer> {
    const count = end - start
    if (count === 0) return sha256()
    for (let level = Math.floor(Math.log2(this.size) / 8); level >= 0; level--) {
      const span = 256 ** level
      if (count === span && start % span === 0) return this.#hash(level, start / span)
    }
    const k = largestPowerBelow(count)
    return sha256(Buffer.of(1), await this.mth(start, start + k), await this.mth(start + k, end))
  }

  async entry(index: number): Promise<Buffer> {
    const bundle = await this.#fetch(`tile/entries/${path(Math.floor(index / 256))}${this.#partial(0, Math.floor(index / 256))}`)
    let at = 0
    for (let skip = index % 256; skip > 0; skip--) at += 2 + bundle.readUInt16BE(at)
    return bundle.subarray(at + 2, at + 2 + bundle.readUInt16BE(at))
  }

  /** §2.1.1: PATH(m, D[start:end]). */
  async auditPath(index: number, start = 0, end = this.size): Promise<Buffer[]> {
    if (end - start === 1) return []
    const k = start + largestPowerBelow(end - start)
    return index < k
      ? [...await this.auditPath(index, start, k), await this.mth(k, end)]
      : [...await this.auditPath(index, k, end), await this.mth(start, k)]
  }

  /** §2.1.2: SUBPROOF(m, D[start:end], b). */
  async consistency(first: number, start = 0, end = this.size, complete = true): Promise<Buffer[]> {
    if (first === end) return complete ? [] : [await this.mth(start, end)]
    const k = start + largestPowerBelow(end - start)
    return first <= k
      ? [...await this.consistency(first, start, k, complete), await this.mth(k, end)]
      : [...await this.consistency(first, k, end, false), await this.mth(start, k)]
  }

  async #hash(level: number, index: number): Promise<Buffer> {
    const tile = Math.floor(index / 256)
    const bytes = await this.#fetch(`tile/${level}/${path(tile)}${this.#partial(level, tile)}`)
    return bytes.subarray((index % 256) * 32, (index % 256) * 32 + 32)
  }

  #partial(level: number, tile: number): string {
    const hashes = Math.floor(this.size / 256 ** level)
    return (tile + 1) * 256 <= hashes ? '' : `.p/${hashes % 256}`
  }
}

/** The root that an entry and its audit path lead to, by the recursion of §2.1.1 read backwards. */
export function rootOfPath(entry: Buffer, index: number, size: number, proof: readonly Buffer[]): Buffer {
  const climb = (m: number, n: number, rest: readonly Buffer[]): Buffer => {
    if (n === 1) {
      if (rest.length > 0) throw new Error('the proof is too long')
      return sha256(Buffer.of(0), entry)
    }
    const last = rest.at(-1)
    if (last === undefined) throw new Error('the proof is too short')
    const k = largestPowerBelow(n)
    return m < k ? sha256(Buffer.of(1), climb(m, k, rest.slice(0, -1)), last) : sha256(Buffer.of(1), last, climb(m - k, n - k, rest.slice(0, -1)))
  }
  return climb(index, size, proof)
}

/** The roots of the earlier and of the later tree that a consistency proof leads to, by §2.1.2 read backwards. */
export function rootsOfConsistency(first: number, second: number, earlier: Buffer, proof: readonly Buffer[]): { first: Buffer; second: Buffer } {
  const climb = (m: number, n: number, complete: boolean, rest: readonly Buffer[]): { first: Buffer; second: Buffer } => {
    if (m === n) {
      const node = complete ? earlier : rest[0]
      if (node === undefined || rest.length !== (complete ? 0 : 1)) throw new Error('the proof has another length')
      return { first: node, second: node }
    }
    const last = rest.at(-1)
    if (last === undefined) throw new Error('the proof is too short')
    const k = largestPowerBelow(n)
    if (m <= k) {
      const left = climb(m, k, complete, rest.slice(0, -1))
      return { first: left.first, second: sha256(Buffer.of(1), left.second, last) }
    }
    const right = climb(m - k, n - k, false, rest.slice(0, -1))
    return { first: sha256(Buffer.of(1), last, right.first), second: sha256(Buffer.of(1), last, right.second) }
  }
  return climb(first, second, true, proof)
}

function largestPowerBelow(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}
