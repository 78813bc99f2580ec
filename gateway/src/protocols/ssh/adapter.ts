import net from 'node:net'
import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import { AuthenticationError, type ProvedToken } from '../../governance/identity.ts'
import { RecordingUnavailable } from '../../governance/recording/recordings.ts'
import type { Session } from '../../governance/session.ts'
import { loadShellParser } from '../../shell/analyse-command.ts'
import { portOf, startListening } from '../listening.ts'
import type { AdapterServices, Listener, ListenOptions, ProtocolAdapter } from '../protocol-adapter.ts'
import { sshCertificates } from './certificate-writer.ts'
import { ClientLogin } from './client-login.ts'
import { HostCertificate } from './host-certificate.ts'
import { message } from './messages.ts'
import { HandshakeFailed, PayloadReader } from './payload-reader.ts'
import { reach } from './reach.ts'
import { plain } from './refusal-words.ts'
import { replay } from './replay.ts'
import { SshSession } from './ssh-session.ts'
import { sshTarget, targetSchema } from './target.ts'
import type { Agreement } from './transport/roles.ts'
import { SshTransport } from './transport/ssh-transport.ts'
import { connectUpstream, TargetError, type Upstream } from './upstream.ts'
import { DISCONNECT, MESSAGE } from './wire/message-numbers.ts'
import { privateKeyOf, type PrivateKey } from './wire/private-key.ts'

const TARGET_TIMEOUT_MS = 15_000
/** People look for a token, or log in with a browser, before they answer. */
const LOGIN_TIMEOUT_MS = 300_000
const TURNED_AWAY_MS = 500
const MAX_APPLICATION = 100

export const sshAdapter: ProtocolAdapter = {
  name: 'ssh',
  defaultPort: 22,
  defaultListenPort: 2222,
  encryptsItself: true,
  targetSchema,
  certificates: sshCertificates,
  replay,
  reach,
  async listen(services, options) {
    await loadShellParser()
    return new SshListener(services, options).listen()
  },
}

interface Opened {
  readonly session: Session
  readonly upstream: Upstream
  /** How to end it, once it is running. */
  readonly attach: (end: (reason: string) => void) => void
}

class SshListener implements Listener {
  readonly #services: AdapterServices
  readonly #options: ListenOptions
  readonly #hostKey: PrivateKey
  readonly #hostCertificate: HostCertificate
  readonly #server: net.Server
  readonly #sockets = new Set<net.Socket>()
  readonly #sessions = new Set<SshSession>()

  constructor(services: AdapterServices, options: ListenOptions) {
    this.#services = services
    this.#options = options
    this.#hostKey = privateKeyOf(services.authorities.hostKey)
    this.#hostCertificate = new HostCertificate(services.authorities, options.names)
    this.#server = net.createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, (socket) => void this.#accept(socket))
  }

  async listen(): Promise<Listener> {
    await startListening(this.#server, this.#options, this.#services.log)
    return this
  }

  get port(): number {
    return portOf(this.#server)
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    const ended = [...this.#sessions].map((session) => {
      session.end('the gateway is shutting down')
      return session.gone
    })
    await Promise.all(ended)
    const stragglers = setTimeout(() => this.#sockets.forEach((socket) => socket.destroy()), this.#sessions.size === 0 ? 100 : 2_000)
    await closed
    clearTimeout(stragglers)
  }

  async #accept(socket: net.Socket): Promise<void> {
    if (this.#sockets.size >= this.#options.maxConnections) return turnAway(socket)
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    const clientAddress = socket.remoteAddress ?? ''
    const hostCertificate = this.#hostCertificate.current()
    const transport = new SshTransport(socket, { role: 'server', hostKey: this.#hostKey, ...(hostCertificate && { hostCertificate }) })
    const reader = new PayloadReader(transport)
    const late = (): void => {
      reader.fail(new HandshakeFailed('the login took too long'))
      transport.destroy()
    }
    let deadline = setTimeout(late, this.#options.handshakeTimeoutMs)
    let isReady = false
    try {
      const agreement = await transport.ready
      isReady = true
      clearTimeout(deadline)
      deadline = setTimeout(late, LOGIN_TIMEOUT_MS)
      await this.#logIn(transport, reader, agreement, clientAddress)
    } catch (error) {
      this.#refuse(transport, error, isReady)
    } finally {
      clearTimeout(deadline)
    }
  }

  async #logIn(transport: SshTransport, reader: PayloadReader, { sessionId, peerVersion }: Agreement, clientAddress: string): Promise<void> {
    const { authorities, deviceLogins, gatekeeper } = this.#services
    const application = plain(peerVersion.replace(/^SSH-2\.0-/, '')).slice(0, MAX_APPLICATION)
    const login = new ClientLogin({
      transport, reader, sessionId, authorities, deviceLogins, clientAddress,
      refused: (target, reason) => gatekeeper.loginRefused({ protocol: 'ssh', target, clientAddress, application }, reason),
    })
    const opened = await login.run((target, credential) => this.#open(reader, target, credential, clientAddress, application))
    if (!reader.isDrained) {
      gatekeeper.close(opened.session, 'messages came before the login was over')
      opened.upstream.transport.destroy()
      throw new MalformedFrameError('messages came before the login was over')
    }
    this.#relay(transport, opened)
  }

  /** @throws AuthenticationError; TargetError; RecordingUnavailable; HandshakeFailed */
  async #open(reader: PayloadReader, target: string, credential: string | ProvedToken, clientAddress: string, application: string): Promise<Opened> {
    const { gatekeeper, resolveSecret, authorities } = this.#services
    let end: ((reason: string) => void) | undefined
    let endedEarly: string | undefined
    const session = await gatekeeper.open({
      protocol: 'ssh', credential, target, clientAddress, application,
      end: (reason) => {
        endedEarly = reason
        end?.(reason)
      },
    })
    try {
      const settings = sshTarget(session.target)
      const connecting = connectUpstream(settings, { resolveSecret, authorities, session: session.id, identity: session.admission.identity.name }, TARGET_TIMEOUT_MS)
      const upstream = await Promise.race([connecting, reader.failed]).catch((error: unknown) => {
        // The client may have gone while the target was still being asked: the connection may come later.
        connecting.then(({ transport }) => transport.destroy(), () => undefined)
        throw error
      })
      const { credential: used } = settings
      const reference = 'password' in used ? used.password : 'key' in used ? used.key : OWN_SECRET
      gatekeeper.credentialUsed(session, { target: session.target.name, user: used.user, credential: reference, method: upstream.method, tls: 'verified' })
      return {
        session, upstream,
        attach: (ending) => {
          end = ending
          if (endedEarly !== undefined) ending(endedEarly)
        },
      }
    } catch (error) {
      if (error instanceof TargetError) this.#services.log.warn({ target: session.target.name, session: session.id, error: error.message }, 'a target could not be opened')
      gatekeeper.close(session, error instanceof Error ? error.message : 'the session could not be opened')
      throw error
    }
  }

  #relay(client: SshTransport, { session, upstream, attach }: Opened): void {
    const { gatekeeper, log, maskKey } = this.#services
    const { environment, limits, endPrograms } = sshTarget(session.target)
    const relay: SshSession = new SshSession({
      client, target: upstream.transport, session, gatekeeper, log, maskKey, environment,
      maxStatementBytes: this.#options.maxStatementBytes, maxChannels: limits.channels, endByShell: endPrograms === 'shell',
    }, () => this.#sessions.delete(relay))
    this.#sessions.add(relay)
    attach((reason) => relay.end(reason))
  }

  #refuse(transport: SshTransport, error: unknown, isReady: boolean): void {
    if (error instanceof HandshakeFailed) return transport.disconnect(DISCONNECT.noMoreAuthMethods, error.message)
    if (error instanceof TargetError) return leave(transport, error.message, error.hint)
    if (error instanceof AuthenticationError) return leave(transport, error.message, error.hint)
    if (error instanceof RecordingUnavailable) return leave(transport, error.told, error.hint)
    if (error instanceof MalformedFrameError) return transport.disconnect(DISCONNECT.protocolError, error.message)
    // The connection failed by itself: the transport has said why where there was somebody to tell.
    if (!isReady) return transport.destroy()
    this.#services.log.error({ error }, 'a login failed by an internal error')
    leave(transport, 'the gateway could not open the session', 'Tell an operator.')
  }
}

/** Says that there are too many. A client that stays nevertheless, or goes on sending, is not waited for. */
function turnAway(socket: net.Socket): void {
  socket.on('error', () => undefined)
  // Before the version of the protocol a server may say what it likes (RFC 4253 section 4.2).
  socket.end('sallyport: too many connections to the gateway; close some and try again\r\n')
  socket.resume()
  setTimeout(() => socket.destroy(), TURNED_AWAY_MS).unref()
}

/** How the credential of targets that trust this installation's authority is named on record. */
const OWN_SECRET = 'certificate of the gateway'

/** Says why in words that clients show, and closes. */
function leave(transport: SshTransport, words: string, hint: string): void {
  transport.send(message(MESSAGE.userauthBanner, `sallyport: ${plain(words)}\r\nsallyport: ${plain(hint)}\r\n`, ''))
  transport.disconnect(DISCONNECT.byApplication, `${words.replace(/\.$/, '')}. ${hint}`)
}
