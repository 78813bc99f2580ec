import { setTimeout as sleep } from 'node:timers/promises'
import { EXIT, Failure } from '../failure.ts'
import type { IssuerClient } from './issuer-client.ts'
import type { IssuedTokens } from './pick-token.ts'
import type { VerificationPage } from './verification-page.ts'

export interface Clock {
  /** Milliseconds of a clock that only goes forward. */
  now(): number
  wait(ms: number): Promise<unknown>
}

const CLOCK: Clock = { now: () => performance.now(), wait: (ms) => sleep(ms) }
/** RFC 8628 §3.5: by so much more with each slow_down. */
const SLOWER_MS = 5_000
const SLOWEST_MS = 60_000

/**
 * RFC 8628: shows a person where to log in, and waits until they have.
 * @throws Failure when they refuse or do not come in time; NoAnswer and IssuerRefused of the issuer
 */
export async function deviceLogin(issuer: IssuerClient, show: (page: VerificationPage) => void, clock: Clock = CLOCK): Promise<IssuedTokens> {
  const { deviceCode, page, expiresInMs, intervalMs } = await issuer.startDeviceLogin()
  const endsAtMs = clock.now() + expiresInMs
  show(page)
  let waitMs = intervalMs
  while (clock.now() + waitMs < endsAtMs) {
    await clock.wait(waitMs)
    const answer = await issuer.poll(deviceCode)
    switch (answer) {
      case 'pending':
        break
      case 'slow-down':
        waitMs += SLOWER_MS
        break
      case 'away':
        // RFC 8628 §3.5: back off from an issuer that does not answer.
        waitMs = Math.min(waitMs * 2, Math.max(SLOWEST_MS, intervalMs))
        break
      case 'denied':
        throw new Failure('the login was refused', 'Run "sallyport login" again if that was by mistake.', EXIT.refused)
      case 'expired':
        throw tooLate()
      default:
        return answer
    }
  }
  throw tooLate()
}

function tooLate(): Failure {
  return new Failure('nobody logged in with the code in time', 'Run "sallyport login" again for a new one.')
}
