import { createHash } from 'node:crypto'
import type { KeySource } from '../wire/packets/packet-ciphers.ts'
import { SshWriter } from '../wire/ssh-writer.ts'
import type { KeyAgreement } from './key-agreements.ts'

export interface ExchangeTranscript {
  readonly clientVersion: string
  readonly serverVersion: string
  /** Whole KEXINIT payloads. */
  readonly clientInit: Buffer
  readonly serverInit: Buffer
  readonly hostKey: Buffer
  readonly clientValue: Buffer
  readonly serverValue: Buffer
  /** With its length, as the key agreement gives it. */
  readonly secret: Buffer
}

/** The exchange hash H: https://www.rfc-editor.org/rfc/rfc4253#section-8, https://www.rfc-editor.org/rfc/rfc5656#section-4 */
export function exchangeHash(agreement: KeyAgreement, transcript: ExchangeTranscript): Buffer {
  const writer = new SshWriter()
    .string(transcript.clientVersion).string(transcript.serverVersion)
    .string(transcript.clientInit).string(transcript.serverInit)
    .string(transcript.hostKey)
  for (const value of [transcript.clientValue, transcript.serverValue]) {
    if (agreement.numbers) writer.mpint(value)
    else writer.string(value)
  }
  return createHash(agreement.digest).update(writer.bytes(transcript.secret).take()).digest()
}

/** The secrets of one direction: https://www.rfc-editor.org/rfc/rfc4253#section-7.2 */
export function keySource(
  digest: KeyAgreement['digest'], secret: Buffer, hash: Buffer, sessionId: Buffer, direction: 'to-server' | 'to-client',
): KeySource {
  const [iv, key, macKey] = direction === 'to-server' ? ['A', 'C', 'E'] as const : ['B', 'D', 'F'] as const
  const derive = (letter: string, length: number): Buffer => {
    let bytes = createHash(digest).update(secret).update(hash).update(letter).update(sessionId).digest()
    while (bytes.length < length) {
      bytes = Buffer.concat([bytes, createHash(digest).update(secret).update(hash).update(bytes).digest()])
    }
    return bytes.subarray(0, length)
  }
  return {
    iv: (length) => derive(iv, length),
    key: (length) => derive(key, length),
    macKey: (length) => derive(macKey, length),
  }
}
