import { randomBytes } from 'node:crypto'

const PREFIX = 'sallyport_'
/** RFC 4648 base32 in lower case: a role's name then never needs quoting, and means the same quoted. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const LENGTH = 26

/** A role's name with 130 random bits. */
export function newLoginName(): string {
  return PREFIX + Array.from(randomBytes(LENGTH), (byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('')
}

export function isLoginName(name: string): boolean {
  return name.length === PREFIX.length + LENGTH && name.startsWith(PREFIX) && Array.from(name.slice(PREFIX.length)).every((letter) => ALPHABET.includes(letter))
}

/** The comment on a role: says whose it is. No role without one of this installation is ever removed. */
export function loginComment(installation: string, session: string): string {
  return `${commentStart(installation)}${session}`
}

/** Session of the comment; absent when it is not of this installation. */
export function sessionOfComment(comment: string, installation: string): string | undefined {
  const start = commentStart(installation)
  return comment.startsWith(start) ? comment.slice(start.length) : undefined
}

function commentStart(installation: string): string {
  return `Sallyport installation ${installation}, session `
}
