import { type Problem, parseConfig } from './config/index.ts'
import { documentJsonSchema } from './config/document-json-schema.ts'
import { readDocument } from './config/document-source.ts'
import { compilePolicy } from './governance/policy/compile-policy.ts'
import type { PolicyDocument } from './governance/policy/policy-document.ts'
import { PolicyProblems } from './governance/policy/policy-problems.ts'
import { protocols } from './protocols.ts'

export { type Problem, renderProblems } from './config/index.ts'

/** The policy document as JSON Schema, with the targets of every protocol. */
export const policyJsonSchema = (): Readonly<Record<string, unknown>> => documentJsonSchema(protocols)

/** The masks of a document that is right; undefined for one that is not. */
export function masksIn(text: string): PolicyDocument['masks'] | undefined {
  const parsed = parseConfig(text, protocols)
  return 'problems' in parsed ? undefined : parsed.config.policy.masks
}

/** Everything that would keep `serve` from taking a document, conditions included; empty when nothing would. */
export function checkConfig(text: string): readonly Problem[] {
  const parsed = parseConfig(text, protocols)
  if ('problems' in parsed) return parsed.problems
  try {
    compilePolicy(parsed.config.policy, 0)
    return []
  } catch (error) {
    if (!(error instanceof PolicyProblems)) throw error
    const source = readDocument(text)
    return 'problems' in source ? source.problems : error.problems.map((problem) => source.locate(problem))
  }
}
