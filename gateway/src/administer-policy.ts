import type { PolicyVersion, PolicyVersionSummary } from '@sallyport/contract'
import type { PolicyAdministration } from './api/api-services.ts'
import { checkConfig, masksIn, policyJsonSchema } from './check-config.ts'
import type { PolicyHolder } from './governance/policy/policy-holder.ts'
import { PolicyProblems } from './governance/policy/policy-problems.ts'
import { ConfigurationError } from './open-state.ts'
import type { PolicyVersionEntry } from './storage/policy-version-table.ts'
import type { Storage } from './storage/open-storage.ts'

/** What the control API does with policy documents, over the versions that are kept. */
export function administerPolicy(policies: PolicyHolder, storage: Pick<Storage, 'policyVersions' | 'signals'>): PolicyAdministration {
  const { policyVersions: versions } = storage
  return {
    async read(version) {
      const found = await (version === undefined ? versions.newest() : versions.get(version))
      return found && { ...summaryOf(found), text: found.text } satisfies PolicyVersion
    },
    async list(page) {
      return (await versions.list(page)).map(summaryOf)
    },
    check: (text) => checkConfig(text),
    schema: policyJsonSchema,
    masks: (text) => (text === undefined ? policies.current.document.masks : masksIn(text)),
    async apply(text, appliedBy) {
      try {
        const { version } = await policies.apply(text, appliedBy)
        storage.signals.tell({ what: 'policy', id: String(version) })
        return { applied: true, version }
      } catch (error) {
        if (error instanceof ConfigurationError) return { applied: false, problems: error.problems }
        if (error instanceof PolicyProblems) return { applied: false, problems: error.problems.map((problem) => ({ line: 1, column: 1, ...problem })) }
        throw error
      }
    },
  }
}

function summaryOf({ version, appliedAtMs, appliedBy }: PolicyVersionEntry): PolicyVersionSummary {
  return { version, appliedAt: new Date(appliedAtMs).toISOString(), appliedBy }
}
