import { createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto'

/**
 * Signed notes with Ed25519 keys, after C2SP signed-note (https://c2sp.org/signed-note):
 *
 *     text, ending in a newline
 *     (empty line)
 *     — <key name> <base64 of 4 bytes key ID || 64 bytes signature>
 */
export interface NoteSigner {
  readonly name: string
  readonly privateKey: KeyObject
}

export interface NoteVerifier {
  readonly name: string
  readonly keyId: Buffer
  readonly publicKey: KeyObject
}

const ED25519 = 0x01
/** DER of a SubjectPublicKeyInfo for Ed25519 up to the 32 bytes of the key (RFC 8410 §4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

function checkName(name: string): void {
  if (name === '' || /[\s+\p{Cc}]/u.test(name)) throw new Error('a key name has no spaces, no plus and no control characters')
}

function rawPublicKey(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  if (publicKey.asymmetricKeyType !== 'ed25519') throw new Error('checkpoints are signed with Ed25519 keys only')
  return publicKey.export({ type: 'spki', format: 'der' }).subarray(SPKI_PREFIX.length)
}

function keyId(name: string, raw: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), raw]), 'buffer').subarray(0, 4)
}

/** The public half as a verifier key: `<name>+<key ID in hex>+<base64 of type || key>`. */
export function verifierKey(signer: NoteSigner): string {
  checkName(signer.name)
  const raw = rawPublicKey(signer.privateKey)
  return `${signer.name}+${keyId(signer.name, raw).toString('hex')}+${Buffer.concat([Buffer.of(ED25519), raw]).toString('base64')}`
}

/** @throws Error when it is not a verifier key, or its key ID does not belong to it */
export function parseVerifierKey(text: string): NoteVerifier {
  const [name = '', id = '', ...rest] = text.trim().split('+')
  // Standard base64 may itself contain a plus.
  const encoded = rest.join('+')
  const key = Buffer.from(encoded, 'base64')
  if (key.length !== 33 || key[0] !== ED25519 || key.toString('base64') !== encoded) {
    throw new Error('not an Ed25519 verifier key: expected name+hash+key')
  }
  checkName(name)
  const raw = key.subarray(1)
  const expected = keyId(name, raw)
  if (expected.toString('hex') !== id) throw new Error('the hash in the verifier key does not belong to its name and key')
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' })
  return { name, keyId: expected, publicKey }
}

/** @param text the note's text, its last newline included */
export function signNote(text: string, signer: NoteSigner): string {
  const id = keyId(signer.name, rawPublicKey(signer.privateKey))
  const signature = Buffer.concat([id, sign(null, Buffer.from(text), signer.privateKey)])
  return `${text}\n— ${signer.name} ${signature.toString('base64')}\n`
}

/** Reads a note and returns its text once the verifier's signature under it is proved. */
export function openNote(note: string, verifier: NoteVerifier): { text: string } | { problem: string } {
  const split = note.lastIndexOf('\n\n')
  if (split < 0 || !note.endsWith('\n')) return { problem: 'it is not a signed note' }
  const text = note.slice(0, split + 1)
  const lines = note.slice(split + 2, -1).split('\n')
  let proved = false
  for (const line of lines) {
    const [dash, name, encoded = '', ...more] = line.split(' ')
    if (dash !== '—' || name === undefined || more.length > 0) return { problem: 'it has a malformed signature line' }
    const signature = Buffer.from(encoded, 'base64')
    if (signature.toString('base64') !== encoded || signature.length < 5) return { problem: 'it has a malformed signature' }
    // Lines of other keys are to be ignored: witnesses may have added theirs.
    if (name !== verifier.name || !signature.subarray(0, 4).equals(verifier.keyId)) continue
    if (!verify(null, Buffer.from(text), verifier.publicKey, signature.subarray(4))) return { problem: 'its signature is wrong' }
    proved = true
  }
  return proved ? { text } : { problem: `it is not signed by the key of ${verifier.name}` }
}
