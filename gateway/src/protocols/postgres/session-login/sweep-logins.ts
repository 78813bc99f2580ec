import type { LoginOwner, SessionLogin } from '../../../governance/logins/session-login-store.ts'
import type { Administrator } from './administrator.ts'
import { isLoginName, sessionOfComment } from './login-name.ts'

const SWEEP_WITHIN_MS = 60_000

/** A role at a target that carries this installation's comment. */
export interface LoginFound {
  readonly user: string
  readonly session: string
  /** Somebody is connected as it. */
  readonly connected: boolean
  readonly expired: boolean
}

/** @throws TargetError */
export async function findLogins(administrator: Administrator, installation: string): Promise<readonly LoginFound[]> {
  const rows = await administrator.exclusively((run) => run(`select rolname, shobj_description(oid, 'pg_authid'),
      exists (select from pg_stat_activity where usesysid = r.oid), coalesce(rolvaliduntil < now(), false)
    from pg_roles as r where rolname ~ '^sallyport_[a-z2-7]{26}$'`), SWEEP_WITHIN_MS)
  return rows.flatMap(([user, comment, connected, expired]) => {
    const session = sessionOfComment(comment ?? '', installation)
    if (user === undefined || user === null || session === undefined || !isLoginName(user)) return []
    return [{ user, session, connected: connected === 't', expired: expired === 't' }]
  })
}

export interface Abandoned {
  readonly user: string
  readonly session?: string
  /** Absent when it is not on record. */
  readonly role?: string
}

/**
 * Which logins are nobody's any more. Never one of a session that may live: one of another gateway, or one that is not on
 * record, that somebody is connected as, stays until one can no longer log in with it.
 * @param found before `kept` was read: what is made meanwhile is on record first
 * @param kept all of the installation, wherever made
 * @param forAll whether to look after what other gateways left
 */
export function abandonedLogins(
  found: readonly LoginFound[], kept: readonly (SessionLogin & { readonly owner: LoginOwner })[], place: string, forAll: boolean,
): readonly Abandoned[] {
  const foundByUser = new Map(found.map((login) => [login.user, login]))
  const isUnused = (user: string): boolean => {
    const login = foundByUser.get(user)
    return login === undefined || !login.connected || login.expired
  }
  const onRecord = kept.filter((login) => login.place === place && (login.owner === 'before' || (forAll && login.owner === 'lost' && isUnused(login.user))))
  const users = new Set(kept.map(({ user }) => user))
  const unknown = forAll ? found.filter(({ user }) => !users.has(user) && isUnused(user)) : []
  return [...onRecord.map(({ user, session, role }) => ({ user, session, role })), ...unknown.map(({ user, session }) => ({ user, session }))]
}
