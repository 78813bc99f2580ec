/**
 * OpenSSH certificates. Read with `readCertificate(blob)`, judge with `certificateFault(certificate, expected)`
 * (certificate-fault.ts), make with `makeCertificate(contents, authority)` (make-certificate.ts).
 */
import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { type PublicKey, readKeyFields, readPublicKey } from './public-key.ts'
import { verifySignature } from './signature.ts'
import { decodeText, SshReader } from './ssh-reader.ts'

/** An OpenSSH certificate (PROTOCOL.certkeys), its authority's signature already verified. */
export interface Certificate {
  readonly blob: Buffer
  /** Its key type, such as `ssh-ed25519-cert-v01@openssh.com`. */
  readonly algorithm: string
  readonly kind: 'user' | 'host'
  /** The certified key. */
  readonly key: PublicKey
  readonly authority: PublicKey
  readonly serial: bigint
  readonly keyId: string
  readonly principals: readonly string[]
  /** Unix seconds: valid from `validAfter` up to, not including, `validBefore`. */
  readonly validAfter: bigint
  readonly validBefore: bigint
  readonly criticalOptions: ReadonlyMap<string, string>
  readonly extensions: ReadonlyMap<string, string>
}

export const CERTIFICATE_SUFFIX = '-cert-v01@openssh.com'
export const CERTIFICATE_KINDS = { user: 1, host: 2 } as const

const MAX_CERTIFICATE_BYTES = 64 * 1024
const MAX_PRINCIPALS = 256
const MAX_OPTIONS = 64

/**
 * https://cvsweb.openbsd.org/cgi-bin/cvsweb/src/usr.bin/ssh/PROTOCOL.certkeys
 *
 *   +-------------+-------+--------------+--------+------+--------+------------+-------------+--------------+
 *   | string type | nonce | fields of    | serial | kind | key id | principals | valid after | valid before |
 *   |             |       | the key      | uint64 | 1, 2 |        | in string  | uint64      | uint64       |
 *   +-------------+-------+--------------+--------+------+--------+------------+-------------+--------------+
 *   | critical options      | extensions            | reserved      | authority's key      | signature over  |
 *   | in string: name, data | in string: name, data | string        | string               | all before it   |
 *   +-----------------------+-----------------------+---------------+----------------------+-----------------+
 *
 * @throws MalformedFrameError for what is none, and for one whose signature is not its authority's
 */
export function readCertificate(blob: Buffer): Certificate {
  if (blob.length > MAX_CERTIFICATE_BYTES) throw new MalformedFrameError('a certificate is too long')
  const reader = new SshReader(blob)
  const algorithm = reader.string().toString('latin1')
  if (!algorithm.endsWith(CERTIFICATE_SUFFIX)) throw new MalformedFrameError('this is no certificate')
  reader.string()
  const key = readKeyFields(algorithm.slice(0, -CERTIFICATE_SUFFIX.length), reader)
  const serial = reader.uint64()
  const kindNumber = reader.uint32()
  const kind = kindNumber === CERTIFICATE_KINDS.user ? 'user' : kindNumber === CERTIFICATE_KINDS.host ? 'host' : undefined
  if (kind === undefined) throw new MalformedFrameError('a certificate is neither for users nor for hosts')
  const keyId = reader.text()
  const principals = readPrincipals(reader.string())
  const validAfter = reader.uint64()
  const validBefore = reader.uint64()
  const criticalOptions = readOptions(reader.string())
  const extensions = readOptions(reader.string())
  reader.string()
  const authority = readPublicKey(reader.string())
  const signed = blob.subarray(0, reader.position)
  const signature = reader.string()
  reader.expectEnd()
  if (!verifySignature(authority, undefined, signature, signed)) {
    throw new MalformedFrameError('a certificate is not signed by its authority')
  }
  return {
    blob, algorithm, kind, key, authority, serial, keyId, principals, validAfter, validBefore, criticalOptions, extensions,
  }
}

function readPrincipals(bytes: Buffer): string[] {
  const reader = new SshReader(bytes)
  const principals: string[] = []
  while (reader.remaining > 0) {
    if (principals.length === MAX_PRINCIPALS) throw new MalformedFrameError('a certificate has too many names')
    principals.push(reader.text())
  }
  return principals
}

/** | string name | string data | ..., the names in order; the data is empty or holds one string. */
function readOptions(bytes: Buffer): ReadonlyMap<string, string> {
  const reader = new SshReader(bytes)
  const options = new Map<string, string>()
  while (reader.remaining > 0) {
    if (options.size === MAX_OPTIONS) throw new MalformedFrameError('a certificate has too many options')
    const name = reader.text()
    if (options.has(name)) throw new MalformedFrameError('a certificate has an option twice')
    const data = new SshReader(reader.string())
    options.set(name, data.remaining === 0 ? '' : decodeText(data.string()))
    data.expectEnd()
  }
  return options
}
