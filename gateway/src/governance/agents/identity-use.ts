/** What an identity did on a target, over all sessions that have ended. */
export interface IdentityUse {
  /** `actor`: the sessions were somebody else's, and this one acted in them; its issuer is not known then. */
  readonly role: 'agent' | 'person' | 'actor'
  readonly name: string
  readonly issuer: string
  readonly target: string
  readonly sessions: number
  readonly operations: number
  readonly refused: number
  /** Unix milliseconds: when the last of them ended. */
  readonly lastAtMs: number
}

/** Sessions of an identity on a target that are open, at any gateway. */
export type LiveUse = Pick<IdentityUse, 'role' | 'name' | 'issuer' | 'target' | 'sessions' | 'lastAtMs'>

/** The port to the list of sessions, summed up. */
export interface IdentityUseStore {
  /** Of agents, by themselves and as actors. @param names only these, at most 100; all when absent */
  agents(names?: readonly string[]): Promise<readonly IdentityUse[]>
  /** When each of these people last had a session, Unix milliseconds; those who never had are not in it. */
  peopleSeen(names: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** What a gateway that crashed had open counts until it starts again. */
  live(): Promise<readonly LiveUse[]>
}

/** How often a rule decided what an agent sent, by itself or acting for somebody. */
export interface RuleUse {
  readonly agent: string
  /** Empty where the agent acted for somebody. */
  readonly issuer: string
  readonly rule: string
  readonly count: number
  readonly lastAtMs: number
}

/** The port to the index of operations, by agent and rule. */
export interface RuleUseIndex {
  /**
   * @returns what was indexed, and whether that is all that the ledger holds
   * @throws IndexUnavailable
   */
  ruleUse(): Promise<{ readonly uses: readonly RuleUse[]; readonly complete: boolean }>
}
