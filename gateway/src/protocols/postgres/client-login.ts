import type { SecureContext } from 'node:tls'
import { ByteReader, MalformedFrameError } from '../../bytes/byte-reader.ts'
import type { Connection } from './connection.ts'
import { HandshakeEnded, HandshakeReader } from './handshake-reader.ts'
import { BACKEND, FRONTEND, HEADER_BYTES } from './wire/message-types.ts'
import { cstring, int32, message, uint32 } from './wire/message-writer.ts'
import { writeReport } from './wire/report.ts'
import { MAX_STARTUP_BYTES, PROTOCOL_3_0, PROTOCOL_3_2, readStartupPacket, type StartupPacket } from './wire/startup-packet.ts'

/** Identity tokens with many groups are long; nothing honest is longer. */
const MAX_PASSWORD_BYTES = 64 * 1024
const TLS_HANDSHAKE_RECORD = 0x16

export type Startup = Extract<StartupPacket, { kind: 'startup' }>

/** What a client asks for, before anybody has verified it. */
export type Greeting =
  | { readonly kind: 'login'; readonly startup: Startup; readonly credential: string }
  | { readonly kind: 'cancel'; readonly processId: number; readonly secret: Buffer }

/** The connection is answered with an error and closed. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused'
  readonly code: string
  readonly hint: string
  constructor(code: string, text: string, hint: string) {
    super(text)
    this.code = code
    this.hint = hint
  }

  get report(): Buffer {
    return writeReport({ severity: 'FATAL', code: this.code, message: this.message, hint: this.hint })
  }
}

/** The client's side of a login: TLS, startup packet, password. Decides nothing about who the client is. */
export class ClientLogin extends HandshakeReader {
  readonly #tls: SecureContext | undefined

  constructor(connection: Connection, tls: SecureContext | undefined) {
    super(connection, MAX_PASSWORD_BYTES + HEADER_BYTES)
    this.#tls = tls
  }

  /** @throws LoginRefused, MalformedFrameError, HandshakeEnded */
  async greet(): Promise<Greeting> {
    if ((await this.peek())[0] === TLS_HANDSHAKE_RECORD) await this.#startTls(this.drain())
    for (let round = 0; round < 4; round++) {
      const packet = await this.#startupPacket()
      if (packet.kind === 'cancel') return packet
      if (packet.kind === 'startup') return await this.#login(packet)
      if (packet.kind === 'unsupported') throw new LoginRefused('0A000', 'unsupported frontend protocol', 'Use a client that speaks protocol 3.0 or 3.2.')
      if (!this.isDrained) throw new MalformedFrameError('bytes came before the answer to a request for encryption')
      if (packet.kind === 'ssl' && this.#tls !== undefined && !this.connection.isTls) {
        this.connection.write(Buffer.from('S'))
        await this.#startTls(undefined)
      } else this.connection.write(Buffer.from('N'))
    }
    throw new MalformedFrameError('too many requests for encryption')
  }

  async #startTls(received: Buffer | undefined): Promise<void> {
    if (this.#tls === undefined) throw new MalformedFrameError('TLS is not set up here')
    const handshake = this.connection.serveTls(this.#tls, received, ['postgresql']).catch(() => {
      throw new HandshakeEnded('the TLS handshake failed')
    })
    const secure = await Promise.race([handshake, this.failed])
    // Without ALPN a direct handshake could be another protocol's, led here (ALPACA).
    if (received !== undefined && secure.alpnProtocol !== 'postgresql') throw new MalformedFrameError('direct TLS without the ALPN name postgresql')
  }

  async #startupPacket(): Promise<StartupPacket> {
    const length = (await this.bytes(4)).readInt32BE(0)
    if (length < 8 || length > MAX_STARTUP_BYTES) throw new MalformedFrameError('invalid length of startup packet')
    const header = int32(length)
    const read = readStartupPacket(Buffer.concat([header, await this.bytes(length - 4)]))
    if (read === undefined) throw new MalformedFrameError('incomplete startup packet')
    return read.packet
  }

  async #login(startup: Startup): Promise<Greeting> {
    if (startup.parameters.has('replication')) throw new LoginRefused('0A000', 'replication connections are never passed on', 'Connect without the parameter "replication".')
    if (!this.connection.isTls && !isLoopback(this.connection.remoteAddress)) {
      throw new LoginRefused('28000', 'a token is never taken over an unencrypted connection', 'Connect with sslmode=require or better.')
    }
    this.#negotiateVersion(startup)
    this.connection.write(message(BACKEND.authentication, int32(3)))
    const header = await this.bytes(HEADER_BYTES)
    const length = header.readInt32BE(1)
    if (header[0] !== FRONTEND.password || length < 5 || length > MAX_PASSWORD_BYTES) throw new MalformedFrameError('expected a password message')
    const reader = new ByteReader(await this.bytes(length - 4))
    const credential = reader.cstring()
    reader.expectEnd()
    return { kind: 'login', startup, credential }
  }

  /** NegotiateProtocolVersion: newest minor version we speak, then the options (_pq_.…) that we do not know. */
  #negotiateVersion({ version, parameters }: Startup): void {
    const unknown = [...parameters.keys()].filter((name) => name.startsWith('_pq_.'))
    if (version <= PROTOCOL_3_2 && unknown.length === 0) return
    const newest = Math.min(version, PROTOCOL_3_2)
    this.connection.write(message(BACKEND.negotiateVersion, uint32(newest), int32(unknown.length), ...unknown.map(cstring)))
  }
}

/** Bytes of the secret in BackendKeyData. */
export function cancelSecretBytes(version: number): number {
  return version === PROTOCOL_3_0 ? 4 : 32
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
}
