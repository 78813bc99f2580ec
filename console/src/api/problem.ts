import type { ApiError } from '@sallyport/contract'

/** What the gateway answered instead of what was asked for, in its own words. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly code: string
  readonly hint: string
  readonly problems: NonNullable<ApiError['problems']>

  constructor(status: number, { code, message, hint, problems = [] }: Omit<ApiError, 'code'> & { readonly code: string }) {
    super(message)
    this.status = status
    this.code = code
    this.hint = hint
    this.problems = problems
  }
}

export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem(0, { code: 'unreachable', message: 'the gateway does not answer', hint: 'Check that it runs and that this machine reaches it, then try again.' })
}
