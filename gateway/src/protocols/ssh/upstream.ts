import net from 'node:net'
import type { CertificateAuthorities } from '../../governance/certificates/certificate-authorities.ts'
import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import { HandshakeFailed, PayloadReader } from './payload-reader.ts'
import { fieldsOf, message } from './messages.ts'
import { certificateMs, type SshTarget } from './target.ts'
import { SshTransport } from './transport/ssh-transport.ts'
import { hostCheck } from './host-check.ts'
import { makeTargetCertificate } from './target-certificate.ts'
import { DISCONNECT, MESSAGE } from './wire/message-numbers.ts'
import { type PrivateKey, readPrivateKey } from './wire/private-key.ts'
import { makeSignature, signatureAlgorithmsFor } from './wire/signature.ts'
import { SshWriter } from './wire/ssh-writer.ts'

/** The target cannot be had. The words are fit for the client, and hold no secret. */
export class TargetError extends Error {
  override readonly name = 'TargetError'
  readonly hint: string
  constructor(text: string, hint: string) {
    super(text)
    this.hint = hint
  }
}

export interface Upstream {
  readonly transport: SshTransport
  /** How the gateway proved itself: `password`, `publickey`, `certificate`. */
  readonly method: string
}

/** What the gateway logs in with. */
export interface UpstreamCredential {
  readonly resolveSecret: (reference: string) => Promise<string>
  /** Signs certificates for targets that are to be logged in to with one. */
  readonly authorities: Pick<CertificateAuthorities, 'target'>
  /** Id of the session and name of its identity, for the target's own log. */
  readonly session: string
  readonly identity: string
}

const TELL_OPERATOR = 'Tell the operator of this gateway.'

/**
 * Connects to a target, makes sure that it is the one, and logs in (RFC 4252).
 * @throws TargetError
 */
export async function connectUpstream(target: SshTarget, credential: UpstreamCredential, timeoutMs: number): Promise<Upstream> {
  const socket = net.connect({ host: target.host, port: target.port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 })
  const check = hostCheck(target)
  const transport = new SshTransport(socket, { role: 'client', ...check })
  const reader = new PayloadReader(transport)
  const deadline = setTimeout(() => reader.fail(new HandshakeFailed('it did not answer in time')), timeoutMs)
  try {
    const { sessionId } = await Promise.race([transport.ready, reader.failed])
    const method = await logIn(target, credential, transport, reader, sessionId)
    return { transport, method }
  } catch (error) {
    transport.destroy()
    if (error instanceof TargetError) throw error
    if (check.refused() !== undefined) throw new TargetError(`the target did not prove that it is the one: ${check.refused()}`, TELL_OPERATOR)
    const why = error instanceof MalformedFrameError || error instanceof HandshakeFailed ? error.message : connectionFault(error)
    throw new TargetError(`the target cannot be reached: ${why}`, 'Try again later, and tell an operator if it lasts.')
  } finally {
    clearTimeout(deadline)
  }
}

async function logIn(target: SshTarget, given: UpstreamCredential, transport: SshTransport, reader: PayloadReader, sessionId: Buffer): Promise<string> {
  const { credential } = target
  transport.send(message(MESSAGE.serviceRequest, 'ssh-userauth'))
  await reader.next(MESSAGE.serviceAccept)
  if ('password' in credential) {
    const password = await secretOf(given, credential.password)
    transport.send(message(MESSAGE.userauthRequest, credential.user, 'ssh-connection', 'password', false, password))
    await answer(reader, transport)
    return 'password'
  }
  if ('key' in credential) {
    const key = readKey(await secretOf(given, credential.key))
    const algorithm = algorithmFor(key, transport.peerSignatureAlgorithms)
    await proveKey(credential.user, key, { algorithm, blob: key.publicKey.blob, signature: algorithm }, sessionId, transport, reader)
    return 'publickey'
  }
  const { principals } = credential.certificate
  const login = { user: credential.user, session: given.session, identity: given.identity, principals, validForMs: certificateMs(credential.certificate) }
  const { key, certificate: blob } = makeTargetCertificate(login, given.authorities, Date.now())
  await proveKey(credential.user, key, { algorithm: 'ssh-ed25519-cert-v01@openssh.com', blob, signature: 'ssh-ed25519' }, sessionId, transport, reader)
  return 'certificate'
}

interface Proof {
  /** Public key algorithm of the request, and the algorithm of the signature in it. */
  readonly algorithm: string
  readonly signature: string
  readonly blob: Buffer
}

/** `publickey`, signed at once (RFC 4252 section 7). */
async function proveKey(user: string, key: PrivateKey, { algorithm, blob, signature }: Proof, sessionId: Buffer, transport: SshTransport, reader: PayloadReader): Promise<void> {
  const request = message(MESSAGE.userauthRequest, user, 'ssh-connection', 'publickey', true, algorithm, blob)
  const signed = makeSignature(key, signature, new SshWriter().string(sessionId).bytes(request).take())
  transport.send(Buffer.concat([request, new SshWriter().string(signed).take()]))
  await answer(reader, transport)
}

async function answer(reader: PayloadReader, transport: SshTransport): Promise<void> {
  const payload = await reader.next(MESSAGE.userauthSuccess, MESSAGE.userauthFailure, MESSAGE.userauthInfoRequest)
  if (payload[0] === MESSAGE.userauthSuccess) return
  transport.disconnect(DISCONNECT.noMoreAuthMethods, 'the login was refused')
  const methods = payload[0] === MESSAGE.userauthFailure ? ` It takes: ${fieldsOf(payload).nameList().slice(0, 8).join(', ')}.` : ''
  throw new TargetError(`the target refused the gateway's login.${methods}`, TELL_OPERATOR)
}

async function secretOf({ resolveSecret }: UpstreamCredential, reference: string): Promise<string> {
  try {
    return await resolveSecret(reference)
  } catch {
    throw new TargetError('the credential of the target cannot be read', TELL_OPERATOR)
  }
}

function readKey(text: string): PrivateKey {
  try {
    return readPrivateKey(text)
  } catch (error) {
    if (!(error instanceof MalformedFrameError)) throw error
    throw new TargetError('the credential of the target is no private key that can be used', TELL_OPERATOR)
  }
}

/** The first that the target takes; the first of all when it does not say. */
function algorithmFor(key: PrivateKey, taken: readonly string[] | undefined): string {
  const [first = '', ...others] = signatureAlgorithmsFor(key.publicKey.type)
  return [first, ...others].find((name) => taken === undefined || taken.includes(name)) ?? first
}

function connectionFault(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  return code === undefined ? 'the connection failed' : `the connection failed (${code})`
}
