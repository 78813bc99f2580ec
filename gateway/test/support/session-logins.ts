import { existsSync } from 'node:fs'
import pg from 'pg'
import { type GatewayOptions, startTestGateway, type TestGateway } from './gateway.ts'
import { ALLOW_ALL } from './policies.ts'
import { type PostgresOptions, type PostgresServer, startPostgres } from './postgres.ts'
import { createShop } from './shop.ts'

/** Older than 16, where roles are granted by other rules; absent on a machine that has none installed. */
export const OLDER_INSTALLATION = '/usr/lib/postgresql/15'
export const olderObstacle = existsSync(`${OLDER_INSTALLATION}/bin/initdb`) ? false : 'PostgreSQL 15 is not installed'

/** The administrator's name needs quoting as much as that of the role. */
export const ADMINISTRATOR = 'Login "maker"'
export const READER = `support's "reader" \\`

/** A shop, a role that may read and write it, and a login that may do no more than make logins with that role. */
export interface LoginTarget {
  readonly server: PostgresServer
  readonly password: string
  /** Roles at the target that were made for sessions. */
  roles(): Promise<string[]>
  gateway(options?: Partial<GatewayOptions> & { readonly perSession?: string }): Promise<TestGateway>
  stop(): Promise<void>
}

export async function startLoginTarget(options: PostgresOptions = {}): Promise<LoginTarget> {
  const { settings, ...rest } = options
  const server = await startPostgres({ ...rest, settings: { log_statement: 'all', log_connections: 'on', max_prepared_transactions: 10, ...settings } })
  await createShop(server)
  const [{ server_version: version = '' } = {}] = await server.query('show server_version')
  const [administrator, reader] = [pg.escapeIdentifier(ADMINISTRATOR), pg.escapeIdentifier(READER)]
  const password = `admin-${server.password}`
  await server.query(`create role ${administrator} login createrole password ${pg.escapeLiteral(password)}; create role ${reader};
    grant select, insert, update, delete on all tables in schema public to ${reader}; grant create on schema public to ${reader};
    alter role ${reader} set statement_timeout = '77s'; alter role ${reader} in database shop set search_path = "$user", public, "odd, name"`, [], 'shop')
  if (Number.parseInt(String(version), 10) >= 16) await server.query(`grant ${reader} to ${administrator} with admin option, inherit false, set false`)
  return {
    server,
    password,
    roles: async () => (await server.query(`select rolname from pg_roles where rolname ~ '^sallyport_' order by 1`)).map(({ rolname }) => String(rolname)),
    gateway: ({ perSession = `{ role: '${READER.replaceAll("'", "''")}' }`, ...more } = {}) => startTestGateway({
      policy: ALLOW_ALL, tls: false, ...more,
      targets: [{ port: server.port, database: 'shop', user: `'${ADMINISTRATOR}'`, password, perSession }],
    }),
    stop: () => server.stop(),
  }
}

/** A session through the gateway. */
export async function openSession(gateway: TestGateway, settings: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ host: gateway.host, port: gateway.port, user: 'support-bot', password: await gateway.issuer.agentToken('support-bot'), database: gateway.database, ...settings })
  client.on('error', () => undefined)
  await client.connect()
  return client
}
