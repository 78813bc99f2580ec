import { createHash, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import net from 'node:net'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { ByteReader, MalformedFrameError } from '../../bytes/byte-reader.ts'
import { isLoopback } from './client-login.ts'
import { Connection } from './connection.ts'
import { HandshakeReader } from './handshake-reader.ts'
import type { PostgresTarget } from './target.ts'
import { BACKEND, FRONTEND, HEADER_BYTES } from './wire/message-types.ts'
import { cstring, int32, message } from './wire/message-writer.ts'
import { readReportFields } from './wire/report.ts'
import { ScramClient, type ChannelBinding } from './wire/scram.ts'
import { PROTOCOL_3_0, writeCancelRequest, writeSslRequest, writeStartup } from './wire/startup-packet.ts'

const MAX_LOGIN_FRAME_BYTES = 64 * 1024

/** A logged-in connection to the target, up to its first ReadyForQuery. */
export interface Upstream {
  readonly connection: Connection
  readonly processId: number
  readonly secret: Buffer
  /** ParameterStatus messages as the target sent them. */
  readonly parameters: ReadonlyMap<string, string>
  /** How the target was satisfied: `scram-sha-256-plus`, `scram-sha-256`, `md5`, `password` or `none`. */
  readonly method: string
}

/** The target could not be reached, or refused the gateway. `message` is fit for the client; it holds no secret. */
export class TargetError extends Error {
  override readonly name = 'TargetError'
  readonly code: string
  /** What to do about it. */
  readonly hint: string
  constructor(code: string, text: string, hint = 'Tell an operator if it lasts.') {
    super(text)
    this.code = code
    this.hint = hint
  }
}

/**
 * Opens a connection and logs in with the gateway's own credential.
 * @param settings startup parameters besides user and database
 * @throws TargetError
 */
export async function connectUpstream(
  target: PostgresTarget,
  password: string,
  settings: ReadonlyMap<string, string>,
  timeoutMs: number,
): Promise<Upstream> {
  const connection = Connection.dial(target.host, target.port)
  const login = new Login(connection, 2 * MAX_LOGIN_FRAME_BYTES)
  const timer = setTimeout(() => login.fail(new TargetError('08001', 'the target did not answer in time')), timeoutMs)
  try {
    await login.connected()
    const binding = target.tls.mode === 'disable' ? undefined : await startTls(connection, login, target)
    connection.write(writeStartup(PROTOCOL_3_0, new Map([['user', target.credential.user], ['database', target.database], ...settings])))
    const trusted = target.tls.mode === 'verify-full' || isLoopback(connection.socket.remoteAddress ?? '')
    return await login.run(target.credential.user, password, binding, trusted)
  } catch (error) {
    connection.destroy()
    if (error instanceof TargetError) throw error
    throw new TargetError('08001', `the target could not be used: ${describe(error)}`)
  } finally {
    clearTimeout(timer)
  }
}

/** Asks the target to cancel what a session runs, over a connection of its own. */
export async function cancelUpstream(target: PostgresTarget, processId: number, secret: Buffer, timeoutMs: number): Promise<void> {
  const connection = Connection.dial(target.host, target.port)
  const login = new Login(connection, 2 * MAX_LOGIN_FRAME_BYTES)
  const timer = setTimeout(() => login.fail(new TargetError('08001', 'the target did not answer in time')), timeoutMs)
  try {
    await login.connected()
    if (target.tls.mode !== 'disable') await startTls(connection, login, target)
    const gone = new Promise<void>((resolve) => (connection.closed = resolve))
    connection.write(writeCancelRequest(processId, secret))
    // The server closes the connection once the signal is sent: until then the cancel may still be under way.
    await Promise.race([gone, login.failed])
  } finally {
    clearTimeout(timer)
    connection.destroy()
  }
}

async function startTls(connection: Connection, login: Login, target: PostgresTarget): Promise<ChannelBinding | undefined> {
  connection.write(writeSslRequest())
  const answer = await login.bytes(1)
  if (answer.toString('latin1') !== 'S') throw new TargetError('08001', 'the target does not offer TLS, which its entry asks for')
  login.expectSilence()
  const verify = target.tls.mode === 'verify-full'
  const serverName = target.tls.serverName ?? target.host
  const options: ConnectionOptions = { rejectUnauthorized: verify, ALPNProtocols: ['postgresql'], host: serverName }
  if (net.isIP(serverName) === 0) options.servername = serverName
  if (!verify) options.checkServerIdentity = () => undefined
  if (target.tls.ca !== undefined) {
    options.ca = await readFile(target.tls.ca.slice('file:'.length)).catch(() => {
      throw new TargetError('08001', 'the file of "tls.ca" of the target cannot be read')
    })
  }
  return channelBinding(await Promise.race([connection.startTls(options), login.failed]))
}

/** RFC 5929 §4.1: the certificate hashed by its own signature's hash, MD5 and SHA-1 replaced by SHA-256. */
function channelBinding(socket: TLSSocket): ChannelBinding | undefined {
  const raw = socket.getPeerX509Certificate()?.raw
  if (raw === undefined) return undefined
  const algorithm = new X509Certificate(raw).signatureAlgorithm?.toLowerCase() ?? ''
  const hash = /sha-?(224|256|384|512)/.exec(algorithm)?.[1] ?? (/md5|sha1/.test(algorithm) ? '256' : undefined)
  if (hash === undefined) return undefined
  return { type: 'tls-server-end-point', data: createHash(`sha${hash}`).update(raw).digest() }
}

/** The target's side of a login, message by message. */
class Login extends HandshakeReader {
  #method = 'none'

  async connected(): Promise<void> {
    const { socket } = this.connection
    const established = new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', (error) => reject(new TargetError('08001', `the target cannot be reached: ${describe(error)}`)))
    })
    await Promise.race([established, this.failed])
  }

  /** Bytes in the clear after the answer to SSLRequest could only come from somebody in between. */
  expectSilence(): void {
    if (!this.isDrained) throw new TargetError('08P01', 'the target sent data before TLS began')
  }

  async message(): Promise<{ type: number; frame: Buffer }> {
    const header = await this.bytes(HEADER_BYTES)
    const length = header.readInt32BE(1)
    if (length < 4 || length > MAX_LOGIN_FRAME_BYTES) throw new MalformedFrameError('invalid message length')
    return { type: header.readUInt8(0), frame: await this.bytes(length - 4) }
  }

  /** @param trusted whether the password itself may be told to the other side */
  async run(user: string, password: string, binding: ChannelBinding | undefined, trusted: boolean): Promise<Upstream> {
    const parameters = new Map<string, string>()
    let processId = 0
    let secret = Buffer.alloc(0)
    let scram: ScramClient | undefined
    for (;;) {
      const { type, frame } = await this.message()
      const reader = new ByteReader(frame)
      if (type === BACKEND.authentication) scram = await this.#authenticate(reader, user, password, binding, trusted, scram)
      else if (type === BACKEND.error) throw refused(frame)
      else if (type === BACKEND.parameterStatus) parameters.set(reader.cstring(), reader.cstring())
      else if (type === BACKEND.backendKeyData) {
        processId = reader.int32()
        secret = Buffer.from(reader.take(reader.remaining))
      } else if (type === BACKEND.readyForQuery) {
        if (!this.isDrained) throw new MalformedFrameError('the target sent more than its login')
        return { connection: this.connection, processId, secret, parameters, method: this.#method }
      } else if (type !== BACKEND.notice && type !== BACKEND.negotiateVersion) throw new MalformedFrameError('an unexpected message during the login')
    }
  }

  async #authenticate(reader: ByteReader, user: string, password: string, binding: ChannelBinding | undefined, trusted: boolean, scram: ScramClient | undefined) {
    const kind = reader.int32()
    if (kind === 0) {
      if (scram !== undefined) throw new TargetError('28000', 'the target did not prove that it knows the password')
      return undefined
    }
    if (kind === 3) {
      if (!trusted) throw new TargetError('28000', 'the target asks for the password in the clear; the gateway tells it only over verify-full TLS, or on loopback')
      this.#method = 'password'
      this.#answer(cstring(password))
    } else if (kind === 5) {
      this.#method = 'md5'
      this.#answer(cstring(`md5${md5(md5(password + user), reader.take(4))}`))
    } else if (kind === 10) {
      const mechanisms: string[] = []
      for (let name = reader.cstring(); name !== ''; name = reader.cstring()) mechanisms.push(name)
      const client = new ScramClient(password, mechanisms, binding)
      this.#method = client.mechanism.toLowerCase()
      const first = Buffer.from(client.firstMessage)
      this.#answer(cstring(client.mechanism), int32(first.length), first)
      return client
    } else if (kind === 11 && scram !== undefined) this.#answer(await scram.finalMessage(reader.take(reader.remaining).toString()))
    else if (kind === 12 && scram !== undefined) {
      scram.verify(reader.take(reader.remaining).toString())
      return undefined
    } else throw new TargetError('28000', 'the target asks for a kind of login that the gateway does not know')
    return scram
  }

  #answer(...parts: readonly (string | Uint8Array)[]): void {
    this.connection.write(message(FRONTEND.password, ...parts))
  }
}

function md5(text: string, salt: Uint8Array = new Uint8Array(0)): string {
  return createHash('md5').update(text).update(salt).digest('hex')
}

function refused(frame: Buffer): TargetError {
  const fields = readReportFields(frame, 0, frame.length)
  return new TargetError(fields.get('C') ?? '08004', `the target refused the gateway: ${fields.get('M') ?? 'no reason given'}`)
}

function describe(error: unknown): string {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return describe(error.errors[0])
  if (error instanceof Error && 'code' in error && UNTRUSTED.has(error.code)) return 'its certificate is not of an authority that "tls.ca" of its entry names'
  return error instanceof Error ? error.message : String(error)
}

/** What OpenSSL says of a chain that ends at an authority which it was not given. */
const UNTRUSTED: ReadonlySet<unknown> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])
