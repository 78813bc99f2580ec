import { LoginUnavailable } from '../../governance/web-sessions.ts'

/** The provider could not be asked, or answered wrongly: nothing is said about whoever logs in. */
export class ProviderUnavailable extends LoginUnavailable {
  constructor(provider: string, why: string) {
    super(
      `provider "${provider}" cannot be asked: ${why}`,
      'Try again in a moment; those who are logged in stay so. If it lasts, have the operator look at the provider.',
    )
  }
}
