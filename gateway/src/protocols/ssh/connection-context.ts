import type { Gatekeeper } from '../../governance/gatekeeper.ts'
import type { Session } from '../../governance/session.ts'
import type { Log } from '../protocol-adapter.ts'
import type { Transcript } from './transcript.ts'

/** What the channels of one connection share. */
export interface ConnectionContext {
  readonly session: Session
  readonly gatekeeper: Gatekeeper
  readonly log: Log
  readonly maskKey: Uint8Array
  /** Names of variables that clients may set, where `LC_*` stands for all that begin so. */
  readonly environment: readonly string[]
  readonly maxStatementBytes: number
  /** Records how an operation ended. */
  finish(transcript: Transcript, result: 'completed' | 'failed' | 'aborted', code: string | undefined): void
  /** Ends the session: a side did what cannot be followed. */
  fail(side: 'client' | 'target', error: unknown): void
}
