import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { fileURLToPath } from 'node:url'
import pino from 'pino'
import { isLoopback } from '@sallyport/contract'
import { agentServices } from './administer-agents.ts'
import { administerPolicy } from './administer-policy.ts'
import { administerTargets } from './administer-targets.ts'
import type { ProtocolListener } from './api/api-services.ts'
import { createApi } from './api/create-api.ts'
import { serveApi } from './api/serve-api.ts'
import { closeAll } from './close-all.ts'
import type { Config } from './config/index.ts'
import { certification } from './governance/certificates/certificate-writer.ts'
import { newerKeyState } from './governance/issuer-key-state.ts'
import { Governor } from './governance/govern-exchange.ts'
import { SessionLogins } from './governance/logins/session-logins.ts'
import { encodeGatewayStarted, encodeGatewayStopped, encodeLedgerRecovered, encodeTokenRevoked } from './governance/recording/events.ts'
import { Locks } from './governance/locks/locks.ts'
import { followPolicy } from './governance/policy/follow-policy.ts'
import { recordIfPossible } from './governance/recording/record-if-possible.ts'
import { IndexHistory } from './governance/review/index-history.ts'
import { Reviews } from './governance/review/reviews.ts'
import { SessionEndings } from './governance/session-endings.ts'
import { Sessions } from './governance/sessions.ts'
import { IssuerDeviceLogins } from './identity/device/issuer-device-logins.ts'
import { IdentityService } from './identity/identity-service.ts'
import { SamlLogins } from './identity/saml/saml-logins.ts'
import { ConsoleLogin } from './identity/web/console-login.ts'
import { LoginTransactions } from './identity/web/login-transactions.ts'
import { OidcLogin } from './identity/web/oidc-login.ts'
import { WebSessions } from './identity/web/web-sessions.ts'
import type { LedgerLog } from './ledger/ledger-log.ts'
import { verifierPath } from './ledger/layout.ts'
import { LogReader } from './ledger/log-reader.ts'
import { makeBundle } from './ledger/make-bundle.ts'
import { openLedger } from './ledger/open-ledger.ts'
import { openState, readConfig } from './open-state.ts'
import { ownAuthorities, ownMaskKey } from './own-secrets.ts'
import { earlierPolicy, recordPolicies } from './record-policies.ts'
import { readSessions } from './read-sessions.ts'
import { openPolicy } from './open-policy.ts'
import { openRecordings } from './open-recordings.ts'
import { protocols } from './protocols.ts'
import { ProtocolListeners } from './protocol-listeners.ts'
import type { AdapterServices } from './protocols/protocol-adapter.ts'
import { tellOfGateway } from './tell-of-gateway.ts'
import { tellOfReviews } from './tell-of-reviews.ts'
import { type LedgerWatch, watchLedger } from './watch-ledger.ts'
import { warnOfReferences } from './warn-of-references.ts'

const VERSION = '0.1.0'
/** How long the end waits for receivers of webhooks. */
const TELL_BEFORE_END_MS = 2_000
/** The built console, beside the gateway: `npm run build -w console` makes it. */
const CONSOLE_FOLDER = fileURLToPath(new URL('../../console/dist', import.meta.url))

export interface GatewayOptions {
  /** The configuration document, YAML. */
  readonly configText: string
  /** Secrets to seal into the vault before anything else happens, by name. */
  readonly secrets?: Readonly<Record<string, string>>
  /** Default `info`, to standard error. */
  readonly logLevel?: 'silent' | 'error' | 'warn' | 'info'
}

export interface RunningGateway {
  readonly apiUrl: string
  readonly listeners: Readonly<Record<string, { readonly host: string; readonly port: number }>>
  readonly ledgerDirectory: string
  /** Ends all sessions, writes what waits, and closes everything. Safe to call twice. */
  close(): Promise<void>
}

/**
 * Starts a gateway in this process.
 * @throws ConfigurationError; whatever storage, ledger, vault or a listener fails with
 */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const config = readConfig(options.configText)
  const closing: (() => Promise<void>)[] = []
  const close = once(() => closeAll(closing))
  try {
    return { ...(await compose(config, options, closing)), close }
  } catch (error) {
    // Why it could not start matters more than what could not be closed afterwards.
    await close().catch(() => undefined)
    throw error
  }
}

/** Puts the parts together. Each leaves in `closing` how to undo it; they are closed in the opposite order. */
async function compose(config: Config, options: GatewayOptions, closing: (() => Promise<void>)[]): Promise<Omit<RunningGateway, 'close'>> {
  const { gateway } = config
  const log = pino({ level: options.logLevel ?? 'info', name: 'sallyport', serializers: { error: stackAlone } }, pino.destination({ fd: 2, sync: true }))
  const { location, gateway: gatewayId, storage, vault, recordingKeys, secretOf } = await openState(config, (message) => log.warn({}, message), true)
  closing.push(() => storage.close())
  const closed = await vault.reseal()
  if (closed.length > 0) log.warn({ secrets: closed }, 'secrets in the vault do not open: their master key is not at hand, or their records were changed')
  for (const [name, secret] of Object.entries(options.secrets ?? {})) await vault.seal(name, secret)

  if (!existsSync(join(CONSOLE_FOLDER, 'index.html'))) log.warn({}, 'the console is not built and not served; build it with: npm run build -w console')

  const earlier = await earlierPolicy(storage, log)
  const policies = await openPolicy(config, storage, gatewayId, log)
  const ledgerDirectory = join(gateway.dataDir, 'ledger')
  const { ledger, watch, verifierKey } = await openRecording(config, ledgerDirectory, policies.current.version, log, closing, secretOf)
  recordPolicies(policies, config.policyText, earlier, ledger)

  const { recordings, kept, readStream } = await openRecordings({ config, state: { storage, recordingKeys }, ledger, policies, log, closing })

  const onError = (error: Error, message: string) => log.warn({ error: error.message }, message)
  const webSessions = new WebSessions({ store: storage.webSessions, policies, locks: { on: (who, target) => locks.on(who, target) }, ...gateway.console })
  const locks = new Locks({
    store: storage.locks, signals: storage.signals, ledger, now: Date.now, onError,
    endSessions: (covers, reason) => sessions.endWhere(({ admission, target }) => covers(admission.identity, target.name), reason),
    shutOut: async (covers, reason) => {
      await webSessions.endWhere(covers)
      await reviews.shutOut(covers, reason)
    },
  })
  const identity = new IdentityService({ policies, tokens: storage.sessionTokens, locks, sessionTokenTtlMs: gateway.limits.tokenLifetimeMs })
  const reading = readSessions({ storage: location, ledger, directory: ledgerDirectory, verifierKey, readStream, log })
  closing.push(() => reading.close())

  const channel = tellOfReviews({ settings: gateway.reviews, reviewsOpen: () => storage.reviews.listOpen(), secretOf, ledger, log })
  closing.push(async () => {
    const untold = await channel.close(TELL_BEFORE_END_MS)
    if (untold.size > 0) log.warn({ untold: Object.fromEntries(untold) }, 'some were not told of reviews before the end')
  })
  const reviews = new Reviews({
    store: storage.reviews, signals: storage.signals, ledger, channels: [channel], policies, history: new IndexHistory(reading), locks,
    endSessions: ({ id }, reason) => sessions.endWhere(({ grants }) => grants.some((grant) => grant.id === id), reason),
    now: Date.now, onError,
  })
  const sessions = new Sessions({ policies, authenticator: identity, ledger, store: storage.sessions, recordings, reviews, locks, maxSessionMs: gateway.limits.sessionLifetimeMs, now: Date.now })
  const endings = new SessionEndings({ sessions, store: storage.sessionEndings, tokens: storage.sessionTokens, signals: storage.signals, onError })
  await reviews.start()
  closing.push(() => reviews.close())
  await locks.start()
  closing.push(() => locks.close())
  endings.start()
  closing.push(() => endings.close())
  closing.push(followPolicy({ policies, signals: storage.signals, onError: (error) => log.error({ error }, 'a policy that another gateway applied cannot be put in force here; it is tried again') }))
  identity.onRevoked((ids) => {
    const ended = sessions.endByToken(ids, 'its token was revoked')
    recordIfPossible(ledger, encodeTokenRevoked(ids, ended, Date.now()))
    for (const id of ids) storage.signals.tell({ what: 'token', id })
  })
  const governor = new Governor({
    ledger, sessions, reviews,
    // Why not is told by whoever follows policies all the time.
    followPolicy: () => policies.follow().catch(() => undefined),
    onError: (error, session, message) => log.error({ error, session: session.id }, message),
  })

  const tls = gateway.tls === undefined ? undefined : usableTls({ cert: await secretOf(gateway.tls.cert), key: await secretOf(gateway.tls.key) })
  const maskKey = await ownMaskKey(vault)
  const authorities = await ownAuthorities(vault)
  const deviceLogins = new IssuerDeviceLogins({ policies })
  const services: AdapterServices = {
    gatekeeper: governor, resolveSecret: secretOf, maskKey, authorities, deviceLogins,
    logins: new SessionLogins(storage.sessionLogins, ledger), targets: () => policies.current.document.targets, log,
  }
  const limits = { maxConnections: gateway.limits.connections, maxStatementBytes: gateway.limits.statementBytes, handshakeTimeoutMs: gateway.limits.handshakeTimeoutMs }
  const listeners = await ProtocolListeners.open({
    adapters: protocols, addresses: gateway.protocols, policies, log,
    open: (adapter, address) => adapter.listen(services, { ...address, ...limits, ...(tls && { tls }) }),
  })
  closing.push(() => listeners.close())

  const served: { url?: string } = {}
  const origin = () => gateway.console.url ?? (isLoopback(gateway.api.host) ? served.url : undefined)
  const transactions = new LoginTransactions(storage.loginTransactions)
  const oidc = new OidcLogin({ policies, transactions, origin, secretOf })
  const samlLogin = new SamlLogins({ policies, transactions, used: storage.usedAssertions, origin, secretOf, beginSession: (login) => webSessions.begin(login) })

  const api = await serveApi(
    createApi({
      identification: identity,
      tokenExchange: identity,
      certification: (protocol) => {
        const writer = protocols.find(({ name }) => name === protocol)?.certificates
        return writer === undefined || !listeners.all.has(protocol) ? undefined : certification(writer, authorities)
      },
      webLogin: new ConsoleLogin({ oidc, saml: samlLogin, sessions: webSessions, origin }),
      samlLogin,
      revoke: (tokenId) => identity.revoke(tokenId),
      revokeHeld: (token) => identity.revokeHeld(token),
      locks,
      policies,
      policyAdministration: administerPolicy(policies, storage),
      targets: administerTargets({ policies, storage, listener: (protocol) => listeners.all.get(protocol)?.listener, lent: { resolveSecret: secretOf, authorities }, log }),
      sessions: storage.sessions,
      holds: storage.holds,
      agents: agentServices({ policies, storage, rules: reading, ledger, locks: () => storage.locks.list(), onError }),
      endSession: (id, reason) => endings.end(id, reason),
      reading,
      reviews,
      reviewStore: storage.reviews,
      signals: storage.signals,
      channels: channel,
      ledger,
      ledgerReader: new LogReader(ledgerDirectory, verifierKey),
      makeBundle: (session, kind) => makeBundle(session, {
        directory: ledgerDirectory, verifierKey, store: kept.store, keys: kind === 'sealed' ? 'left out' : kept.keys, sign: (text) => ledger.sign(text),
      }),
      verifierKey,
      ledgerStatus: () => watch.status,
      listeners: () => Array.from(listeners.all, ([protocol, { host, port, names }]): ProtocolListener => ({ protocol, host, port, names, tls: tls !== undefined })),
      gateways: { self: gatewayId, list: () => storage.gateways.list() },
      issuerKeys: (issuer) => newerKeyState(identity.verifier.keyState(issuer), oidc.keyState(issuer)),
      version: VERSION,
      consoleFolder: CONSOLE_FOLDER,
      log,
    }),
    // On loopback nobody can listen in, and a certificate of the gateway's own would have to be told to every client.
    { ...gateway.api, ...(tls !== undefined && !isLoopback(gateway.api.host) && { tls }) },
  )
  served.url = api.url
  closing.push(() => api.close())
  await channel.start()
  closing.push(await tellOfGateway({ id: gatewayId, version: VERSION, policyVersion: () => policies.current.version, table: storage.gateways, onError }))
  log.info({ api: api.url, policy: policies.current.version }, 'the gateway is ready')
  await warnOfReferences(policies.current.document.targets, secretOf, log)
  return { apiUrl: api.url, ledgerDirectory, listeners: Object.fromEntries(Array.from(listeners.all, ([name, { host, port }]) => [name, { host, port }])) }
}

async function openRecording(
  config: Config, directory: string, policyVersion: number, log: pino.Logger, closing: (() => Promise<void>)[],
  secretOf: (reference: string) => Promise<string>,
): Promise<{ ledger: LedgerLog; watch: LedgerWatch; verifierKey: string }> {
  let faultSince: number | undefined
  let lastError = ''
  const opened = await openLedger({
    directory,
    origin: 'sallyport.local/ledger',
    durability: config.gateway.ledger.durability,
    onCallerError: (error) => log.error({ error }, 'whoever waited for a write of the ledger failed by an internal error'),
    onFault: (change) => {
      if (change.healthy) {
        log.info({}, 'the ledger can be written again')
        opened.log.append(encodeLedgerRecovered(faultSince ?? Date.now(), lastError, Date.now()))
        return
      }
      faultSince = Date.now()
      lastError = change.error.message
      log.error({ error: lastError }, 'the ledger cannot be written: nothing is passed on until it can')
    },
  })
  const { log: ledger, recovery } = opened
  if (recovery.tornBytes > 0 || recovery.adopted > 0) log.warn(recovery, 'the ledger was recovered after a crash')
  const verifierKey = await readFile(verifierPath(directory), 'utf8')
  const watch = watchLedger({ ledger, directory, verifierKey, anchors: config.gateway.ledger.anchors, secretOf, log })
  closing.push(() => watch.close())
  closing.push(async () => {
    await watch.stop()
    recordIfPossible(ledger, encodeGatewayStopped('asked to', Date.now()))
    await ledger.close()
  })
  ledger.append(encodeGatewayStarted({ software: `sallyport ${VERSION}`, policyVersion, adopted: recovery.adopted, tornBytes: recovery.tornBytes }, Date.now()))
  return { ledger, watch, verifierKey }
}

/** OpenSSL's own words do not say what they are about. */
function usableTls(tls: { readonly cert: string; readonly key: string }): { readonly cert: string; readonly key: string } {
  try {
    createSecureContext(tls)
    return tls
  } catch (error) {
    throw new Error(`gateway.tls: certificate and key cannot be used: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** What else an error carries may be of a client or a target. */
function stackAlone(error: unknown): unknown {
  return error instanceof Error ? error.stack : error
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => (result ??= work())
}
