/** The port through which the vault keeps its records. It never sees a secret in the clear. */
export interface VaultStore {
  /** The sealed record of that name, or undefined. */
  get(name: string): Promise<string | undefined>
  /** Adds or replaces the record of that name. */
  put(name: string, sealed: string): Promise<void>
  /** Adds the record, unless there is one of that name. @returns whether it was added: one caller among all gateways gets true */
  add(name: string, sealed: string): Promise<boolean>
  /** Replaces the record of that name, unless it is another than `before` by now. */
  replace(name: string, before: string, sealed: string): Promise<void>
  /** All names, sorted. */
  list(): Promise<readonly string[]>
  /** When each record was last written, Unix milliseconds. */
  changes(): Promise<ReadonlyMap<string, number>>
  /** Removes the record of that name, if there is one. */
  delete(name: string): Promise<void>
}

/** The port through which the data keys of recordings are kept, each sealed under the master key. */
export interface SealedKeyStore {
  /** @param masterKey identifies the master key that it is sealed under */
  add(session: string, sealed: string, masterKey: string): Promise<void>
  /** `sealed` is empty once the key is destroyed. */
  get(session: string): Promise<{ readonly sealed: string; readonly destroyedAtMs: number | null } | undefined>
  /** Keys that are sealed under another master key than this, at most `limit`, behind `after` in the order of sessions. */
  sealedUnderOthers(masterKey: string, after: string, limit: number): Promise<readonly { readonly session: string; readonly sealed: string }[]>
  /** Replaces a key's sealing, unless it changed or was destroyed meanwhile. */
  replace(session: string, before: string, sealed: string, masterKey: string): Promise<void>
}
