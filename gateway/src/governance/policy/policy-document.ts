import type { DetectorName } from '../masking/stream/detector-names.ts'
import type { SamlEntry } from './saml-entry.ts'

/** The policy document once it is checked. `config/` makes it from YAML; see docs/reference/policy.md. */

export interface PolicyDocument {
  readonly version: 1
  readonly issuers: readonly IssuerEntry[]
  /** Names differ from those of issuers. */
  readonly saml?: readonly SamlEntry[]
  readonly agents: readonly AgentEntry[]
  readonly targets: readonly TargetEntry[]
  readonly masks: readonly (MaskEntry | DetectorMask)[]
  readonly rules: readonly RuleEntry[]
  /** Role name to the groups that hold it. */
  readonly roles: Readonly<Record<'reviewer' | 'operator' | 'auditor' | 'administrator', readonly string[]>> & { readonly viewer?: readonly string[] }
}

/** A public client of an issuer, for `sallyport login`. */
export interface CliLogin {
  readonly clientId: string
  readonly scopes: readonly string[]
  /** RFC 8707: what to ask for so that access tokens get the issuer entry's audience. */
  readonly resource?: string
  /** `host` or `host:port`, besides the issuer's own, of pages that may ask for the user code. */
  readonly verificationHosts: readonly string[]
}

export interface IssuerEntry {
  readonly name: string
  /** Issuer identifier, a URL; https unless on loopback. */
  readonly issuer: string
  readonly audience: string
  /** Claim that lists groups. */
  readonly groups: string
  /** Claim that names a person; a token without it is not a person's. */
  readonly person: string
  /** How people log in at a terminal (RFC 8628); not at all when absent. */
  readonly cli?: CliLogin
  /** People log in at the console as this client; not at all when absent. */
  readonly console?: ConsoleClient
}

/** A client for the authorization code flow with PKCE. */
export interface ConsoleClient {
  readonly clientId: string
  /** Reference; a public client has none. */
  readonly clientSecret?: string
}

export interface AgentEntry {
  readonly name: string
  readonly issuer: string
  /** Claims that must all be equal for a token to be this agent's. */
  readonly match: Readonly<Record<string, string>>
  readonly owner: string
  readonly purpose: string
  /** Date, `YYYY-MM-DD`: the agent's last day, in UTC. */
  readonly expires?: string
  /** Targets it may open; all when absent. */
  readonly targets?: readonly string[]
}

/** What every target has. The rest of an entry belongs to its protocol's adapter and is checked by its schema. */
export interface TargetEntry {
  readonly name: string
  readonly protocol: string
  readonly labels: Readonly<Record<string, string>>
  /** What of its sessions goes on record besides events; see `record-settings.ts` for what is left out. */
  readonly record?: {
    readonly rows?: 'all' | 'none' | { readonly first: number }
    /** Content of files that pass as files, such as by SFTP; none when absent. */
    readonly files?: 'all' | 'none'
    /** Masked values are kept, sealed to this X25519 public key, base64. */
    readonly originals?: { readonly publicKey: string }
  }
  /** How long recordings are kept after a session's end, milliseconds; for good when absent. */
  readonly retentionMs?: number
  readonly [setting: string]: unknown
}

export type MaskMethod = 'redact' | 'keep-last' | 'null' | 'hash'

export interface MaskEntry {
  readonly name: string
  /** `table.column` or `schema.table.column`. */
  readonly columns: readonly string[]
  readonly method: MaskMethod
  /** For `keep-last`: characters left readable. */
  readonly keep?: number
  /** Targets it holds for; all when absent. */
  readonly targets?: readonly string[]
  /** CEL over `identity`, `target`, `session`: who sees the values unmasked. */
  readonly unless?: string
}

/** A mask on text streams: what looks like one of these is replaced wherever it stands. */
export interface DetectorMask {
  readonly name: string
  /** At least one of `detect` and `patterns` is there. */
  readonly detect?: readonly DetectorName[]
  /** RE2 syntax, each looked for within a line. */
  readonly patterns?: readonly string[]
  /** Part of a text cannot be null. */
  readonly method: Exclude<MaskMethod, 'null'>
  /** For `keep-last`: characters left readable. */
  readonly keep?: number
  /** Targets it holds for; all when absent. */
  readonly targets?: readonly string[]
  /** CEL over `identity`, `target`, `session`: who sees the values unmasked. */
  readonly unless?: string
}

export interface RuleEntry {
  readonly name: string
  /** Targets it holds for; all when absent. */
  readonly targets?: readonly string[]
  /** CEL over `operation`, `identity`, `target`, `session`; always when absent. */
  readonly when?: string
  readonly then: 'allow' | 'deny' | 'review'
  readonly message?: string
  /** With `allow`: holds only while a person has granted access; see `reviewers`. */
  readonly during?: 'access-review'
  /** Groups that may answer, `agent:NAME` for an agent; those of `roles.reviewer` when absent. */
  readonly reviewers?: readonly string[]
  readonly approvals?: number
  /** Of an operation: how long it can be answered, and an approval used. Of an access request: how long it can be answered. Milliseconds. */
  readonly expiresMs?: number
  /** Of an access request: the longest window, milliseconds. */
  readonly longestMs?: number
  /** How long a client is held, milliseconds, and how long inside a transaction. */
  readonly holdMs?: number
  readonly transactionHoldMs?: number
  readonly preview?: 'rehearse' | 'count' | 'none'
  /** Groups whose people may pass without a review, with a reason. */
  readonly breakGlass?: readonly string[]
}
