import type { KexOffer } from '../wire/kexinit.ts'
import type { ClientRole, ServerRole } from './roles.ts'

/** Says that one knows strict key exchange: PROTOCOL section 1.10 of OpenSSH, the answer to CVE-2023-48795. */
export const STRICT_CLIENT = 'kex-strict-c-v00@openssh.com'
export const STRICT_SERVER = 'kex-strict-s-v00@openssh.com'
/** Asks the server for EXT_INFO: RFC 8308 section 2.1. */
export const EXT_INFO_CLIENT = 'ext-info-c'

const KEY_EXCHANGES = ['mlkem768x25519-sha256', 'curve25519-sha256', 'curve25519-sha256@libssh.org']
/** For targets that know nothing of the above. */
const OLDER_KEY_EXCHANGES = [
  'ecdh-sha2-nistp256', 'ecdh-sha2-nistp384', 'ecdh-sha2-nistp521', 'diffie-hellman-group16-sha512',
  'diffie-hellman-group14-sha256',
]

/** In order of what they cost here per byte, the cheapest first. */
const CIPHERS = ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes256-ctr']
const MACS = ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com']
const OLDER_MACS = ['hmac-sha2-256', 'hmac-sha2-512']

const HOST_KEYS = [
  'ssh-ed25519-cert-v01@openssh.com', 'ecdsa-sha2-nistp256-cert-v01@openssh.com', 'ecdsa-sha2-nistp384-cert-v01@openssh.com',
  'ecdsa-sha2-nistp521-cert-v01@openssh.com', 'rsa-sha2-512-cert-v01@openssh.com', 'rsa-sha2-256-cert-v01@openssh.com',
  'ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'rsa-sha2-512', 'rsa-sha2-256',
]

/**
 * What the gateway offers: the same in both directions, never compressed, never SHA-1, CBC or a cipher without
 * authentication. ChaCha20-Poly1305 of OpenSSH is missing because Node.js has no Poly1305 that stands alone.
 */
export function offerOf(role: ServerRole | ClientRole): KexOffer {
  const client = role.role === 'client'
  const macs = client ? [...MACS, ...OLDER_MACS] : MACS
  return {
    keyExchange: client
      ? [...KEY_EXCHANGES, ...OLDER_KEY_EXCHANGES, EXT_INFO_CLIENT, STRICT_CLIENT]
      : [...KEY_EXCHANGES, STRICT_SERVER],
    hostKey: client
      ? (role.hostKeyAlgorithms ?? HOST_KEYS).filter((name) => HOST_KEYS.includes(name))
      : [...(role.hostCertificate === undefined ? [] : ['ssh-ed25519-cert-v01@openssh.com']), 'ssh-ed25519'],
    cipherToServer: CIPHERS,
    cipherToClient: CIPHERS,
    macToServer: macs,
    macToClient: macs,
    compressionToServer: ['none'],
    compressionToClient: ['none'],
  }
}
