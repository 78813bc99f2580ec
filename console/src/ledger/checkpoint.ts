import { equal, fromBase64 } from './merkle.ts'

export interface Checkpoint {
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array<ArrayBuffer>
}

const ED25519 = 0x01

/**
 * Reads a checkpoint (https://c2sp.org/tlog-checkpoint) and checks its signature (https://c2sp.org/signed-note).
 * @param verifier `<name>+<key ID in hex>+<base64 of type || key>`
 * @throws Error that says what is wrong
 */
export async function openCheckpoint(note: string, verifier: string): Promise<Checkpoint> {
  const [, name = '', id = '', encoded = ''] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(verifier.trim()) ?? []
  const typed = fromBase64(encoded)
  if (typed[0] !== ED25519 || typed.length !== 33) throw new Error('the public key is not an Ed25519 key')
  const end = note.indexOf('\n\n')
  if (end < 0) throw new Error('the checkpoint has no signature')
  const text = note.slice(0, end + 1)
  const lines = note.slice(end + 2).split('\n')
  const key = await crypto.subtle.importKey('raw', typed.slice(1), 'Ed25519', false, ['verify'])
  for (const line of lines) {
    const [, signer, blob] = /^— (\S+) (\S+)$/.exec(line) ?? []
    if (signer !== name || blob === undefined) continue
    const signed = fromBase64(blob)
    if (!equal(signed.slice(0, 4), Uint8Array.from(id.match(/../g) ?? [], (hex) => Number.parseInt(hex, 16)))) continue
    if (!await crypto.subtle.verify('Ed25519', key, signed.slice(4), new TextEncoder().encode(text))) throw new Error('the signature of the checkpoint is wrong')
    const [origin = '', size = '', root = ''] = text.split('\n')
    if (!/^(0|[1-9]\d{0,15})$/.test(size)) throw new Error('the checkpoint names no size')
    return { origin, size: Number(size), root: fromBase64(root) }
  }
  throw new Error('the checkpoint is not signed by this key')
}
