import type { SessionLogins } from '../governance/logins/session-logins.ts'
import type { Log } from './protocol-adapter.ts'

/** Logins that a protocol makes for one session each. */
export interface SweptLogins {
  /** Whether there is any that the other gateways must know to be somebody's. */
  readonly isUsed: boolean
  /** Removes what was left behind. Never throws. */
  sweep(): Promise<void>
}

const SWEEP_MS = 60_000
/** Several times in the time after which other gateways take this one to be gone. */
const RENEW_MS = 20_000

/** Sweeps targets at the start and every minute, and says meanwhile that this gateway runs. */
export class LoginSweeper {
  readonly #timers: readonly NodeJS.Timeout[]

  /** @param targets those with logins for sessions: of the policy in force, and those that still have some */
  constructor(logins: SessionLogins, targets: () => readonly SweptLogins[], log: Log) {
    const sweep = (): void => {
      for (const target of targets()) void target.sweep()
    }
    const renew = (): void => {
      if (!targets().some((target) => target.isUsed)) return
      logins.renew().catch((error: unknown) => log.warn({ error: error instanceof Error ? error.message : 'unknown' }, 'the state database could not be told that logins for sessions are in use'))
    }
    this.#timers = [setInterval(sweep, SWEEP_MS).unref(), setInterval(renew, RENEW_MS).unref()]
    sweep()
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer)
  }
}
