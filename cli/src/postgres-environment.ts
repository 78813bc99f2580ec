import { isLoopback, type Target } from '@sallyport/contract'
import { anotherProtocol } from './another-protocol.ts'

export interface PostgresLogin {
  readonly user: string
  readonly password: string
  /** PEM file of what the gateway's certificate is checked against. */
  readonly caFile?: string | undefined
}

/**
 * What libpq, and the drivers that follow it, read from their environment. The gateway's certificate is checked, save
 * on loopback when no authority is known; a PGSSLMODE of the caller's own stays.
 * @throws Failure for a target of another protocol
 */
export function postgresEnvironment(target: Target, login: PostgresLogin): Record<string, string> {
  if (target.protocol !== 'postgres') throw anotherProtocol(target)
  const mode = !target.tls ? 'disable' : login.caFile === undefined && isLoopback(target.host) ? 'require' : 'verify-full'
  return {
    PGHOST: target.host,
    PGPORT: String(target.port),
    PGUSER: login.user,
    PGPASSWORD: login.password,
    PGDATABASE: target.database ?? target.name,
    PGSSLMODE: process.env['PGSSLMODE'] ?? mode,
    // libpq reads the first, Node.js the second.
    ...(login.caFile === undefined ? {} : { PGSSLROOTCERT: login.caFile, NODE_EXTRA_CA_CERTS: login.caFile }),
  }
}
