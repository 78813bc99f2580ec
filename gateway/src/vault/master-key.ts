import { createHmac, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { SecretError } from './secret.ts'

export const KEY_BYTES = 32

/** 32 bytes under which the data keys of all secrets are sealed. Never in the database, never printed. */
export class MasterKey {
  /** Tells keys apart without telling anything of them. */
  readonly id: Buffer
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    if (bytes.length !== KEY_BYTES) throw new SecretError(`a master key has ${KEY_BYTES} bytes`)
    this.#bytes = bytes
    this.id = createHmac('sha256', bytes).update('sallyport master key id').digest().subarray(0, 8)
  }

  get bytes(): Buffer {
    return this.#bytes
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}

/** The key that seals, and earlier ones that may still be needed to open what was sealed before a rotation. */
export interface MasterKeys {
  readonly current: MasterKey
  readonly earlier: readonly MasterKey[]
}

/** Earlier keys kept beside the current one. */
const MAX_KEYS = 16
const ENCODED_KEY = /^[A-Za-z0-9+/]{43}=$/

/**
 * Reads keys as a key file or variable holds them: each 32 bytes in base64, the current one first, separated by white
 * space.
 * @param origin where the text comes from, for the error
 * @throws SecretError
 */
export function parseMasterKeys(text: string, origin: string): MasterKeys {
  const words = text.split(/\s+/).filter((word) => word !== '')
  if (words.length > MAX_KEYS) throw new SecretError(`${origin} holds more than ${MAX_KEYS} keys`)
  const [current, ...earlier] = words.map((word) => {
    if (!ENCODED_KEY.test(word)) {
      const how = `openssl rand -base64 ${KEY_BYTES}`
      throw new SecretError(`${origin} must hold ${KEY_BYTES} bytes in base64, as from: ${how}`)
    }
    return new MasterKey(Buffer.from(word, 'base64'))
  })
  if (current === undefined) throw new SecretError(`${origin} holds no master key`)
  return { current, earlier }
}

/** A new key, as a line of a key file. */
export function newMasterKeyLine(): string {
  return `${randomBytes(KEY_BYTES).toString('base64')}\n`
}
