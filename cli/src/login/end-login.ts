import { Failure } from '../failure.ts'
import { IssuerClient, issuerFailure } from './issuer-client.ts'
import type { LoginStore } from './login-store.ts'

export interface EndedLogin {
  /** False when there was none. */
  readonly found: boolean
  /** The issuer takes its refresh token no more. */
  readonly revoked: boolean
  /** Why it was not revoked. */
  readonly trouble?: string
}

/** Revokes what is kept for a gateway, and removes it in any case. */
export function endLogin(store: LoginStore, gateway: string): Promise<EndedLogin> {
  return store.locked(gateway, async () => {
    const outcome = await revoke(store, gateway)
    await store.remove(gateway)
    return outcome
  })
}

async function revoke(store: LoginStore, gateway: string): Promise<EndedLogin> {
  try {
    const kept = await store.read(gateway, true)
    if (kept === undefined) return { found: false, revoked: false }
    const { refreshToken, token } = kept.secrets
    const secret = refreshToken ?? token
    if (secret === undefined) return { found: true, revoked: true }
    const hint = refreshToken === undefined ? 'access_token' : 'refresh_token'
    try {
      const issuer = await IssuerClient.discover(kept.login.issuer)
      if (await issuer.revoke(secret, hint)) return { found: true, revoked: true }
    } catch (error) {
      throw issuerFailure(error, kept.login.issuer)
    }
    return { found: true, revoked: false, trouble: 'its issuer has no revocation endpoint (RFC 7009)' }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { found: true, revoked: false, trouble: error.message }
  }
}
