import { createHash } from 'node:crypto'
import { readConfig } from './open-state.ts'
import type { PolicyHolder } from './governance/policy/policy-holder.ts'
import type { PolicyDocument } from './governance/policy/policy-document.ts'
import { encodeAgentEvents } from './governance/recording/agent-events.ts'
import { encodePolicyApplied } from './governance/recording/events.ts'
import type { Ledger } from './governance/recording/ledger.ts'
import { recordIfPossible } from './governance/recording/record-if-possible.ts'
import type { Log } from './protocols/protocol-adapter.ts'
import type { Storage } from './storage/open-storage.ts'

/** The version that was in force before this start. */
export interface EarlierPolicy {
  readonly version: number
  /** Undefined when this gateway cannot read it any more. */
  readonly document: Pick<PolicyDocument, 'agents'> | undefined
}

/** To be called before a document is put in force. The first start has a version 0 without agents before it. */
export async function earlierPolicy(storage: Storage, log: Log): Promise<EarlierPolicy> {
  const newest = await storage.policyVersions.newest()
  if (newest === undefined) return { version: 0, document: { agents: [] } }
  try {
    return { version: newest.version, document: readConfig(newest.text).policy }
  } catch {
    log.warn({ version: newest.version }, 'the policy version before this one cannot be read: what it changed for agents is not recorded')
    return { version: newest.version, document: undefined }
  }
}

/** Records what the start changed, and from now on what each version means for agents. Who applied it says so itself. */
export function recordPolicies(policies: PolicyHolder, policyText: string, earlier: EarlierPolicy, ledger: Ledger): void {
  let { version, document } = earlier
  const recordAgents = (): void => {
    const { current } = policies
    const entries = document === undefined || version === current.version ? [] : encodeAgentEvents(document, current.document, current.version, Date.now())
    ;({ version, document } = current)
    for (const entry of entries) recordIfPossible(ledger, entry)
  }
  if (version !== policies.current.version) {
    const sha256 = createHash('sha256').update(policyText).digest('hex')
    recordIfPossible(ledger, encodePolicyApplied(policies.current.version, sha256, 'gateway', Date.now()))
  }
  recordAgents()
  policies.onChange(recordAgents)
}
