import { LoginUnavailable } from '../governance/web-sessions.ts'

/** The issuer could not be asked, or answered wrongly: nothing is said about the token itself. */
export class IssuerUnavailable extends LoginUnavailable {
  constructor(issuer: string, why: string) {
    super(
      `the keys of issuer "${issuer}" cannot be had: ${why}`,
      'Try again in a moment; if it lasts, have the operator look at the issuer.',
    )
  }
}
