import { createHash } from 'node:crypto'
import { EntryEditError } from './config/edit-entries.ts'
import { type EditedPolicy, EditRefused } from './governance/policy/edited-policy.ts'
import type { PolicyChange, PolicyHolder } from './governance/policy/policy-holder.ts'
import { PolicyProblems } from './governance/policy/policy-problems.ts'
import type { ChangeSignals } from './governance/review/change-signals.ts'
import { ConfigurationError } from './open-state.ts'

export interface EditPolicyOptions {
  readonly policies: Pick<PolicyHolder, 'edit'>
  readonly signals: Pick<ChangeSignals, 'tell'>
}

/**
 * Puts a changed text of the newest version in force, and tells other gateways.
 * @throws PolicyMoved; EditRefused; whatever `change` throws
 */
export async function editPolicy({ policies, signals }: EditPolicyOptions, change: PolicyChange, by: string, expected: number | undefined): Promise<EditedPolicy> {
  try {
    const { policy, text } = await policies.edit(change, by, expected)
    signals.tell({ what: 'policy', id: String(policy.version) })
    return { version: policy.version, sha256: createHash('sha256').update(text).digest('hex') }
  } catch (error) {
    if (error instanceof EntryEditError) throw new EditRefused(error.message)
    if (error instanceof ConfigurationError || error instanceof PolicyProblems) throw new EditRefused('the policy would not be valid with this change', error.problems)
    throw error
  }
}
