/** Tells all gateways that share the state, this one among them, that something in it changed. Says what, never how: who hears it reads it anew. */
export interface ChangeSignals {
  /** Returns at once. Nothing that must not be lost may depend on it. */
  tell(change: Change): void
  onChange(listener: (change: Change) => void): () => void
  /** Changes may have been missed: the connection over which they come was lost, and is there again. */
  onGap(listener: () => void): () => void
}

export interface Change {
  readonly what: 'review' | 'grant' | 'policy' | 'lock' | 'session' | 'token'
  /** Of a policy its version, of a lock what it holds of. */
  readonly id: string
}
