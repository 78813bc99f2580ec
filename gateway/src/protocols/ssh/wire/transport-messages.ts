import { MESSAGE } from './message-numbers.ts'
import { SshReader } from './ssh-reader.ts'
import { SshWriter } from './ssh-writer.ts'

const MAX_WORDS = 256
const MAX_EXTENSIONS = 64

export interface Disconnect {
  readonly code: number
  /** What the peer says, cut, and without anything that a terminal would act upon. */
  readonly words: string
}

/**
 * SSH_MSG_DISCONNECT, https://www.rfc-editor.org/rfc/rfc4253#section-11.1
 *
 *   | byte 1 | uint32 reason | string description | string language |
 */
export function readDisconnect(payload: Buffer): Disconnect {
  const reader = new SshReader(payload, 1)
  const code = reader.uint32()
  const words = reader.remaining === 0 ? '' : reader.string().toString('utf8', 0, MAX_WORDS)
  return { code, words: words.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?') }
}

export function makeDisconnect(code: number, words: string): Buffer {
  return new SshWriter(MESSAGE.disconnect).uint32(code).string(words).string('').take()
}

/** SSH_MSG_UNIMPLEMENTED, https://www.rfc-editor.org/rfc/rfc4253#section-11.4: | byte 3 | uint32 sequence number | */
export function makeUnimplemented(sequence: number): Buffer {
  return new SshWriter(MESSAGE.unimplemented).uint32(sequence).take()
}

/**
 * SSH_MSG_EXT_INFO, https://www.rfc-editor.org/rfc/rfc8308#section-2.3
 *
 *   | byte 7 | uint32 count | string name | string value | ... |
 */
export function readExtInfo(payload: Buffer): ReadonlyMap<string, Buffer> {
  const reader = new SshReader(payload, 1)
  const extensions = new Map<string, Buffer>()
  for (let left = Math.min(reader.uint32(), MAX_EXTENSIONS); left > 0; left--) {
    const name = reader.string().toString('latin1')
    extensions.set(name, Buffer.from(reader.string()))
  }
  return extensions
}

/** EXT_INFO with `server-sig-algs`: the signatures that a client may log in with (RFC 8308 section 3.1). */
export function makeServerSignatureAlgorithms(algorithms: readonly string[]): Buffer {
  return new SshWriter(MESSAGE.extInfo).uint32(1).string('server-sig-algs').nameList(algorithms).take()
}
