import { MESSAGE } from './message-numbers.ts'
import { SshReader } from './ssh-reader.ts'
import { SshWriter } from './ssh-writer.ts'
import { MalformedFrameError } from '../../../bytes/byte-reader.ts'

/** What one side offers in a key exchange, in its order of preference. */
export interface KexOffer {
  readonly keyExchange: readonly string[]
  readonly hostKey: readonly string[]
  readonly cipherToServer: readonly string[]
  readonly cipherToClient: readonly string[]
  readonly macToServer: readonly string[]
  readonly macToClient: readonly string[]
  readonly compressionToServer: readonly string[]
  readonly compressionToClient: readonly string[]
}

export interface KexInit extends KexOffer {
  /** A guess of the first key exchange message follows; it is void where the guess was wrong. */
  readonly guessFollows: boolean
}

const COOKIE_BYTES = 16

/**
 * SSH_MSG_KEXINIT, https://www.rfc-editor.org/rfc/rfc4253#section-7.1
 *
 *   +------+------------+-----------------------+-----------------+------------+
 *   | 20   | cookie     | ten name-lists:       | first_kex_      | reserved 0 |
 *   | byte | 16 bytes   | kex, host key,        | packet_follows  | uint32     |
 *   |      |            | cipher c-s, s-c,      | boolean         |            |
 *   |      |            | MAC c-s, s-c,         |                 |            |
 *   |      |            | compression c-s, s-c, |                 |            |
 *   |      |            | languages c-s, s-c    |                 |            |
 *   +------+------------+-----------------------+-----------------+------------+
 */
export function readKexInit(payload: Buffer): KexInit {
  const reader = new SshReader(payload)
  if (reader.uint8() !== MESSAGE.kexInit) throw new MalformedFrameError('this is no KEXINIT')
  reader.take(COOKIE_BYTES)
  const offer: KexOffer = {
    keyExchange: reader.nameList(),
    hostKey: reader.nameList(),
    cipherToServer: reader.nameList(),
    cipherToClient: reader.nameList(),
    macToServer: reader.nameList(),
    macToClient: reader.nameList(),
    compressionToServer: reader.nameList(),
    compressionToClient: reader.nameList(),
  }
  reader.nameList()
  reader.nameList()
  const guessFollows = reader.boolean()
  reader.uint32()
  reader.expectEnd()
  return { ...offer, guessFollows }
}

/** @param cookie 16 random bytes */
export function makeKexInit(offer: KexOffer, cookie: Buffer): Buffer {
  return new SshWriter(MESSAGE.kexInit).bytes(cookie.subarray(0, COOKIE_BYTES))
    .nameList(offer.keyExchange).nameList(offer.hostKey)
    .nameList(offer.cipherToServer).nameList(offer.cipherToClient)
    .nameList(offer.macToServer).nameList(offer.macToClient)
    .nameList(offer.compressionToServer).nameList(offer.compressionToClient)
    .nameList([]).nameList([])
    .boolean(false).uint32(0)
    .take()
}
