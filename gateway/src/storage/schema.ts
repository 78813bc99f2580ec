import type { Generated } from 'kysely'

/** Times are Unix milliseconds, flags and counts integers, structured values JSON text: alike in SQLite and PostgreSQL. */
export interface Schema {
  policy_versions: {
    version: number
    text: string
    applied_by: string
    applied_at: number
  }
  session_tokens: {
    token_id: string
    hash: string
    parent_id: string
    actor_parent_id: string | null
    subject: string
    actor: string | null
    targets: string
    purpose: string
    issued_at: number
    expires_at: number
    /** 1 when it opens one session, and when it did; null until then. */
    single_use: Generated<number>
    used_at: number | null
  }
  /** Ids of tokens, also of identity tokens, that are refused although they have not expired. */
  revocations: {
    token_id: string
    until: number
  }
  sessions: {
    id: string
    /** Which gateway has it, so that a restart ends only its own. */
    gateway: string
    state: Generated<string>
    identity_name: string
    identity_kind: string
    identity_issuer: string
    actors: string
    /** Who acts now; empty when nobody does. */
    actor: Generated<string>
    target: string
    protocol: string
    purpose: string
    client_address: string
    application: string
    opened_at: number
    closed_at: number | null
    reason: string | null
    /** Set when its end is asked for, perhaps by another gateway: why. */
    ending: string | null
    operations: Generated<number>
    refused: Generated<number>
  }
  /** What nobody may use, or open, until it is lifted. */
  locks: {
    /** Equal for locks that hold of the same. */
    key: string
    kind: string
    name: string
    placed_by: string
    reason: string
    placed_at: number
  }
  /** Sessions that have ended, summed up by the database; see `agent-migration.ts`. */
  identity_use: {
    role: string
    name: string
    issuer: string
    target: string
    sessions: number
    operations: number
    refused: number
    last_at: number
  }
  /** Access reviews of agents. `body`, `facts` and `decision` are JSON; what the other columns repeat of them is to be searched. */
  campaigns: {
    id: string
    state: string
    opened_at: number
    due_at: number
    body: string
  }
  campaign_items: {
    campaign: string
    agent: string
    owner: string
    facts: string
    verdict: string | null
    decision: string | null
  }
  /** Those that share this database; see `gateway-table.ts`. */
  gateways: {
    id: string
    host: string
    version: string
    policy_version: number
    started_at: number
    seen_at: number
    stopped_at: number | null
  }
  vault_secrets: {
    name: string
    sealed: string
    changed_at: number
  }
  settings: {
    name: string
    value: string
  }
  /** One row for each session that was recorded; it stays when the key is destroyed. */
  recording_keys: {
    session: string
    /** Empty once it is destroyed. */
    sealed: string
    master_key: string
    created_at: number
    destroyed_at: number | null
    /** Why it was destroyed. */
    destroyed_reason: string | null
    /** Segments that there were then, where it was destroyed. */
    destroyed_segments: number | null
    /** 1 once the event and the segments' removal have followed, 2 while they have only at another gateway than that which had it. */
    swept: Generated<number>
  }
  /** Recordings that are kept whatever their retention says. */
  holds: {
    kind: string
    subject: string
    /** LIKE pattern of sessions' `actors` that name an identity; empty for a session. */
    actors_pattern: string
    placed_by: string
    reason: string
    placed_at: number
  }
  /** Logins that were made at targets for one session each, until they are gone. */
  session_logins: {
    user_name: string
    target: string
    /** Where the target was. */
    place: string
    role: string
    session: string
    use: string
    valid_until: number
    /** Which gateway made it, over its restarts, and in which of its processes. */
    gateway: string
    process: string
    /** Until when that process surely runs. */
    alive_until: number
  }
  /** Work that one gateway does for all: who does it, and until when nobody else may. */
  leases: {
    name: string
    holder: string
    until: number
  }
  /** Each is asked for once and answered by people. What is only read stands in `body`, JSON without what the columns hold. */
  reviews: {
    id: string
    kind: string
    state: string
    digest: string
    target: string
    /** SHA-256, hex, over kind, name, issuer, subject and actors of who asks: bounded, as keys of an index must be. */
    requester_key: string
    /** The same without actors. */
    person_key: string
    created_at: number
    expires_at: number
    body: string
  }
  review_answers: {
    review: string
    /** From 0, in their order. */
    n: number
    /** SHA-256, hex, over the name, letters' case aside. */
    name_key: string
    /** SHA-256, hex, over issuer and subject. */
    subject_key: string
    body: string
  }
  grants: {
    id: string
    kind: string
    requester_key: string
    target: string
    from_at: number
    until_at: number
    body: string
  }
  /** SAML assertions that logged somebody in; see `UsedAssertions`. */
  used_assertions: {
    key: string
    until: number
  }
  /** People at the console. */
  web_sessions: {
    id: string
    hash: string
    /** SHA-256, hex, over issuer and subject: bounded, and of plain characters, as keys of an index must be. */
    person_key: string
    login: string
    upstream: string
    began_at: number
    used_at: number
    expires_at: number
  }
  /** Logins that browsers have begun. */
  login_transactions: {
    hash: string
    sealed: string
    expires_at: number
  }
}
