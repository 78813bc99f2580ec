import { randomBytes } from 'node:crypto'
import { type GatewayOptions, startTestGateway, type TestGateway } from './gateway.ts'
import { type Issuer, startIssuer } from './issuer.ts'
import type { PostgresServer } from './postgres.ts'

export interface TwoGateways {
  readonly one: TestGateway
  readonly two: TestGateway
  readonly issuer: Issuer
  stop(): Promise<void>
}

/** Two gateways that share their state in a database of `server`, and take tokens of the same issuer. */
export async function startTwoGateways(server: PostgresServer, options: Pick<GatewayOptions, 'targets' | 'policy' | 'tls'>, settings = ''): Promise<TwoGateways> {
  await server.query('create database state')
  const issuer = await startIssuer()
  const start = (): Promise<TestGateway> => startTestGateway({
    ...options,
    issuer,
    environment: { TEST_STATE_PASSWORD: server.password, TEST_MASTER_KEY: masterKey },
    settings: `storage: { postgres: { host: 127.0.0.1, port: ${server.port}, database: state, user: ${server.superuser}, password: 'env:TEST_STATE_PASSWORD', tls: { mode: disable } } }
  vault: { masterKey: 'env:TEST_MASTER_KEY' }
  ${settings}`,
  })
  const masterKey = randomBytes(32).toString('base64')
  const one = await start()
  const two = await start()
  return {
    one,
    two,
    issuer,
    async stop() {
      await Promise.all([one.stop(), two.stop()])
      await issuer.close()
    },
  }
}
