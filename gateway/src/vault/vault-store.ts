/** The port through which the vault keeps its records. It never sees a secret in the clear. */
export interface VaultStore {
  /** The sealed record of that name, or undefined. */
  get(name: string): Promise<string | undefined>
  /** Adds or replaces the record of that name. */
  put(name: string, sealed: string): Promise<void>
  /** All names, sorted. */
  list(): Promise<readonly string[]>
  /** Removes the record of that name, if there is one. */
  delete(name: string): Promise<void>
}
