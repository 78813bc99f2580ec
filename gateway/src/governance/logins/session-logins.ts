import { encodeLoginMade, encodeLoginRemained, encodeLoginRemoved } from '../recording/login-events.ts'
import type { Ledger } from '../recording/ledger.ts'
import { recordIfPossible } from '../recording/record-if-possible.ts'
import type { LoginOwner, SessionLogin, SessionLoginStore } from './session-login-store.ts'

/** For how long after its last word a gateway is taken to run: several times the time between two words. */
const ALIVE_MS = 90_000

/** What is on record of logins that are made for one session each: in the state database and in the ledger. */
export class SessionLogins {
  readonly #store: SessionLoginStore
  readonly #ledger: Ledger

  constructor(store: SessionLoginStore, ledger: Ledger) {
    this.#store = store
    this.#ledger = ledger
  }

  installation(): Promise<string> {
    return this.#store.installation()
  }

  /** Keeps that a login is about to be made, so that whatever happens it is found. @throws Error of the store */
  begin(login: SessionLogin): Promise<void> {
    return this.#store.add(login)
  }

  /** Before it is used. @throws Error when it cannot be recorded: it must not be used then */
  made(login: SessionLogin): void {
    this.#ledger.append(encodeLoginMade(login, Date.now()))
  }

  /** None of it was made: nothing is left to remove. @throws Error of the store */
  forget(user: string): Promise<void> {
    return this.#store.remove(user)
  }

  /** @param connections that it still had, and that were ended @throws Error of the store; the next sweep then comes by again */
  async removed(login: Pick<SessionLogin, 'user' | 'target'> & { readonly session?: string }, reason: string, connections: number): Promise<void> {
    recordIfPossible(this.#ledger, encodeLoginRemoved({ ...login, reason, connections }, Date.now()))
    await this.#store.remove(login.user)
  }

  /** It could not be removed, and is tried again. */
  remained(login: Pick<SessionLogin, 'user' | 'target'> & { readonly session?: string }, error: string): void {
    recordIfPossible(this.#ledger, encodeLoginRemained({ ...login, error }, Date.now()))
  }

  list(): Promise<readonly (SessionLogin & { readonly owner: LoginOwner })[]> {
    return this.#store.list()
  }

  renew(): Promise<void> {
    return this.#store.renew(ALIVE_MS)
  }

  lease(work: string, forMs: number): Promise<boolean> {
    return this.#store.lease(work, forMs)
  }
}
