import type { ApiErrorCode, OAuthError } from '@sallyport/contract'

/** What a program that calls `sallyport` learns from its exit status. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** Policy says no. */
  refused: 3,
  /** A person has to say yes first. */
  waiting: 4,
} as const

/** An end of the command with words for whoever called it: what happened, and what to do next. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly hint: string
  readonly status: number

  constructor(message: string, hint: string, status: number = EXIT.failure) {
    super(message)
    this.hint = hint
    this.status = status
  }
}

/** Refusals of the control API are told from its failures. */
export function exitStatusOf(code: ApiErrorCode | OAuthError['error']): number {
  return code === 'forbidden' || code === 'invalid_target' ? EXIT.refused : EXIT.failure
}
