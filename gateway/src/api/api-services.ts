import type { LedgerStatus, PolicySchema, PolicyVersion, PolicyVersionSummary, Problem, TargetProblem } from '@sallyport/contract'
import type { CatalogSummary } from '../governance/catalog-summary.ts'
import type { GatewayState } from '../governance/gateway-state.ts'
import type { IssuerKeyState } from '../governance/issuer-key-state.ts'
import type { LockAdministration } from '../governance/locks/lock.ts'
import type { AgentInventory } from '../governance/agents/agent-inventory.ts'
import type { AgentRegistry } from '../governance/agents/agent-registry.ts'
import type { CampaignStore } from '../governance/agents/campaign.ts'
import type { Campaigns } from '../governance/agents/campaigns.ts'
import type { Certification } from '../governance/certificates/certificate-writer.ts'
import type { EditedPolicy } from '../governance/policy/edited-policy.ts'
import type { PolicyDocument, TargetEntry } from '../governance/policy/policy-document.ts'
import type { PolicySource } from '../governance/policy/policy.ts'
import type { Ledger } from '../governance/recording/ledger.ts'
import type { LedgerReader } from '../governance/recording/ledger-reader.ts'
import type { SessionReading } from '../governance/recording/session-reading.ts'
import type { HoldStore } from '../governance/recording/retention-store.ts'
import type { SessionStore } from '../governance/recording/session-store.ts'
import type { ChangeSignals } from '../governance/review/change-signals.ts'
import type { ReviewChannels } from '../governance/review/channel-state.ts'
import type { ReviewAdministration } from '../governance/review/review-desk.ts'
import type { ReviewStore } from '../governance/review/review-store.ts'
import type { Identification, TokenExchange } from '../governance/token-exchange.ts'
import type { SamlLogin } from '../governance/saml-login.ts'
import type { WebLogin } from '../governance/web-sessions.ts'

/** What the composition root lends to the control API. */
export interface ApiServices {
  readonly identification: Identification
  readonly tokenExchange: TokenExchange
  /** Certificates to log in with, by protocol; undefined where it is not spoken here, or knows none. */
  readonly certification: (protocol: string) => Certification | undefined
  /** People at the console; nobody logs in there when absent. */
  readonly webLogin?: WebLogin
  readonly samlLogin?: SamlLogin
  /** Makes a token unusable, with the sessions that it opened. @returns ids of all tokens that are, itself the first */
  readonly revoke: (tokenId: string) => Promise<readonly string[]>
  /** The same for whoever holds a session token. */
  readonly revokeHeld: (token: string) => Promise<void>
  readonly locks: LockAdministration
  readonly policies: PolicySource
  readonly policyAdministration: PolicyAdministration
  readonly targets: TargetAdministration
  readonly sessions: Pick<SessionStore, 'list' | 'get'>
  /** Ends an open session at once, whichever gateway has it. @returns `asked` when that gateway has not confirmed it yet */
  readonly endSession: (id: string, reason: string) => Promise<'ended' | 'asked' | 'not-open'>
  readonly reading: SessionReading
  readonly holds: HoldStore
  readonly agents: AgentServices
  readonly reviews: ReviewAdministration
  /** For reading only: whatever changes goes through `reviews`. */
  readonly reviewStore: Pick<ReviewStore, 'get' | 'list' | 'getGrant' | 'listGrants'>
  readonly signals: Pick<ChangeSignals, 'onChange' | 'onGap'>
  readonly channels: ReviewChannels
  readonly ledger: Ledger
  readonly ledgerReader: LedgerReader
  /** All that the ledger holds of a session and its recording, as an archive that proves itself. Undefined when that is nothing. */
  readonly makeBundle: (session: string, kind: 'sealed' | 'with-key') => Promise<AsyncIterable<Uint8Array> | undefined>
  /** The ledger's public key as a C2SP verifier key. */
  readonly verifierKey: string
  readonly ledgerStatus: () => LedgerStatus
  /** Those that share the state, and which one this is. */
  readonly gateways: { readonly self: string; list(): Promise<readonly GatewayState[]> }
  /** By the identifier of the issuer; undefined when its keys were not wanted yet. */
  readonly issuerKeys: (issuer: string) => IssuerKeyState | undefined
  /** Where each protocol listens. */
  readonly listeners: () => readonly ProtocolListener[]
  readonly version: string
  /** Of the built console; none is served when absent, or not there. */
  readonly consoleFolder?: string
  readonly log: ApiLog
}

/** What the control API needs of registered agents. */
export interface AgentServices {
  readonly inventory: AgentInventory
  readonly registry: AgentRegistry
  /** Access reviews. */
  readonly reviews: Campaigns
  /** For reading only: whatever changes goes through `reviews`. */
  readonly campaigns: Pick<CampaignStore, 'get' | 'list'>
}

export interface PolicyAdministration {
  /** That version; the newest when none is named. */
  read(version?: number): Promise<PolicyVersion | undefined>
  /** The newest first. @param page.before only versions older than this one */
  list(page: { readonly limit: number; readonly before?: number }): Promise<readonly PolicyVersionSummary[]>
  /** What would keep a document from coming into force. Changes nothing. */
  check(text: string): readonly Problem[]
  /** The document as JSON Schema. */
  schema(): PolicySchema
  /** Masks of a document, of the one in force when none is given; undefined when that document is wrong. */
  masks(text?: string): PolicyDocument['masks'] | undefined
  /** Puts a document in force. A wrong one changes nothing. */
  apply(text: string, appliedBy: string): Promise<PolicyApplication>
}

export type PolicyApplication =
  | { readonly applied: true; readonly version: number }
  | { readonly applied: false; readonly problems: readonly Problem[] }

/** Targets before they stand in the document. Entries come from a caller as plain data. */
export interface TargetAdministration {
  /** Every protocol, with the JSON Schema of a target's entry. */
  protocols(): readonly { readonly name: string; readonly defaultPort: number; readonly testable: boolean; readonly schema: object }[]
  /** An entry by itself, whether or not the document has one of that name. */
  read(entry: unknown): { readonly entry: TargetEntry } | { readonly problems: readonly TargetProblem[] }
  /** What an addition would come to. Changes nothing. */
  draft(entry: unknown): Promise<TargetDraft>
  /** Puts a version of the document in force that has the entry too. @throws PolicyMoved; EditRefused */
  add(entry: unknown, by: string, expected?: number): Promise<EditedPolicy>
  /** How many sessions are open at each target, and how many logins are there that were made for sessions. */
  use(): Promise<{ readonly openSessions: ReadonlyMap<string, number>; readonly logins: ReadonlyMap<string, number> }>
  /** What this gateway keeps of the catalogs of these; not of those whose protocol has none. Asks no target. */
  catalogs(targets: readonly TargetEntry[]): readonly { readonly name: string; readonly catalog: CatalogSummary | undefined }[]
  /** Connects and logs in, one at a time; `busy` while another is tried. Never throws. */
  test(entry: TargetEntry): Promise<TargetTrial | 'busy'>
}

export interface TargetDraft {
  /** The newest version. */
  readonly version: number
  readonly problems: readonly TargetProblem[]
  /** The entry as it would stand in the document; absent while something is wrong. */
  readonly text?: string
}

export interface TargetTrial {
  readonly reached: boolean
  /** Fit for an administrator; no secret. */
  readonly words: string
  readonly tookMs: number
}

export interface ProtocolListener {
  readonly protocol: string
  /** What clients dial. */
  readonly host: string
  readonly port: number
  /** What its clients may call it. */
  readonly names: readonly string[]
  readonly tls: boolean
}

export interface ApiLog {
  info(details: object, message: string): void
  error(details: object, message: string): void
}
