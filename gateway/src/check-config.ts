import { type Problem, parseConfig } from './config/index.ts'
import { readDocument } from './config/document-source.ts'
import { compilePolicy } from './governance/policy/compile-policy.ts'
import { PolicyProblems } from './governance/policy/policy-problems.ts'
import { protocols } from './protocols.ts'

export { type Problem, renderProblems } from './config/index.ts'

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
