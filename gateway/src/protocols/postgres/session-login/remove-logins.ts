import { setTimeout as sleep } from 'node:timers/promises'
import type { Run } from '../own-connection.ts'
import { TargetError } from '../upstream.ts'
import type { Administrator } from './administrator.ts'
import { isLoginName, sessionOfComment } from './login-name.ts'
import { identifier, literal } from './quote.ts'

const REMOVE_WITHIN_MS = 120_000
const ENDING_MS = 10_000
const LOOK_AGAIN_MS = 20

export interface LoginToRemove {
  readonly user: string
  /** Gets what the login owns in this database. */
  readonly role: string
}

export type Removal =
  /** @param connections that it still had, and that were ended */
  | { readonly user: string; readonly result: 'removed'; readonly connections: number }
  | { readonly user: string; readonly result: 'gone already' }
  | { readonly user: string; readonly result: 'remains'; readonly error: string }

/**
 * Removes logins with all that hangs on them in this database: connections, prepared transactions, privileges, and objects,
 * which the named role gets. Only roles with our kind of name and this installation's comment. What goes wrong with one is
 * told of that one. Safe to call again.
 * @throws TargetError when the target cannot be asked
 */
export function removeLogins(administrator: Administrator, logins: readonly LoginToRemove[], installation: string): Promise<readonly Removal[]> {
  return administrator.exclusively(async (run) => {
    const comments = await commentsOf(run, logins)
    const removals: Removal[] = []
    const ours: LoginToRemove[] = []
    for (const login of logins) {
      const comment = comments.get(login.user)
      if (comment === undefined) removals.push({ user: login.user, result: 'gone already' })
      else if (sessionOfComment(comment, installation) === undefined) removals.push({ user: login.user, result: 'remains', error: 'its comment says that it is not of this installation' })
      else ours.push(login)
    }
    if (ours.length === 0) return removals
    // All at once; one by one where something of one is in the way.
    const grant = administrator.version >= 16 ? 'with inherit true, set true' : ''
    const all = await removeAll(run, ours, grant).catch(whatIsWrong(run))
    if (!(all instanceof TargetError)) return [...removals, ...ours.map(({ user }): Removal => ({ user, result: 'removed', connections: all.get(user) ?? 0 }))]
    for (const login of ours) {
      const one = ours.length === 1 ? all : await removeAll(run, [login], grant).catch(whatIsWrong(run))
      const { user } = login
      removals.push(one instanceof TargetError ? { user, result: 'remains', error: one.message } : { user, result: 'removed', connections: one.get(user) ?? 0 })
    }
    return removals
  }, REMOVE_WITHIN_MS)
}

/** A target that answers can be asked on; any other error is everybody's. */
function whatIsWrong(run: Run): (error: unknown) => Promise<TargetError> {
  return async (error) => {
    if (!(error instanceof TargetError)) throw error
    await run('reset role')
    return error
  }
}

async function commentsOf(run: Run, logins: readonly LoginToRemove[]): Promise<ReadonlyMap<string, string>> {
  const rows = await run(`select rolname, coalesce(shobj_description(oid, 'pg_authid'), '') from pg_roles where rolname in ${among(logins)}`)
  return new Map(rows.map(([user, comment]) => [user ?? '', comment ?? '']))
}

/** @param grant options of a membership that lends all rights @returns how many connections of each were ended */
async function removeAll(run: Run, logins: readonly LoginToRemove[], grant: string): Promise<ReadonlyMap<string, number>> {
  // First nobody gets in any more; and the gateway's own login may do to them what follows.
  await run(logins.map(({ user }) => `alter role ${identifier(user)} nologin connection limit 0 password null; grant ${identifier(user)} to current_user ${grant}`).join('; '))
  const ended = await endConnections(run, logins)
  await rollBackPrepared(run, logins)
  // Nothing is dropped with DROP OWNED that REASSIGN has not given away in the same transaction.
  await run(logins.map(({ user, role }) => {
    const name = identifier(user)
    return `reassign owned by ${name} to ${identifier(role)}; drop owned by ${name}; drop role ${name}`
  }).join('; '))
  return ended
}

async function endConnections(run: Run, logins: readonly LoginToRemove[]): Promise<ReadonlyMap<string, number>> {
  const rows = await run(`select usename, count(pg_terminate_backend(pid)) from pg_stat_activity where usename in ${among(logins)} group by usename`)
  const deadline = performance.now() + ENDING_MS
  for (let left = rows.length; left > 0; left = Number((await run(`select count(*) from pg_stat_activity where usename in ${among(logins)}`))[0]?.[0])) {
    if (performance.now() > deadline) throw new TargetError('57014', 'a connection of it does not end')
    await sleep(LOOK_AGAIN_MS)
  }
  return new Map(rows.map(([user, count]) => [user ?? '', Number(count)]))
}

/** Only their owner may; one prepared by the named role that concerns a login stays, and makes its removal fail until it ends. */
async function rollBackPrepared(run: Run, logins: readonly LoginToRemove[]): Promise<void> {
  const rows = await run(`select gid, owner from pg_prepared_xacts where database = current_database() and owner in ${among(logins)}`)
  for (const [gid, owner] of rows) {
    await run(`set role ${identifier(owner ?? '')}`)
    await run(`rollback prepared ${literal(gid ?? '')}`)
    await run('reset role')
  }
}

/** Names of ours need no quoting: anything else is a mistake that must not reach SQL. */
function among(logins: readonly LoginToRemove[]): string {
  for (const { user } of logins) if (!isLoginName(user)) throw new Error('not the name of a login for a session')
  return `(${logins.map(({ user }) => literal(user)).join(', ')})`
}
