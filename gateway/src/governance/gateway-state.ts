/** A gateway among those that share the state database, as it last told of itself. */
export interface GatewayState {
  /** The same over restarts. */
  readonly id: string
  /** Name of its machine. */
  readonly host: string
  readonly version: string
  /** Of the policy that it has in force. */
  readonly policyVersion: number
  readonly startedAtMs: number
  /** When it last told that it runs. */
  readonly seenAtMs: number
  /** When it was closed, in order; undefined while it runs, and after a crash. */
  readonly stoppedAtMs: number | undefined
  readonly openSessions: number
}
