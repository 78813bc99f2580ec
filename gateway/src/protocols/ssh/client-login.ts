import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import type { CertificateAuthorities } from '../../governance/certificates/certificate-authorities.ts'
import type { DeviceLogins } from '../../governance/device-logins.ts'
import { AuthenticationError, type ProvedToken } from '../../governance/identity.ts'
import { checkLoginCertificate } from './check-login-certificate.ts'
import { fieldsOf, message } from './messages.ts'
import { HandshakeFailed, type PayloadReader } from './payload-reader.ts'
import { plain } from './refusal-words.ts'
import type { SshTransport } from './transport/ssh-transport.ts'
import { readCertificate } from './wire/certificate.ts'
import { MESSAGE } from './wire/message-numbers.ts'
import { verifySignature } from './wire/signature.ts'
import type { SshReader } from './wire/ssh-reader.ts'
import { SshWriter } from './wire/ssh-writer.ts'

/** A credential that was wrong may be followed by so many others. */
const MAX_ATTEMPTS = 6
/** Clients ask for each key that they have whether it would do. */
const MAX_REQUESTS = 64
/** Identity tokens with many groups are long; nothing honest is longer. */
const MAX_CREDENTIAL_BYTES = 64 * 1024
const METHODS = ['publickey', 'keyboard-interactive', 'password']

export interface ClientLoginOptions {
  readonly transport: SshTransport
  readonly reader: PayloadReader
  /** Of the first key exchange: what a client signs to prove that a key is its own. */
  readonly sessionId: Buffer
  readonly authorities: Pick<CertificateAuthorities, 'login'>
  readonly deviceLogins: DeviceLogins
  readonly clientAddress: string
  /** Told of what the protocol itself refuses. */
  readonly refused: (target: string, reason: string) => void
}

/** Opens the target for whoever has that credential. Rejects with AuthenticationError where the client may try again. */
type Open<T> = (target: string, credential: string | ProvedToken) => Promise<T>

interface Request {
  readonly target: string
  readonly method: string
  readonly rest: SshReader
  readonly payload: Buffer
}

/**
 * The server's side of user authentication (RFC 4252, RFC 4256). The user's name is the target's; the credential is a
 * token, or a certificate that this installation gave for one. Decides nothing about who the client is.
 */
export class ClientLogin {
  readonly #options: ClientLoginOptions
  #attempts = 0

  constructor(options: ClientLoginOptions) {
    this.#options = options
  }

  /**
   * @returns what `open` gave, after the client was told that it is in
   * @throws HandshakeFailed; MalformedFrameError; what `open` threw besides AuthenticationError
   */
  async run<T>(open: Open<T>): Promise<T> {
    const { transport, reader } = this.#options
    const service = fieldsOf(await reader.next(MESSAGE.serviceRequest)).text()
    if (service !== 'ssh-userauth') throw new HandshakeFailed('there is no such service')
    transport.send(message(MESSAGE.serviceAccept, service))
    for (let requests = 0; requests < MAX_REQUESTS && this.#attempts < MAX_ATTEMPTS; requests++) {
      const request = readUserauth(await reader.next(MESSAGE.userauthRequest))
      const opened = await this.#try(request, open)
      if (opened === undefined) continue
      transport.send(message(MESSAGE.userauthSuccess))
      return opened.value
    }
    throw new HandshakeFailed('too many attempts to log in')
  }

  async #try<T>(request: Request, open: Open<T>): Promise<{ readonly value: T } | undefined> {
    const { transport } = this.#options
    try {
      const credential = await this.#credential(request)
      if (credential === ASKED) return undefined
      if (credential !== undefined) {
        this.#attempts++
        return { value: await open(request.target, credential) }
      }
    } catch (error) {
      if (!(error instanceof AuthenticationError)) throw error
      transport.send(message(MESSAGE.userauthBanner, `sallyport: ${plain(error.message)}\r\nsallyport: ${plain(error.hint)}\r\n`, ''))
    }
    transport.send(new SshWriter(MESSAGE.userauthFailure).nameList(METHODS).boolean(false).take())
    return undefined
  }

  /** @returns undefined when the request brings none; ASKED when there is nothing more to answer: it was only asked whether a key would do, or a question was given up */
  async #credential(request: Request): Promise<string | ProvedToken | typeof ASKED | undefined> {
    switch (request.method) {
      case 'password':
        return readPassword(request.rest)
      case 'keyboard-interactive':
        return this.#ask(request.target)
      case 'publickey':
        return this.#publicKey(request)
      default:
        return undefined
    }
  }

  /** RFC 4256: a token, or nothing, where people can log in with a browser. */
  async #ask(target: string): Promise<string | typeof ASKED> {
    const { deviceLogins } = this.#options
    const [issuer] = deviceLogins.issuers()
    // Programs that type for people look for the word `password`.
    const prompt = `Session token as password${issuer === undefined ? '' : ' (nothing, to log in with a browser)'}: `
    const typed = await this.#prompt('', prompt, false)
    if (typed === undefined) return ASKED
    if (typed !== '' || issuer === undefined) return typed
    return this.#withBrowser(issuer).catch((error: unknown) => {
      if (error instanceof AuthenticationError) this.#options.refused(target, error.message)
      throw error
    })
  }

  async #withBrowser(issuer: string): Promise<string | typeof ASKED> {
    const { deviceLogins, clientAddress, reader } = this.#options
    const gone = new AbortController()
    const left = reader.failed.catch((error: unknown) => {
      gone.abort()
      throw error
    })
    // Whoever goes before they press Enter is told to nobody here: unhandled, it would end the gateway.
    left.catch(() => undefined)
    const login = await deviceLogins.start({ issuer, clientAddress, signal: gone.signal })
    const where = login.uriComplete ?? login.uri
    const pressed = await this.#prompt(`Open ${where} and log in. The code is ${login.userCode}.`, 'Then press Enter: ', true)
    if (pressed === undefined) {
      gone.abort()
      return ASKED
    }
    return Promise.race([login.done, left])
  }

  /** @returns undefined when the client gives up the question for another request (RFC 4256 section 3.1) */
  async #prompt(instruction: string, prompt: string, echo: boolean): Promise<string | undefined> {
    const { transport, reader } = this.#options
    transport.send(message(MESSAGE.userauthInfoRequest, 'Sallyport', instruction, '', 1, prompt, echo))
    const payload = await reader.next(MESSAGE.userauthInfoResponse, MESSAGE.userauthRequest)
    if (payload[0] === MESSAGE.userauthRequest) {
      reader.putBack(payload)
      return undefined
    }
    const answer = fieldsOf(payload)
    if (answer.uint32() !== 1) throw new MalformedFrameError('one question takes one answer')
    const text = readCredential(answer)
    answer.expectEnd()
    return text
  }

  /** RFC 4252 section 7. Only certificates of this installation are of use; other keys are none of its business. */
  #publicKey({ target, rest, payload }: Request): ProvedToken | typeof ASKED | undefined {
    const { transport, sessionId, authorities, refused } = this.#options
    const signs = rest.boolean()
    const algorithm = rest.string().toString('latin1')
    const blob = rest.string()
    const signedUpTo = rest.position
    const certificate = readCertificateOrNone(blob)
    if (certificate === undefined) return undefined
    const signature = SIGNED_WITH.get(algorithm)
    if (signature === undefined || !(certificate.algorithm === algorithm || RSA_CERTIFICATE === certificate.algorithm)) return undefined
    let proved: ProvedToken
    try {
      proved = checkLoginCertificate(certificate, target, authorities, Date.now())
    } catch (error) {
      this.#attempts++
      if (error instanceof AuthenticationError) refused(target, error.message)
      throw error
    }
    if (!signs) {
      transport.send(message(MESSAGE.userauthPkOk, algorithm, blob))
      return ASKED
    }
    const signed = new SshWriter().string(sessionId).bytes(payload.subarray(0, signedUpTo)).take()
    const made = rest.string()
    rest.expectEnd()
    if (verifySignature(certificate.key, signature, made, signed)) return proved
    this.#attempts++
    refused(target, 'the signature is not by the key of the certificate')
    return undefined
  }
}

/** No credential reads like it. */
const ASKED = Symbol('asked')
const RSA_CERTIFICATE = 'ssh-rsa-cert-v01@openssh.com'
/** Algorithms of certificates, and those of the signatures by their keys (PROTOCOL.certkeys; RFC 8332). */
const SIGNED_WITH: ReadonlyMap<string, string> = new Map([
  ['ssh-ed25519-cert-v01@openssh.com', 'ssh-ed25519'],
  ['ecdsa-sha2-nistp256-cert-v01@openssh.com', 'ecdsa-sha2-nistp256'],
  ['ecdsa-sha2-nistp384-cert-v01@openssh.com', 'ecdsa-sha2-nistp384'],
  ['ecdsa-sha2-nistp521-cert-v01@openssh.com', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-256-cert-v01@openssh.com', 'rsa-sha2-256'],
  ['rsa-sha2-512-cert-v01@openssh.com', 'rsa-sha2-512'],
])

function readUserauth(payload: Buffer): Request {
  const rest = fieldsOf(payload)
  const target = rest.text()
  const service = rest.text()
  const method = rest.text()
  if (service !== 'ssh-connection') throw new HandshakeFailed('there is no such service')
  return { target, method, rest, payload }
}

function readPassword(rest: SshReader): string | undefined {
  if (rest.boolean()) return undefined
  const password = readCredential(rest)
  rest.expectEnd()
  return password
}

function readCredential(reader: SshReader): string {
  const bytes = reader.string()
  if (bytes.length > MAX_CREDENTIAL_BYTES) throw new MalformedFrameError('a credential is too long')
  return bytes.toString('utf8')
}

/** A bare key, a certificate of a kind that is not known, or one that is not whole: not for here. */
function readCertificateOrNone(blob: Buffer): ReturnType<typeof readCertificate> | undefined {
  try {
    return readCertificate(blob)
  } catch (error) {
    if (error instanceof MalformedFrameError) return undefined
    throw error
  }
}
