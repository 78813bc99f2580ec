import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'

const derive = promisify(pbkdf2)
/** The least that RFC 7677 §4 allows. More would protect no better a password of 256 random bits. */
const ITERATIONS = 4_096
const SALT_BYTES = 16

/**
 * What a PostgreSQL server keeps of a password (RFC 5803 in its own form, `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`).
 * Given instead of the password, it is stored as it is, whatever `password_encryption` says, and the password itself is in
 * no statement, so in no log. Nobody can log in with it.
 * @param password ASCII
 */
export async function scramVerifier(password: string, salt: Buffer = randomBytes(SALT_BYTES), iterations = ITERATIONS): Promise<string> {
  const salted = await derive(password, salt, iterations, 32, 'sha256')
  const stored = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${hmac(salted, 'Server Key').toString('base64')}`
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
