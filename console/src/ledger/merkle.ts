/** Proofs of an RFC 6962 tree, checked in the browser with nothing but its own SHA-256 and Ed25519. */

type Bytes = Uint8Array<ArrayBuffer>

async function sha256(...parts: readonly Bytes[]): Promise<Bytes> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', whole))
}

/** RFC 6962 §2.1: SHA-256(0x00 || entry). */
export function hashLeaf(entry: Bytes): Promise<Bytes> {
  return sha256(Uint8Array.of(0), entry)
}

/** RFC 9162 §2.1.3.2: the root of a tree of `size` entries in which `leaf` stands at `index`, as its proof has it. */
export async function rootOf(leaf: Bytes, index: number, size: number, proof: readonly Bytes[]): Promise<Bytes> {
  if (index < 0 || index >= size) throw new Error('the entry is not in a tree of that size')
  let [first, last, root] = [BigInt(index), BigInt(size - 1), leaf]
  for (const node of proof) {
    if (last === 0n) throw new Error('the proof is too long')
    if (first % 2n === 1n || first === last) {
      root = await sha256(Uint8Array.of(1), node, root)
      while (first % 2n === 0n && first !== 0n) {
        first /= 2n
        last /= 2n
      }
    } else root = await sha256(Uint8Array.of(1), root, node)
    first /= 2n
    last /= 2n
  }
  if (last !== 0n) throw new Error('the proof is too short')
  return root
}

export function fromBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}

export function equal(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
