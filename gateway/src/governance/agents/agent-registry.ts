import type { EditedPolicy } from '../policy/edited-policy.ts'
import type { AgentEntry, PolicyDocument } from '../policy/policy-document.ts'

/** Changes which agents the policy in force registers: each change is a new version of it, as if its text had been applied. */
export interface AgentRegistry {
  /**
   * @param expected version of the policy that the change was made for; whatever is newest when absent
   * @throws PolicyMoved when another version is the newest; AgentRefused; EditRefused
   */
  add(entry: AgentEntry, by: string, expected?: number): Promise<RegistryChange>
  /**
   * Removes the agents that `choose` names. It sees the newest version, in the moment in which nothing else can be applied
   * at this gateway.
   * @throws as {@link add}; and whatever `choose` throws
   */
  remove(choose: (document: PolicyDocument) => readonly string[] | Promise<readonly string[]>, by: string, expected?: number): Promise<RegistryChange>
}

export interface RegistryChange extends EditedPolicy {
  /** Agents that were added or removed. Empty when nothing had to change, and no version was made. */
  readonly agents: readonly string[]
}

/** Which agents there are does not allow the change. */
export class AgentRefused extends Error {
  override readonly name = 'AgentRefused'
  readonly kind: 'no-such-agent' | 'exists'
  constructor(kind: AgentRefused['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}
