import { inspect } from 'node:util'

const HIDDEN = '[secret]'

/** A secret's text, wrapped so that logging or serialising whatever holds it shows nothing of it. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The text itself. To be called where it is used, never to keep the result. */
  expose(): string {
    return this.#text
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}

/** A secret could not be had. The message names the secret or its reference, never a value. */
export class SecretError extends Error {
  override readonly name = 'SecretError'
}
