import { startPipe } from '../../../bench/pipe.ts'
import { type TestGateway, startTestGateway } from './gateway.ts'
import { ALLOW_ALL } from './policies.ts'
import { type PostgresOptions, type PostgresServer, startPostgres } from './postgres.ts'
import { type Shop, createShop } from './shop.ts'

/** An address and a login that a client can be pointed at, by TLS. */
export interface Endpoint {
  readonly way: Way
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** What the client must trust: as a file, and as PEM. */
  readonly caFile: string
  readonly ca: string
}

const WAYS = ['direct', 'pipe', 'gateway'] as const
export type Way = (typeof WAYS)[number]

/**
 * Ways that a journey is made by. Also directly, because a journey that fails there proves nothing about the gateway.
 * `JOURNEY_WAYS=direct,pipe` chooses others while working on a journey.
 */
export function journeyWays(): Way[] {
  const chosen = (process.env['JOURNEY_WAYS'] ?? 'direct,gateway').split(',')
  return WAYS.filter((way) => chosen.includes(way))
}

export interface Journey {
  readonly server: PostgresServer
  readonly shop: Shop
  readonly gateway: TestGateway | undefined
  endpoint(way: Way): Promise<Endpoint>
  /** True on the target itself once no backend but the asking one has a running statement like `pattern`. */
  isIdle(pattern: string): Promise<boolean>
  stop(): Promise<void>
}

/**
 * Starts a server with the shop, and the gateway before it.
 * @param policy the document from `masks` on
 * @param agent whose token the client presents
 * @param auth how the target wants passwords
 */
export async function startJourney(
  policy: string = ALLOW_ALL,
  agent = 'support-bot',
  auth: NonNullable<PostgresOptions['auth']> = 'scram-sha-256',
): Promise<Journey> {
  const ways = journeyWays()
  const server = await startPostgres({ auth, tls: 'offered', settings: { log_statement: 'all' } })
  if (server.certificate === undefined) throw new Error('the server has no certificate')
  const { cert: ca, certFile: caFile } = server.certificate
  const shop = await createShop(server)
  const login = { user: shop.user, password: shop.password, database: shop.database }
  const gateway = ways.includes('gateway')
    ? await startTestGateway({ targets: [{ port: server.port, ...login, ca }], policy })
    : undefined
  const pipe = ways.includes('pipe') ? await startPipe(server) : undefined
  return {
    server,
    shop,
    gateway,
    async endpoint(way) {
      const host = '127.0.0.1'
      switch (way) {
        case 'direct':
          return { way, host, port: server.port, ...login, ca, caFile }
        case 'pipe':
          return { way, host, port: pipe?.port ?? 0, ...login, ca, caFile }
        case 'gateway': {
          if (gateway?.certificate === undefined) throw new Error('the gateway does not run')
          return {
            way,
            host,
            port: gateway.port,
            user: agent,
            password: await gateway.issuer.agentToken(agent),
            database: gateway.database,
            ca: gateway.certificate.cert,
            caFile: gateway.certificate.certFile,
          }
        }
      }
    },
    async isIdle(pattern) {
      const rows = await server.query(
        `select 1 from pg_stat_activity where state <> 'idle' and pid <> pg_backend_pid() and query like $1`,
        [pattern],
      )
      return rows.length === 0
    },
    async stop() {
      await gateway?.stop()
      await pipe?.close()
      await server.stop()
    },
  }
}
