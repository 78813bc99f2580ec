/** One way from pgbench to the database. All speak cleartext on loopback. */
export interface Route {
  readonly name: RouteName
  readonly port: number
  readonly user: string
  readonly database: string
  /** What the client presents as password; asked for anew at each round, because a session token is short-lived. */
  password(): Promise<string>
  /** The process between client and server; none when direct. */
  readonly pid?: number
  stop(): Promise<void>
}

export const ROUTE_NAMES = ['direct', 'pipe', 'pgbouncer', 'unrecorded', 'gateway'] as const
export type RouteName = (typeof ROUTE_NAMES)[number]

/** The login at the database itself. */
export interface Database {
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}
