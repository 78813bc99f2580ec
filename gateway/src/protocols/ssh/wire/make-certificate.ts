import { randomBytes } from 'node:crypto'
import { CERTIFICATE_KINDS, CERTIFICATE_SUFFIX } from './certificate.ts'
import type { PrivateKey } from './private-key.ts'
import type { PublicKey } from './public-key.ts'
import { makeSignature, signatureAlgorithmsFor } from './signature.ts'
import { SshReader } from './ssh-reader.ts'
import { SshWriter } from './ssh-writer.ts'

/** What a certificate is to say. */
export interface CertificateContents {
  readonly kind: 'user' | 'host'
  readonly key: PublicKey
  readonly serial: bigint
  /** Shown in the logs of servers. */
  readonly keyId: string
  /** User names, or host names. At least one: an empty list would be good for every name. */
  readonly principals: readonly string[]
  /** Unix seconds. */
  readonly validAfter: number
  readonly validBefore: number
  /** By name; the value is empty for those that have none. */
  readonly criticalOptions?: Readonly<Record<string, string>>
  /** By name, such as `permit-pty`; none for host certificates. */
  readonly extensions?: readonly string[]
}

/**
 * Signs a certificate (PROTOCOL.certkeys); its blob.
 * @throws TypeError where it would be good for every name
 */
export function makeCertificate(contents: CertificateContents, authority: PrivateKey): Buffer {
  const { key, principals } = contents
  if (principals.length === 0 || principals.includes('')) throw new TypeError('a certificate needs names')
  const fields = new SshReader(key.blob)
  fields.string()
  const writer = new SshWriter()
    .string(`${key.type}${CERTIFICATE_SUFFIX}`)
    .string(randomBytes(32))
    .bytes(fields.take(fields.remaining))
    .uint64(contents.serial)
    .uint32(CERTIFICATE_KINDS[contents.kind])
    .string(contents.keyId)
    .string(strings(principals))
    .uint64(BigInt(Math.floor(contents.validAfter)))
    .uint64(BigInt(Math.floor(contents.validBefore)))
    .string(options(Object.entries(contents.criticalOptions ?? {})))
    .string(options((contents.extensions ?? []).map((name) => [name, ''])))
    .string('')
    .string(authority.publicKey.blob)
  const [algorithm = ''] = signatureAlgorithmsFor(authority.publicKey.type)
  return writer.string(makeSignature(authority, algorithm, writer.take())).take()
}

function strings(values: readonly string[]): Buffer {
  const writer = new SshWriter()
  for (const value of values) writer.string(value)
  return writer.take()
}

/** In order of their names, as servers want them. */
function options(entries: readonly (readonly [string, string])[]): Buffer {
  const writer = new SshWriter()
  for (const [name, value] of entries.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    writer.string(name).string(value === '' ? '' : new SshWriter().string(value).take())
  }
  return writer.take()
}
