import { Failure } from '../failure.ts'
import { oneLine } from '../terminal/plain-text.ts'
import { NoAnswer } from './bounded-fetch.ts'
import { IssuerClient, IssuerRefused, issuerFailure } from './issuer-client.ts'
import type { Secrets } from './kept-login.ts'
import type { Kept, LoginStore, StoredLogin } from './login-store.ts'

/** A token that ends within this long is replaced first: clocks differ, and a command needs a moment. */
const MARGIN_MS = 30_000

/**
 * The token of the login kept for a gateway, a new one when it has expired.
 * @param tell is called when it could not be kept where it was
 * @returns undefined when there is no login for that gateway
 * @throws Failure when there is one that cannot be used
 */
export async function loginToken(store: LoginStore, gateway: string, tell: (kept: Kept) => void = () => undefined, now: () => number = Date.now): Promise<string | undefined> {
  const kept = await store.read(gateway)
  if (kept === undefined) return undefined
  return unexpired(kept.secrets, now() + MARGIN_MS) ?? store.locked(gateway, async () => {
    // Another command may have got a new one meanwhile.
    const current = await store.read(gateway)
    if (current === undefined) return undefined
    return unexpired(current.secrets, now() + MARGIN_MS) ?? refreshed(store, current, tell, now)
  })
}

async function refreshed(store: LoginStore, { login, secrets, place }: StoredLogin, tell: (kept: Kept) => void, now: () => number): Promise<string> {
  const { refreshToken } = secrets
  if (refreshToken === undefined) {
    throw ended(login.gateway, 'and the issuer gave no refresh token')
  }
  try {
    const issuer = await IssuerClient.discover(login.issuer)
    const issued = await issuer.refresh(refreshToken)
    // OpenID Connect Core 1.0 §12.2.
    if (issued.subject !== login.subject) throw new NoAnswer('it renews the login as that of another person', false)
    // RFC 6749 §6: when no new refresh token comes, the one at hand goes on.
    const kept = await store.write(login, { refreshToken, ...issued.secrets }, place)
    if (kept.noKeyring !== undefined) tell(kept)
    return issued.secrets.token
  } catch (error) {
    if (error instanceof IssuerRefused && error.code === 'invalid_grant') {
      await store.remove(login.gateway)
      throw ended(login.gateway, `as its issuer says: ${error.message}`)
    }
    const usable = unexpired(secrets, now())
    if (usable !== undefined && error instanceof NoAnswer && error.away) return usable
    throw issuerFailure(error, login.issuer)
  }
}

function unexpired({ token, expiresAtMs }: Secrets, atMs: number): string | undefined {
  return expiresAtMs > atMs ? token : undefined
}

function ended(gateway: string, why: string): Failure {
  return new Failure(`your login at ${oneLine(gateway)} has ended, ${why}`, 'Run "sallyport login" to log in again.')
}
