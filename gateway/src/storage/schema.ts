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
    target: string
    protocol: string
    purpose: string
    client_address: string
    application: string
    opened_at: number
    closed_at: number | null
    reason: string | null
    operations: Generated<number>
    refused: Generated<number>
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
}
