import type { TargetEntry } from '../policy/policy-document.ts'

/** What of a target's sessions goes on record besides their events. */
export interface RecordSettings {
  /** Rows of each operation's result. */
  readonly rows: 'all' | 'none' | { readonly first: number }
  /** Content of files that pass as files. */
  readonly files: 'all' | 'none'
  /** Public key, X25519 in base64, that masked values are sealed to; absent: they are not kept. */
  readonly originals?: string
}

const DEFAULT_ROWS = { first: 1_000 }

/** The settings of a target's entry, with what it leaves out. */
export function recordSettings(target: TargetEntry): RecordSettings {
  const publicKey = target.record?.originals?.publicKey
  return { rows: target.record?.rows ?? DEFAULT_ROWS, files: target.record?.files ?? 'none', ...(publicKey !== undefined && { originals: publicKey }) }
}
