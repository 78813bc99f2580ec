/**
 * Run in a network of its own, in which FAR is an address of this machine and not a loopback one. Tries logins there
 * and prints what came of them, as JSON: see beyond-loopback.test.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway } from '../../src/main.ts'
import { connectUpstream, TargetError } from '../../src/protocols/postgres/upstream.ts'
import type { PostgresTarget } from '../../src/protocols/postgres/target.ts'
import { makeCertificate } from './certificate.ts'
import { startIssuer } from './issuer.ts'
import { type PostgresServer, startPostgres } from './postgres.ts'
import * as raw from './raw-client.ts'

const FAR = '192.0.2.77'
const NEAR = '127.0.0.1'

export interface Attempt {
  readonly name: string
  /** `in`, or the SQLSTATE and the words of the refusal. */
  readonly outcome: string
  /** The password, or the proof of it, came to the target. */
  readonly told: boolean
}

async function logIn(name: string, server: PostgresServer, host: string, tls: PostgresTarget['tls']): Promise<Attempt> {
  const logged = server.log().length
  const credential = { user: server.superuser, password: 'env:NONE' }
  const target: PostgresTarget = { host, port: server.port, database: server.database, credential, tls }
  const outcome = await connectUpstream(target, server.password, new Map(), 10_000).then(
    ({ connection }) => {
      connection.destroy()
      return 'in'
    },
    (error: unknown) => (error instanceof TargetError ? `${error.code} ${error.message}` : String(error)),
  )
  return { name, outcome, told: server.log().slice(logged).includes('connection authenticated') }
}

async function towardsTargets(): Promise<Attempt[]> {
  const attempts: Attempt[] = []
  for (const auth of ['password', 'scram-sha-256'] as const) {
    const options = { auth, settings: { log_connections: 'on' }, alsoAt: FAR }
    const [plain, secure] = [await startPostgres(options), await startPostgres({ ...options, tls: 'offered' })]
    const ca = `file:${secure.certificate?.certFile ?? ''}`
    attempts.push(
      await logIn(`${auth}, no TLS, near`, plain, NEAR, { mode: 'disable' }),
      await logIn(`${auth}, no TLS, far`, plain, FAR, { mode: 'disable' }),
      await logIn(`${auth}, unverified TLS, far`, secure, FAR, { mode: 'require' }),
      await logIn(`${auth}, verified TLS, far`, secure, FAR, { mode: 'verify-full', ca, serverName: 'localhost' }),
    )
    await plain.stop()
    await secure.stop()
  }
  return attempts
}

/** The other side: clients of a gateway that listens beyond loopback. */
async function towardsGateway(): Promise<Attempt[]> {
  const data = mkdtempSync(join(tmpdir(), 'sallyport-far-'))
  const [issuer, certificate, server] = [await startIssuer(), makeCertificate(data, 'listener'), await startPostgres()]
  process.env['FAR_TARGET_PASSWORD'] = server.password
  const gateway = await startGateway({ configText: `version: 1
gateway:
  dataDir: ${data}
  api: { port: 0 }
  protocols: { postgres: { host: ${FAR}, port: 0 }, ssh: { port: 0 } }
  tls: { cert: 'file:${certificate.certFile}', key: 'file:${certificate.keyFile}' }
issuers:
  - { name: test, issuer: '${issuer.url}', audience: ${issuer.audience} }
agents:
  - { name: support-bot, issuer: test, match: { azp: support-bot }, owner: dana@example.com, purpose: asks }
targets:
  - name: shop
    protocol: postgres
    host: ${NEAR}
    port: ${server.port}
    database: postgres
    tls: { mode: disable }
    credential: { user: postgres, password: 'env:FAR_TARGET_PASSWORD' }
masks: []
rules:
  - { name: everything, then: allow }
` })
  const port = gateway.listeners['postgres']?.port ?? 0
  const address = { host: FAR, port, ca: certificate.cert, serverName: 'localhost' }
  const attempts: Attempt[] = []
  const ways = [['client in clear, far', raw.openRaw], ['client by TLS, far', raw.openNegotiatedTls]] as const
  for (const [name, open] of ways) {
    const client = await open(address)
    const login = await client.logIn({ user: 'support-bot', database: 'shop' }, await issuer.agentToken('support-bot'))
    const fields = raw.errorFields(login.at(-1))
    const outcome = login.at(-1)?.type === 'Z' ? 'in' : `${fields['C']} ${fields['M']}`
    attempts.push({ name, outcome, told: login.some(({ type }) => type === 'R') })
    client.end()
  }
  await gateway.close()
  await issuer.close()
  await server.stop()
  rmSync(data, { recursive: true, force: true })
  return attempts
}

process.stdout.write(JSON.stringify([...(await towardsTargets()), ...(await towardsGateway())]))
