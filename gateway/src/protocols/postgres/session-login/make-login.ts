import { TargetError } from '../upstream.ts'
import type { Administrator } from './administrator.ts'
import { loginComment } from './login-name.ts'
import { identifier, literal } from './quote.ts'

const MAKE_WITHIN_MS = 15_000
const CLIENT_CHECK = ['client_connection_check_interval', '10000'] as const
/** Not of the named role: whose rights the login has is said by itself. */
const NOT_COPIED = new Set(['role', 'session_authorization'])

export interface LoginToMake {
  readonly user: string
  readonly verifier: string
  readonly role: string
  readonly session: string
  readonly validUntilMs: number
}

/**
 * Makes a role that may do what the named one may, and becomes it as soon as it has logged in.
 * @returns settings to log in with: those of the named role, which a member does not get by itself
 * @throws LoginNotMade when the target refuses, and then nothing was made; another TargetError when that is not known
 */
export async function makeLogin(administrator: Administrator, login: LoginToMake, installation: string): Promise<ReadonlyMap<string, string>> {
  const { role } = login
  const rows = await administrator.exclusively(async (run) => {
    try {
      return await run(statements(login, installation))
    } catch (error) {
      // What a server says of a statement undoes the whole of it; what a connection says leaves it open.
      if (error instanceof TargetError && !/^(08|57)/.test(error.code)) throw new LoginNotMade(error, role)
      throw error
    }
  }, MAKE_WITHIN_MS)
  const settings = readSettings(rows)
  // So that what an agent left running ends with a gateway that is gone, also in the midst of a statement.
  if (administrator.version >= 14 && administrator.isLinux && !settings.has(CLIENT_CHECK[0])) settings.set(...CLIENT_CHECK)
  return settings
}

/** One message, so one transaction: all of it or nothing. */
function statements({ user, verifier, role, session, validUntilMs }: LoginToMake, installation: string): string {
  const [name, granted] = [identifier(user), identifier(role)]
  return `create role ${name} login inherit connection limit 1 password ${literal(verifier)}
    valid until ${literal(new Date(validUntilMs).toISOString())} in role ${granted};
  comment on role ${name} is ${literal(loginComment(installation, session))};
  alter role ${name} set role = ${literal(role)};
  select entry from pg_db_role_setting, unnest(setconfig) as entry
    where setrole = (select oid from pg_roles where rolname = ${literal(role)})
      and setdatabase in (0, (select oid from pg_database where datname = current_database()))
      and not exists (select from pg_settings where name = split_part(entry, '=', 1) and context <> 'user')
    order by setdatabase`
}

/** Those of the database come last, and win. */
function readSettings(rows: readonly (readonly (string | null)[])[]): Map<string, string> {
  const settings = new Map<string, string>()
  for (const [entry] of rows) {
    const at = entry?.indexOf('=') ?? -1
    if (entry === undefined || entry === null || at <= 0) continue
    const name = entry.slice(0, at).toLowerCase()
    if (!NOT_COPIED.has(name)) settings.set(name, entry.slice(at + 1))
  }
  return settings
}

/** The target refuses to make a login; `message` and `hint` say what to do, and hold no secret. */
export class LoginNotMade extends TargetError {
  constructor({ code, message }: TargetError, role: string) {
    const hint = REFUSALS.find(([known]) => known === code)?.[1](role) ?? 'Tell an operator: the gateway makes a login for each session on this target.'
    super(code, `the target makes no login for this session: ${message}`, hint)
  }
}

const REFUSALS: readonly (readonly [code: string, hint: (role: string) => string])[] = [
  ['25006', () => 'The target takes no changes, as a replica does. Tell an operator: perSession needs the primary.'],
  ['42501', (role) => `Tell an operator: the gateway's login at the target needs CREATEROLE, and from PostgreSQL 16 on also GRANT ${identifier(role)} TO it WITH ADMIN OPTION.`],
  ['42704', (role) => `Tell an operator: the role ${identifier(role)} of perSession does not exist at the target, or is not one.`],
]
