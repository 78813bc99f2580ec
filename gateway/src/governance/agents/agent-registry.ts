import type { AgentEntry, PolicyDocument } from '../policy/policy-document.ts'

/** Changes which agents the policy in force registers: each change is a new version of it, as if its text had been applied. */
export interface AgentRegistry {
  /**
   * @param expected version of the policy that the change was made for; whatever is newest when absent
   * @throws PolicyMoved when another version is the newest; AgentRefused
   */
  add(entry: AgentEntry, by: string, expected?: number): Promise<RegistryChange>
  /**
   * Removes the agents that `choose` names. It sees the newest version, in the moment in which nothing else can be applied
   * at this gateway.
   * @throws as {@link add}; and whatever `choose` throws
   */
  remove(choose: (document: PolicyDocument) => readonly string[] | Promise<readonly string[]>, by: string, expected?: number): Promise<RegistryChange>
}

export interface RegistryChange {
  readonly version: number
  /** Of the text that was applied, hex. */
  readonly sha256: string
  /** Agents that were added or removed. Empty when nothing had to change, and no version was made. */
  readonly agents: readonly string[]
}

/** The change would leave no valid document, or cannot be written into this one. */
export class AgentRefused extends Error {
  override readonly name = 'AgentRefused'
  readonly kind: 'no-such-agent' | 'exists' | 'invalid'
  readonly problems: readonly { readonly line?: number; readonly column?: number; readonly message: string }[]
  constructor(kind: AgentRefused['kind'], message: string, problems: AgentRefused['problems'] = []) {
    super(message)
    this.kind = kind
    this.problems = problems
  }
}
