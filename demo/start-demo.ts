import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { startGateway } from '@sallyport/gateway/serve'
import { parseDocument } from 'yaml'
import type { Claim } from './claim.ts'
import { startEmbeddedPostgres } from './embedded-postgres.ts'
import { startIdentityProvider } from './identity-provider.ts'
import { identitiesOf, type Login, makeLogins } from './logins.ts'
import type { Progress } from './progress.ts'
import { startSamlProvider } from './saml-provider.ts'
import { makeSelfSignedCertificate } from './self-signed-certificate.ts'
import { createShop } from './shop.ts'

/** What `npm run demo -- --json` prints: documents, scripts and tests rely on it. */
export interface DemoAddresses {
  readonly ready: true
  readonly api: string
  readonly issuer: string
  readonly targets: Readonly<Record<string, { readonly protocol: string; readonly host: string; readonly port: number; readonly database: string }>>
  readonly logins: Readonly<Record<string, Login>>
}

const TARGET = 'shop'
const STOP_TIMEOUT_MS = 5_000

/** Starts everything, each with what ends it on `stack`. */
export async function startDemo(claim: Claim, stack: AsyncDisposableStack, progress: Progress): Promise<DemoAddresses> {
  const { folder } = claim
  const [provider, saml, target] = await Promise.all([
    progress.step('OpenID provider', startIdentityProvider),
    progress.step('SAML provider', startSamlProvider),
    startTarget(folder, stack, progress),
  ])
  stack.defer(() => atMost(progress, 'the OpenID provider', provider.close()))
  stack.defer(() => atMost(progress, 'the SAML provider', saml.close()))

  const { api, port, ledger, caFile } = await progress.step('gateway', async () => {
    const data = join(folder, 'gateway')
    await mkdir(data, { mode: 0o700 })
    const { cert, key } = makeSelfSignedCertificate()
    const certFile = join(folder, 'gateway.crt')
    const keyFile = join(data, 'gateway.key')
    await writeFile(certFile, cert)
    await writeFile(keyFile, key, { mode: 0o600 })
    const samlFile = join(folder, 'saml.crt')
    await writeFile(samlFile, saml.certificate)
    const configText = await fillIn(new Map<readonly (string | number)[], unknown>([
      [['gateway', 'dataDir'], data],
      [['gateway', 'tls', 'cert'], `file:${certFile}`],
      [['gateway', 'tls', 'key'], `file:${keyFile}`],
      [['issuers', 0, 'issuer'], provider.issuer],
      [['saml', 0, 'signOn'], saml.signOn],
      [['saml', 0, 'certificates', 0], `file:${samlFile}`],
      [['targets', 0, 'port'], target.port],
    ]))
    const gateway = await startGateway({ configText, secrets: { [TARGET]: target.password }, logLevel: 'warn' })
    stack.defer(() => atMost(progress, 'the gateway', gateway.close()))
    saml.answerAt(`${gateway.apiUrl}/auth/saml/demo-saml/acs`)
    const listener = gateway.listeners['postgres']
    if (listener === undefined) throw new Error('the gateway does not listen for PostgreSQL')
    return { api: gateway.apiUrl, port: listener.port, ledger: gateway.ledgerDirectory, caFile: certFile }
  })

  setDefaultCACertificates([...getCACertificates('default'), await readFile(caFile, 'utf8')])
  const logins = await progress.step('logins', () => makeLogins(provider, api, TARGET))
  await claim.publish({ api, issuer: provider.issuer, caFile, ledger, identities: identitiesOf(provider) })
  return {
    ready: true, api, issuer: provider.issuer, logins,
    targets: { [TARGET]: { protocol: 'postgres', host: '127.0.0.1', port, database: TARGET } },
  }
}

async function startTarget(folder: string, stack: AsyncDisposableStack, progress: Progress): Promise<{ port: number; password: string }> {
  const data = join(folder, 'postgres')
  await mkdir(data, { mode: 0o700 })
  const server = await progress.step('PostgreSQL 18, the demo\'s target', () => startEmbeddedPostgres(data))
  stack.defer(() => server.stop())
  const { password } = await progress.step('database shop: 5,000 customers, 20,000 orders, 20,000 payments', () => createShop(server))
  return { port: server.port, password }
}

/** One part that does not end must not keep the others from ending, nor the data from being removed. */
async function atMost(progress: Progress, part: string, ended: Promise<void>): Promise<void> {
  const late = new AbortController()
  const patience = sleep(STOP_TIMEOUT_MS, 'late', { signal: late.signal })
  if (await Promise.race([ended, patience]) === 'late') progress.say(`  ${part} did not end in ${STOP_TIMEOUT_MS / 1_000} s; going on without`)
  late.abort()
}

/** The demo's document with what is only known now; everything else stays as it is written. */
async function fillIn(values: ReadonlyMap<readonly (string | number)[], unknown>): Promise<string> {
  const document = parseDocument(await readFile(new URL('sallyport.yaml', import.meta.url), 'utf8'))
  for (const [path, value] of values) {
    if (!document.hasIn(path)) throw new Error(`demo/sallyport.yaml has no ${path.join('.')}`)
    document.setIn(path, value)
  }
  return document.toString()
}
