import { parseSecretReference } from './governance/policy/secret-reference.ts'
import type { TargetEntry } from './governance/policy/policy-document.ts'

/**
 * Says at the start which targets cannot be opened because a secret or a file that their entry names is not there. They
 * stop nobody: it may come later, and the other targets are needed.
 */
export async function warnOfReferences(
  targets: readonly TargetEntry[], secretOf: (reference: string) => Promise<string>, log: { warn(facts: object, message: string): void },
): Promise<void> {
  for (const { labels: _labels, ...target } of targets) {
    for (const reference of referencesIn(target)) {
      await secretOf(reference).catch((error: unknown) => log.warn(
        { target: target.name, reference, error: error instanceof Error ? error.message : 'unknown' }, 'a target cannot be opened until what its entry names is there',
      ))
    }
  }
}

function referencesIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return parseSecretReference(value) === undefined ? [] : [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(referencesIn) : []
}
