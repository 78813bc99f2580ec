import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { routes, SshAuthorities } from '@sallyport/contract'
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
import { findSshServer, type SshHost, startSshHost } from './ssh-host.ts'

/** What `npm run demo -- --json` prints: documents, scripts and tests rely on it. */
export interface DemoAddresses {
  readonly ready: true
  readonly api: string
  readonly issuer: string
  /** `box` is not there on a machine without an OpenSSH server. */
  readonly targets: Readonly<Record<string, { readonly protocol: string; readonly host: string; readonly port: number; readonly database?: string }>>
  readonly logins: Readonly<Record<string, Login>>
}

const TARGET = 'shop'
const SSH_TARGET = 'box'
const STOP_TIMEOUT_MS = 5_000

/** Of the document's masks and rules. */
interface Entry {
  readonly targets?: readonly string[]
}

/** Starts everything, each with what ends it on `stack`. */
export async function startDemo(claim: Claim, stack: AsyncDisposableStack, progress: Progress): Promise<DemoAddresses> {
  const { folder } = claim
  const [provider, saml, target, box] = await Promise.all([
    progress.step('OpenID provider', startIdentityProvider),
    progress.step('SAML provider', startSamlProvider),
    startTarget(folder, stack, progress),
    startBox(folder, stack, progress),
  ])
  stack.defer(() => atMost(progress, 'the OpenID provider', provider.close()))
  stack.defer(() => atMost(progress, 'the SAML provider', saml.close()))

  const { api, port, sshPort, ledger, caFile } = await progress.step('gateway', async () => {
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
      ...(box === undefined ? [] : [
        [['targets', 1, 'port'], box.port], [['targets', 1, 'credential', 'user'], box.user], [['targets', 1, 'hostKeys', 0], box.hostKey],
      ] as const),
    ]), box === undefined ? [SSH_TARGET] : [])
    const gateway = await startGateway({ configText, secrets: { [TARGET]: target.password }, logLevel: 'warn' })
    stack.defer(() => atMost(progress, 'the gateway', gateway.close()))
    saml.answerAt(`${gateway.apiUrl}/auth/saml/demo-saml/acs`)
    const { postgres, ssh } = gateway.listeners
    if (postgres === undefined || ssh === undefined) throw new Error('the gateway does not listen for PostgreSQL and SSH')
    return { api: gateway.apiUrl, port: postgres.port, sshPort: ssh.port, ledger: gateway.ledgerDirectory, caFile: certFile }
  })

  setDefaultCACertificates([...getCACertificates('default'), await readFile(caFile, 'utf8')])
  await box?.trust(await targetAuthority(api))
  const logins = await progress.step('logins', () => makeLogins(provider, api, [TARGET, ...(box === undefined ? [] : [SSH_TARGET])]))
  await claim.publish({ api, issuer: provider.issuer, caFile, ledger, identities: identitiesOf(provider) })
  return {
    ready: true, api, issuer: provider.issuer, logins,
    targets: {
      [TARGET]: { protocol: 'postgres', host: '127.0.0.1', port, database: TARGET },
      ...(box !== undefined && { [SSH_TARGET]: { protocol: 'ssh', host: '127.0.0.1', port: sshPort } }),
    },
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

/** Undefined on a machine where there is none: everything else works without. */
async function startBox(folder: string, stack: AsyncDisposableStack, progress: Progress): Promise<SshHost | undefined> {
  const server = findSshServer()
  if (server === undefined) {
    progress.say('  no OpenSSH server on this machine: the demo goes without its host "box"')
    return undefined
  }
  const own = join(folder, 'ssh')
  await mkdir(own, { mode: 0o700 })
  try {
    const host = await progress.step('OpenSSH, the demo\'s host box', () => startSshHost(server, own))
    stack.defer(() => host.stop())
    return host
  } catch (error) {
    progress.say(`  the demo goes without its host "box": ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

/** Whom the host is to trust; made by the gateway at its first start. */
async function targetAuthority(api: string): Promise<string> {
  const response = await fetch(new URL(routes.sshAuthorities, api))
  return SshAuthorities.parse(await response.json()).targetAuthority
}

/** One part that does not end must not keep the others from ending, nor the data from being removed. */
async function atMost(progress: Progress, part: string, ended: Promise<void>): Promise<void> {
  const late = new AbortController()
  const patience = sleep(STOP_TIMEOUT_MS, 'late', { signal: late.signal })
  if (await Promise.race([ended, patience]) === 'late') progress.say(`  ${part} did not end in ${STOP_TIMEOUT_MS / 1_000} s; going on without`)
  late.abort()
}

/**
 * The demo's document with what is only known now; everything else stays as it is written.
 * @param without names of targets that are not there, whose masks and rules go too
 */
async function fillIn(values: ReadonlyMap<readonly (string | number)[], unknown>, without: readonly string[]): Promise<string> {
  const document = parseDocument(await readFile(new URL('sallyport.yaml', import.meta.url), 'utf8'))
  for (const [path, value] of values) {
    if (!document.hasIn(path)) throw new Error(`demo/sallyport.yaml has no ${path.join('.')}`)
    document.setIn(path, value)
  }
  for (const name of without) {
    const { targets, ...holding } = document.toJS() as { targets: { name: string }[]; masks: Entry[]; rules: Entry[] }
    for (const at of [...targets.keys()].toReversed()) if (targets[at]?.name === name) document.deleteIn(['targets', at])
    for (const [list, entries] of [['masks', holding.masks], ['rules', holding.rules]] as const) {
      for (const at of [...entries.keys()].toReversed()) if (entries[at]?.targets?.includes(name) === true) document.deleteIn([list, at])
    }
  }
  return document.toString()
}
