import type { z } from 'zod'
import type { CatalogSummary } from '../governance/catalog-summary.ts'
import type { CertificateAuthorities } from '../governance/certificates/certificate-authorities.ts'
import type { CertificateWriter } from '../governance/certificates/certificate-writer.ts'
import type { DeviceLogins } from '../governance/device-logins.ts'
import type { Gatekeeper } from '../governance/gatekeeper.ts'
import type { SessionLogins } from '../governance/logins/session-logins.ts'
import type { MaskEntry, TargetEntry } from '../governance/policy/policy-document.ts'
import type { ReplayItem, StreamChunk } from '../governance/recording/stream.ts'

/** What the gateway knows of a protocol before any client talks it. One line in `protocols.ts` registers it. */
export interface ProtocolAdapter {
  readonly name: string
  /** Default port of a target. */
  readonly defaultPort: number
  /** Where it listens by default; the target's port and 10,000 when absent. */
  readonly defaultListenPort?: number
  /** It needs no TLS below it to keep tokens from being read on their way. */
  readonly encryptsItself?: boolean
  /** Settings of a target of this protocol, besides name, protocol and labels. Strict: an unknown key is an error. */
  readonly targetSchema: z.ZodObject
  /** True when what it answers has no text streams, so that masks by detectors never hold. */
  readonly streamless?: true
  /** How clients get certificates to log in with; absent where the protocol knows none. */
  readonly certificates?: CertificateWriter
  /**
   * Connects to a target and logs in once, as sessions do, and goes again. Absent where that cannot be tried.
   * @returns what was reached, in words
   * @throws NotReached; whatever `resolveSecret` throws
   */
  readonly reach?: (target: TargetEntry, lent: Pick<AdapterServices, 'resolveSecret' | 'authorities'>, timeoutMs: number) => Promise<string>
  /** Opens the listener; resolves once clients can connect. */
  listen(services: AdapterServices, options: ListenOptions): Promise<Listener>
  /** Puts a recorded stream of this protocol into words. Never throws on what was recorded. */
  replay(chunks: AsyncIterable<StreamChunk>): AsyncIterable<ReplayItem>
}

/** A target could not be reached, or did not let the gateway in. The words are fit to be shown, and hold no secret. */
export class NotReached extends Error {
  override readonly name = 'NotReached'
}

/** What the core lends to an adapter. */
export interface AdapterServices {
  readonly gatekeeper: Gatekeeper
  /** Reads a credential reference (`vault:`, `env:`, `file:`) at the moment of use. */
  readonly resolveSecret: (reference: string) => Promise<string>
  /** Key of the `hash` mask: secret of this installation, the same in all its protocols. */
  readonly maskKey: Uint8Array
  /** Keeps which logins were made for one session each, so that none stays. */
  readonly logins: SessionLogins
  /** Keys for certificates, of this installation. */
  readonly authorities: CertificateAuthorities
  /** Lets people log in with a browser elsewhere. */
  readonly deviceLogins: DeviceLogins
  /** Those of the policy in force, of all protocols. */
  readonly targets: () => readonly TargetEntry[]
  readonly log: Log
}

export interface Log {
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

export interface ListenOptions {
  readonly host: string
  readonly port: number
  /** Names and addresses by which clients reach the listener: a certificate of its own vouches for these and no others. */
  readonly names: readonly string[]
  /** PEM; without it only loopback clients may log in. */
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly maxConnections: number
  /** Statements longer than this many bytes are not analysed: they are unknown. */
  readonly maxStatementBytes: number
  /** From the first byte to the end of the login. */
  readonly handshakeTimeoutMs: number
}

export interface Listener {
  readonly port: number
  /**
   * What is kept of a target's catalog, with the columns that these masks hold for; undefined when no session has had it
   * read. Asks no target. Absent where the protocol keeps none.
   */
  catalogOf?(target: TargetEntry, masks: readonly MaskEntry[]): CatalogSummary | undefined
  /** Stops accepting, ends what is open, resolves when all is closed. */
  close(): Promise<void>
}
