import { EtmOpener, EtmSealer } from './etm-packets.ts'
import { GCM_IV_BYTES, GcmOpener, GcmSealer } from './gcm-packets.ts'
import { MacOpener, MacSealer } from './mac-packets.ts'
import type { PacketOpener, PacketSealer } from './packet-codec.ts'
import { PacketMac } from './packet-mac.ts'

interface CipherKind {
  readonly openssl: string
  readonly keyBytes: number
  readonly ivBytes: number
  /** Authenticates by itself: no MAC is agreed on beside it. */
  readonly sealed: boolean
}

interface MacKind {
  readonly digest: 'sha256' | 'sha512'
  readonly keyBytes: number
  /** Over what was encrypted. */
  readonly etm: boolean
}

const CIPHERS: ReadonlyMap<string, CipherKind> = new Map<string, CipherKind>([
  ['aes128-gcm@openssh.com', { openssl: 'aes-128-gcm', keyBytes: 16, ivBytes: GCM_IV_BYTES, sealed: true }],
  ['aes256-gcm@openssh.com', { openssl: 'aes-256-gcm', keyBytes: 32, ivBytes: GCM_IV_BYTES, sealed: true }],
  ['aes128-ctr', { openssl: 'aes-128-ctr', keyBytes: 16, ivBytes: 16, sealed: false }],
  ['aes256-ctr', { openssl: 'aes-256-ctr', keyBytes: 32, ivBytes: 16, sealed: false }],
])

const MACS: ReadonlyMap<string, MacKind> = new Map<string, MacKind>([
  ['hmac-sha2-256-etm@openssh.com', { digest: 'sha256', keyBytes: 32, etm: true }],
  ['hmac-sha2-512-etm@openssh.com', { digest: 'sha512', keyBytes: 64, etm: true }],
  ['hmac-sha2-256', { digest: 'sha256', keyBytes: 32, etm: false }],
  ['hmac-sha2-512', { digest: 'sha512', keyBytes: 64, etm: false }],
])

/** Gives `length` bytes of the initial IV, the encryption key or the integrity key: RFC 4253 section 7.2. */
export interface KeySource {
  iv(length: number): Buffer
  key(length: number): Buffer
  macKey(length: number): Buffer
}

/** Whether the cipher needs no MAC beside it. */
export function authenticates(cipher: string): boolean {
  return CIPHERS.get(cipher)?.sealed === true
}

/** @param mac not looked at where the cipher authenticates by itself. @throws TypeError for names that are not known */
export function makeSealer(cipher: string, mac: string, keys: KeySource): PacketSealer {
  const { openssl, keyBytes, ivBytes } = cipherKind(cipher)
  const [key, iv] = [keys.key(keyBytes), keys.iv(ivBytes)]
  if (openssl === 'aes-128-gcm' || openssl === 'aes-256-gcm') return new GcmSealer(openssl, key, iv)
  const { digest, keyBytes: macBytes, etm } = macKind(mac)
  const codes = new PacketMac(digest, keys.macKey(macBytes))
  return etm ? new EtmSealer(openssl, key, iv, codes) : new MacSealer(openssl, key, iv, codes)
}

/** The other end of `makeSealer`. */
export function makeOpener(cipher: string, mac: string, keys: KeySource): PacketOpener {
  const { openssl, keyBytes, ivBytes } = cipherKind(cipher)
  const [key, iv] = [keys.key(keyBytes), keys.iv(ivBytes)]
  if (openssl === 'aes-128-gcm' || openssl === 'aes-256-gcm') return new GcmOpener(openssl, key, iv)
  const { digest, keyBytes: macBytes, etm } = macKind(mac)
  const codes = new PacketMac(digest, keys.macKey(macBytes))
  return etm ? new EtmOpener(openssl, key, iv, codes) : new MacOpener(openssl, key, iv, codes)
}

function cipherKind(name: string): CipherKind {
  const kind = CIPHERS.get(name)
  if (kind === undefined) throw new TypeError(`no cipher ${name}`)
  return kind
}

function macKind(name: string): MacKind {
  const kind = MACS.get(name)
  if (kind === undefined) throw new TypeError(`no MAC ${name}`)
  return kind
}
