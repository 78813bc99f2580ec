import { randomBytes } from 'node:crypto'
import { NONCE_BYTES, seal, TAG_BYTES, unseal } from '../governance/aead.ts'
import { KEY_BYTES, type MasterKey } from './master-key.ts'

/**
 * One sealed secret:
 *
 *     byte  0        format, 1
 *     bytes 1-8      identifier of the master key
 *     bytes 9-12     version of the secret, big-endian
 *     bytes 13-72    data key, sealed under the master key     nonce 12, ciphertext 32, tag 16
 *     bytes 73-      secret, sealed under the data key         nonce 12, ciphertext n, tag 16
 *
 * Both are AES-256-GCM (NIST SP 800-38D). Both authenticate the secret's name and version, so that a record put under
 * another name, or with another version, does not open. Kept as base64.
 */
export interface SealedRecord {
  readonly masterKeyId: Buffer
  readonly version: number
  readonly sealedKey: Buffer
  readonly sealedSecret: Buffer
}

const FORMAT = 1
const KEY_ID_BYTES = 8
const SEALED_KEY_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES
const HEADER_BYTES = 1 + KEY_ID_BYTES + 4
/** Longest secret, in bytes of UTF-8. */
export const MAX_SECRET_BYTES = 64 * 1024
const MAX_RECORD_BYTES = HEADER_BYTES + SEALED_KEY_BYTES + NONCE_BYTES + MAX_SECRET_BYTES + TAG_BYTES

export function encodeRecord(record: SealedRecord): string {
  const version = Buffer.alloc(4)
  version.writeUInt32BE(record.version)
  return Buffer.concat([Buffer.of(FORMAT), record.masterKeyId, version, record.sealedKey, record.sealedSecret])
    .toString('base64')
}

/** Undefined for what is not a record, whatever it is. */
export function decodeRecord(text: string): SealedRecord | undefined {
  if (text.length > Math.ceil(MAX_RECORD_BYTES / 3) * 4) return undefined
  const bytes = Buffer.from(text, 'base64')
  // Decoding skips what is not base64; only the one true spelling counts, so that any change is noticed.
  if (bytes.toString('base64') !== text) return undefined
  if (bytes.length < HEADER_BYTES + SEALED_KEY_BYTES + NONCE_BYTES + TAG_BYTES || bytes[0] !== FORMAT) return undefined
  return {
    masterKeyId: bytes.subarray(1, 1 + KEY_ID_BYTES),
    version: bytes.readUInt32BE(1 + KEY_ID_BYTES),
    sealedKey: bytes.subarray(HEADER_BYTES, HEADER_BYTES + SEALED_KEY_BYTES),
    sealedSecret: bytes.subarray(HEADER_BYTES + SEALED_KEY_BYTES),
  }
}

export function sealRecord(name: string, version: number, secret: string, masterKey: MasterKey): SealedRecord {
  const dataKey = randomBytes(KEY_BYTES)
  try {
    return {
      masterKeyId: masterKey.id,
      version,
      sealedKey: seal(masterKey.bytes, dataKey, authenticated('key', name, version, masterKey.id)),
      sealedSecret: seal(dataKey, Buffer.from(secret, 'utf8'), authenticated('secret', name, version)),
    }
  } finally {
    dataKey.fill(0)
  }
}

/** @throws Error when the record was changed, belongs to another name, or was sealed under another key */
export function openRecord(name: string, record: SealedRecord, masterKey: MasterKey): string {
  const dataKey = openDataKey(name, record, masterKey)
  try {
    return unseal(dataKey, record.sealedSecret, authenticated('secret', name, record.version)).toString('utf8')
  } finally {
    dataKey.fill(0)
  }
}

/** The same record under another master key. The secret itself is not opened. @throws as {@link openRecord} */
export function resealRecord(name: string, record: SealedRecord, from: MasterKey, to: MasterKey): SealedRecord {
  const dataKey = openDataKey(name, record, from)
  try {
    const sealedKey = seal(to.bytes, dataKey, authenticated('key', name, record.version, to.id))
    return { ...record, masterKeyId: to.id, sealedKey }
  } finally {
    dataKey.fill(0)
  }
}

function openDataKey(name: string, record: SealedRecord, masterKey: MasterKey): Buffer {
  return unseal(masterKey.bytes, record.sealedKey, authenticated('key', name, record.version, masterKey.id))
}

/** What is authenticated beside the ciphertext. The name's length stands before it: no two inputs look alike. */
function authenticated(
  part: 'key' | 'secret', name: string, version: number, masterKeyId: Buffer = Buffer.alloc(0),
): Buffer {
  const nameBytes = Buffer.from(name, 'utf8')
  const numbers = Buffer.alloc(8)
  numbers.writeUInt32BE(nameBytes.length, 0)
  numbers.writeUInt32BE(version, 4)
  return Buffer.concat([Buffer.from(`sallyport vault ${FORMAT} ${part}\0`), numbers, nameBytes, masterKeyId])
}
