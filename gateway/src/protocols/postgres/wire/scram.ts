import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const derive = promisify(pbkdf2)
const MAX_ITERATIONS = 1_000_000

/** Data of the TLS channel for `tls-server-end-point` (RFC 5929): the server certificate's hash. */
export interface ChannelBinding {
  readonly type: 'tls-server-end-point'
  readonly data: Buffer
}

/** A client's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, RFC 5802 and 7677. One object, one login. */
export class ScramClient {
  readonly mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-256-PLUS'
  readonly #gs2Header: string
  readonly #binding: Buffer
  readonly #nonce: string
  readonly #password: string
  #serverSignature: Buffer | undefined

  /**
   * @param offered mechanisms the server names
   * @param binding present on a TLS connection whose certificate is known
   * @throws ScramError when the server offers none of ours
   */
  constructor(password: string, offered: readonly string[], binding: ChannelBinding | undefined) {
    const plus = binding !== undefined && offered.includes('SCRAM-SHA-256-PLUS')
    if (!plus && !offered.includes('SCRAM-SHA-256')) throw new ScramError('the target offers no SASL mechanism that the gateway knows')
    this.mechanism = plus ? 'SCRAM-SHA-256-PLUS' : 'SCRAM-SHA-256'
    // "y": we could bind, and believe that the server cannot: it detects an attacker who removed its offer.
    this.#gs2Header = plus ? `p=${binding.type},,` : binding === undefined ? 'n,,' : 'y,,'
    this.#binding = plus ? binding.data : Buffer.alloc(0)
    this.#nonce = randomBytes(18).toString('base64')
    // PostgreSQL falls back to the unprepared bytes where SASLprep fails; NFKC covers what it does otherwise.
    this.#password = password.normalize('NFKC')
  }

  get firstMessage(): string {
    return `${this.#gs2Header}${this.#bare}`
  }

  get #bare(): string {
    return `n=,r=${this.#nonce}`
  }

  /** @throws ScramError */
  async finalMessage(serverFirst: string): Promise<string> {
    const fields = readFields(serverFirst)
    const nonce = fields.get('r') ?? ''
    const salt = Buffer.from(fields.get('s') ?? '', 'base64')
    const iterations = Number(fields.get('i'))
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length || salt.length === 0) throw new ScramError('the target sent a wrong SCRAM challenge')
    if (!Number.isInteger(iterations) || iterations < 1 || iterations > MAX_ITERATIONS) throw new ScramError('the target asks for an unreasonable SCRAM iteration count')
    const salted = await derive(this.#password, salt, iterations, 32, 'sha256')
    const clientKey = hmac(salted, 'Client Key')
    const channel = Buffer.concat([Buffer.from(this.#gs2Header), this.#binding]).toString('base64')
    const withoutProof = `c=${channel},r=${nonce}`
    const authMessage = `${this.#bare},${serverFirst},${withoutProof}`
    const signature = hmac(createHash('sha256').update(clientKey).digest(), authMessage)
    const proof = Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] ?? 0)))
    this.#serverSignature = hmac(hmac(salted, 'Server Key'), authMessage)
    return `${withoutProof},p=${proof.toString('base64')}`
  }

  /** Proves that the server knows the password too. @throws ScramError */
  verify(serverFinal: string): void {
    const signature = Buffer.from(readFields(serverFinal).get('v') ?? '', 'base64')
    const expected = this.#serverSignature
    if (expected === undefined || signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      throw new ScramError('the target did not prove that it knows the password')
    }
  }
}

export class ScramError extends Error {
  override readonly name = 'ScramError'
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function readFields(text: string): Map<string, string> {
  return new Map(text.split(',').map((field) => [field.slice(0, 1), field.slice(2)]))
}
