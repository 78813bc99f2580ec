import net from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { CatalogSummary } from '../../governance/catalog-summary.ts'
import { AuthenticationError } from '../../governance/identity.ts'
import type { Operation } from '../../governance/operation.ts'
import type { Permit } from '../../governance/permit.ts'
import type { MaskEntry, TargetEntry } from '../../governance/policy/policy-document.ts'
import type { Refusal } from '../../governance/decision.ts'
import type { Preview } from '../../governance/review/preview.ts'
import { RecordingUnavailable } from '../../governance/recording/recordings.ts'
import type { Session } from '../../governance/session.ts'
import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import { loadParser } from '../../sql/statement-analyser.ts'
import { portOf, startListening } from '../listening.ts'
import type { AdapterServices, Listener, ListenOptions, ProtocolAdapter } from '../protocol-adapter.ts'
import { CancelKeys } from './cancel-keys.ts'
import { CatalogKeeper } from './catalog-keeper.ts'
import { cancelSecretBytes, ClientLogin, LoginRefused, type Greeting } from './client-login.ts'
import { Connection } from './connection.ts'
import { HandshakeEnded } from './handshake-reader.ts'
import { OperationContext } from './operation-context.ts'
import { PostgresSession } from './postgres-session.ts'
import { RelayState } from './relay-state.ts'
import { previewStatement } from './preview/preview-statement.ts'
import { reach } from './reach.ts'
import { readStartupSettings, type StartupSettings } from './startup-settings.ts'
import { replay } from './replay.ts'
import { OWN_SECRET, SessionLoginTargets } from './session-login/session-login-targets.ts'
import { postgresTarget, targetSchema, TLS_USE, type PostgresTarget } from './target.ts'
import { cancelUpstream, connectUpstream, TargetError, type Upstream } from './upstream.ts'
import { readTypesSection } from './wire/client-messages.ts'
import { BACKEND } from './wire/message-types.ts'
import { cstring, int32, message } from './wire/message-writer.ts'

const TARGET_TIMEOUT_MS = 15_000
const LIMITS = { maxFrameBytes: 64 * 1024 * 1024, maxInFlight: 10_000, maxRecordedParameterBytes: 1024 }

/** At once: whoever asks for many reviews must not load the target with them. */
const MAX_PREVIEWS = 8
const NO_PREVIEW: Preview = { method: 'none', rows: undefined, atMost: false, tables: [], sample: [], notes: ['Not previewed: too many others were being previewed.'] }

export const postgresAdapter: ProtocolAdapter = {
  name: 'postgres',
  defaultPort: 5432,
  streamless: true,
  targetSchema,
  replay,
  reach,
  async listen(services, options) {
    await loadParser()
    return new PostgresListener(services, options).listen()
  },
}

type Login = Extract<Greeting, { kind: 'login' }>

/** Both ends of a session that begins, and what is to be between them. */
interface Ends {
  readonly login: ClientLogin
  /** Of the protocol that the client speaks. */
  readonly version: number
  readonly target: PostgresTarget
  readonly upstream: Upstream
  readonly keeper: CatalogKeeper
  readonly shared: Pick<RelayState, 'session' | 'catalog' | 'waiting' | 'context' | 'preview'>
}

class PostgresListener implements Listener {
  readonly #services: AdapterServices
  readonly #options: ListenOptions
  readonly #tls: SecureContext | undefined
  readonly #server: net.Server
  readonly #cancelKeys = new CancelKeys()
  readonly #keepers = new Map<string, CatalogKeeper>()
  readonly #sessions = new Set<PostgresSession>()
  readonly #connections = new Set<Connection>()
  #previews = 0
  readonly #logins: SessionLoginTargets

  constructor(services: AdapterServices, options: ListenOptions) {
    this.#services = services
    this.#options = options
    this.#logins = new SessionLoginTargets(services, TARGET_TIMEOUT_MS)
    this.#tls = options.tls === undefined ? undefined : createSecureContext({ ...options.tls, minVersion: 'TLSv1.2' })
    this.#server = net.createServer({ pauseOnConnect: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, (socket) => void this.#accept(socket))
  }

  async listen(): Promise<Listener> {
    await startListening(this.#server, this.#options, this.#services.log)
    return this
  }

  get port(): number {
    return portOf(this.#server)
  }

  catalogOf(target: TargetEntry, masks: readonly MaskEntry[]): CatalogSummary | undefined {
    return this.#keepers.get(JSON.stringify(postgresTarget(target)))?.summary(masks)
  }

  async close(): Promise<void> {
    // Stops listening. Its callback would never come: the server waits for sockets whose handles others have taken over.
    this.#server.close()
    const gone = Array.from(this.#connections, (connection) => new Promise<void>((resolve) => connection.gone.add(resolve)))
    for (const session of this.#sessions) session.end('the gateway is shutting down')
    for (const connection of this.#connections) connection.end()
    for (const keeper of this.#keepers.values()) keeper.close()
    const stragglers = setTimeout(() => this.#connections.forEach((connection) => connection.destroy()), 2_000)
    await Promise.all(gone)
    clearTimeout(stragglers)
    await this.#logins.close()
  }

  async #accept(socket: net.Socket): Promise<void> {
    const connection = Connection.accepted(socket)
    if (this.#connections.size >= this.#options.maxConnections) {
      connection.end(new LoginRefused('53300', 'too many connections to the gateway', 'Close some and try again.').report, 500)
      return
    }
    this.#connections.add(connection)
    connection.gone.add(() => this.#connections.delete(connection))
    const login = new ClientLogin(connection, this.#tls)
    const deadline = setTimeout(() => login.fail(new HandshakeEnded('the login took too long')), this.#options.handshakeTimeoutMs)
    try {
      const greeting = await login.greet()
      // From here on everything has a limit of its own: verifying the credential, and reaching the target.
      clearTimeout(deadline)
      if (greeting.kind === 'cancel') {
        this.#cancelKeys.cancel(greeting.processId, greeting.secret)
        connection.end()
      } else await this.#open(login, greeting)
    } catch (error) {
      this.#refuse(connection, error)
    } finally {
      clearTimeout(deadline)
    }
  }

  #refuse(connection: Connection, error: unknown): void {
    if (error instanceof HandshakeEnded) return connection.destroy()
    if (error instanceof LoginRefused) return connection.end(error.report)
    if (error instanceof AuthenticationError) return connection.end(new LoginRefused('28P01', error.message, error.hint).report)
    if (error instanceof TargetError) return connection.end(new LoginRefused(error.code, error.message, error.hint).report)
    if (error instanceof RecordingUnavailable) return connection.end(new LoginRefused('58030', error.told, error.hint).report)
    if (error instanceof MalformedFrameError) return connection.end(new LoginRefused('08P01', error.message, 'Use a PostgreSQL client.').report)
    this.#services.log.error({ error }, 'a login failed by an internal error')
    connection.end(new LoginRefused('XX000', 'the gateway could not open the session', 'Tell an operator.').report)
  }

  async #open(login: ClientLogin, { startup, credential }: Login): Promise<void> {
    const { gatekeeper } = this.#services
    const { connection } = login
    const target = startup.parameters.get('database') ?? startup.parameters.get('user') ?? ''
    const asked = readStartupSettings(startup)
    let live: PostgresSession | undefined
    let endedEarly: string | undefined
    const session = await gatekeeper.open({
      protocol: 'postgres',
      credential,
      target,
      clientAddress: connection.remoteAddress,
      application: startup.parameters.get('application_name') ?? '',
      ...(asked.purpose !== undefined && { purpose: asked.purpose }),
      end: (reason) => {
        endedEarly = reason
        live?.end(reason)
      },
    })
    try {
      live = await this.#start(login, session, asked, startup.version)
      if (endedEarly !== undefined) live.end(endedEarly)
    } catch (error) {
      if (error instanceof TargetError) this.#services.log.warn({ target: session.target.name, session: session.id, error: error.message }, 'a target could not be opened')
      gatekeeper.close(session, error instanceof Error ? error.message : 'the session could not be opened')
      throw error
    }
  }

  async #start(login: ClientLogin, session: Session, asked: StartupSettings, version: number): Promise<PostgresSession> {
    if (asked.facts !== undefined) await this.#governSettings(session, asked, asked.facts)
    const target = postgresTarget(session.target)
    const settings = new Map(asked.settings)
    if (session.policy.readOnly) settings.set('default_transaction_read_only', 'on')
    const keeper = this.#keeper(target, session.target.name)
    const catalog = await keeper.use(session.policy.masks)
    const connecting = this.#connect(target, settings, session, 'session')
    try {
      const upstream = await Promise.race([connecting, login.failed])
      const shared = { session, catalog, waiting: asked.waiting, context: new OperationContext(asked.settings), preview: this.#previewer(target, settings, session) }
      return this.#relay({ login, version, target, upstream, keeper, shared })
    } catch (error) {
      keeper.release()
      // The client may have gone while the target was still being asked: the connection may come later.
      connecting.then(({ connection }) => connection.destroy(), () => undefined)
      throw error
    }
  }

  #relay({ login, version, target, upstream, keeper, shared }: Ends): PostgresSession {
    const { gatekeeper, maskKey, log } = this.#services
    const client = login.connection
    const cancel = () => this.#cancel(target, upstream, shared.session, 'a cancel request did not reach the target')
    if (!login.isDrained) throw new MalformedFrameError('messages came before the login was over')
    const key = this.#cancelKeys.register(upstream.processId, cancelSecretBytes(version), () => relay.cancel())
    const parameters = new Map(upstream.parameters)
    const state = new RelayState({ ...shared, client, upstream: upstream.connection, gatekeeper, hashKey: maskKey, limits: LIMITS, parameters })
    const relay: PostgresSession = new PostgresSession(state, log, cancel, () => {
      this.#cancelKeys.forget(key)
      this.#sessions.delete(relay)
      keeper.release()
    })
    this.#sessions.add(relay)
    const statuses = Array.from(parameters, ([name, value]) => message(BACKEND.parameterStatus, cstring(name), cstring(value)))
    const keyData = message(BACKEND.backendKeyData, int32(key.processId), key.secret)
    client.write(Buffer.concat([message(BACKEND.authentication, int32(0)), ...statuses, keyData, message(BACKEND.readyForQuery, 'I')]))
    return relay
  }

  /** Asks the target to stop what runs on a connection. Nobody waits for it. */
  #cancel(target: PostgresTarget, { processId, secret }: Pick<Upstream, 'processId' | 'secret'>, session: Session, failed: string): void {
    cancelUpstream(target, processId, secret, TARGET_TIMEOUT_MS).catch((error: unknown) => this.#services.log.warn({ session: session.id, error: String(error) }, failed))
  }

  /** Finds out what statements of a session would touch, each over a connection of its own. */
  #previewer(target: PostgresTarget, settings: ReadonlyMap<string, string>, session: Session): RelayState['preview'] {
    const { maskKey } = this.#services
    return async ({ text, analysis, portal, inTransaction }, how, { catalog, parameters }) => {
      if (this.#previews >= MAX_PREVIEWS) return NO_PREVIEW
      this.#previews++
      return previewStatement({
        connect: () => this.#connect(target, settings, session, 'preview'),
        cancel: (upstream) => this.#cancel(target, upstream, session, 'the preview of a statement could not be cancelled'),
        text, analysis, catalog, hashKey: maskKey, how, inTransaction, settings: parameters,
        parameters: portal && { types: readTypesSection(portal.prepared.parse), bind: portal.bind, parametersAt: portal.parametersAt, bindEnd: portal.bindEnd },
      }).finally(() => this.#previews--)
    }
  }

  /** Settings that are not harmless pass the same way as statements do. @throws LoginRefused */
  #governSettings(session: Session, asked: StartupSettings, facts: Operation['facts']): Promise<void> {
    const { gatekeeper } = this.#services
    const operation: Operation = { protocol: 'postgres', facts, text: asked.text, parameters: [] }
    return new Promise((resolve, reject) => {
      gatekeeper.govern(session, {
        operation,
        forward: (permit: Permit, number: number) => {
          permit.spend(operation)
          gatekeeper.finish(session, number, { result: 'completed', rows: 0, bytes: 0, durationMs: 0 })
          resolve()
        },
        refuse: ({ rule, message: text, hint }: Refusal) => reject(new LoginRefused('42501', `a setting at startup was refused by rule "${rule}": ${text}`, hint)),
      })
    })
  }

  /** A connection of a session: with a login of its own where the target is to have that. */
  async #connect(target: PostgresTarget, settings: ReadonlyMap<string, string>, session: Session, use: 'session' | 'preview'): Promise<Upstream> {
    const { name } = session.target
    const logins = this.#logins.of(target, name)
    if (logins === undefined) return this.#connectAsGateway(target, settings, name, session)
    const { upstream, user } = await logins.connect({ session: session.id, use }, settings)
    this.#services.gatekeeper.credentialUsed(session, { target: name, user, credential: OWN_SECRET, method: upstream.method, tls: TLS_USE[target.tls.mode] })
    return upstream
  }

  /** With the target's credential. @param session whose connection it is; absent for the gateway's own */
  async #connectAsGateway(target: PostgresTarget, settings: ReadonlyMap<string, string>, name: string, session?: Session): Promise<Upstream> {
    const { resolveSecret, gatekeeper } = this.#services
    const { user, password: credential } = target.credential
    const upstream = await connectUpstream(target, await resolveSecret(credential).catch(() => {
      throw new TargetError('08001', 'the credential of the target cannot be read')
    }), settings, TARGET_TIMEOUT_MS)
    gatekeeper.credentialUsed(session, { target: name, user, credential, method: upstream.method, tls: TLS_USE[target.tls.mode] })
    return upstream
  }

  #keeper(target: PostgresTarget, name: string): CatalogKeeper {
    const key = JSON.stringify(target)
    const known = this.#keepers.get(key)
    if (known !== undefined) return known
    this.#closeDropped()
    const settings = new Map([['application_name', 'sallyport catalog'], ['client_encoding', 'UTF8'], ['default_transaction_read_only', 'on']])
    const keeper = new CatalogKeeper(() => this.#connectAsGateway(target, settings, name), this.#services.log, this.#options.maxStatementBytes)
    this.#keepers.set(key, keeper)
    return keeper
  }

  /** What a policy has dropped or changed since is of no use any more: there are never more than targets, and one. */
  #closeDropped(): void {
    const inForce = new Set(this.#services.targets().filter(({ protocol }) => protocol === 'postgres').map((entry) => JSON.stringify(postgresTarget(entry))))
    for (const [key, keeper] of this.#keepers) {
      if (inForce.has(key) || !keeper.isIdle) continue
      keeper.close()
      this.#keepers.delete(key)
    }
  }
}
