import type { Duplex } from 'node:stream'
import type { Agreement, ClientRole, ServerRole } from './roles.ts'

/** RFC 4253 section 11.1. */
export const DISCONNECT = {
  hostNotAllowed: 1, protocolError: 2, keyExchangeFailed: 3, macError: 5, serviceNotAvailable: 7, versionNotSupported: 8,
  hostKeyNotVerifiable: 9, connectionLost: 10, byApplication: 11, tooManyConnections: 12, noMoreAuthMethods: 14,
} as const

/**
 * One SSH connection below user authentication (RFC 4253): versions, key exchange and re-exchange, encryption,
 * and the messages of the transport itself. It starts at once; deadlines are the caller's (`destroy`).
 * (Stub being filled in: signatures are final.)
 */
export class SshTransport {
  /** Rejects where the first key exchange fails. */
  readonly ready: Promise<Agreement>
  /** One message of user authentication or of the connection protocol; the payload is valid during the call only. */
  onPayload: (payload: Buffer) => void = () => undefined
  /** After `send` gave false: there is room again. */
  onDrain: () => void = () => undefined
  /** Once, at the end. The error says why, where it was not an orderly end. */
  onClose: (error?: Error) => void = () => undefined
  /** The peer's `server-sig-algs` (RFC 8308), once it has sent them: in the client role, before its answer to SERVICE_REQUEST. */
  readonly peerSignatureAlgorithms: readonly string[] | undefined

  constructor(socket: Duplex, options: ServerRole | ClientRole) {
    void [socket, options]
    this.ready = Promise.reject(new Error('not written yet'))
    this.peerSignatureAlgorithms = undefined
  }

  /** Bytes that wait to be written, in this process. */
  get writableLength(): number { return 0 }

  /** False: sent all the same, but wait for `onDrain` before more. The payload is copied; it may be reused at once. */
  send(payload: Buffer): boolean { return payload.length === 0 }

  /** As `send`, for a message made of `header` and data.subarray(start, end): CHANNEL_DATA without a copy. */
  sendData(header: Buffer, data: Buffer, start: number, end: number): boolean { return header.length + data.length + start + end === 0 }

  /** Takes nothing more from the peer until `resume`; a payload or few that had arrived may still be given. */
  pause(): void {}

  resume(): void {}

  /** Sends DISCONNECT after all that was sent, and closes. */
  disconnect(code: number, words: string): void { void [code, words] }

  /** Closes at once. */
  destroy(error?: Error): void { void error }
}
