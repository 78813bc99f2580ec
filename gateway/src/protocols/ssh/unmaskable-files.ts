import type { Exchange } from '../../governance/exchange.ts'
import type { OperationFacts } from '../../governance/operation.ts'
import type { SessionPolicy } from '../../governance/policy/policy.ts'

/** Masks look for values in text; a file that is copied must come whole, or its copy is no copy. */
const REASON = 'the content of a file cannot be masked while it is copied'
const HINT = 'Read it with a command, such as cat: what a command says is masked.'

/** The facts of an operation by which the client would get a file's content: a violation where masks on text hold. */
export function withoutFiles(facts: OperationFacts, { detectors }: Pick<SessionPolicy, 'detectors'>): OperationFacts {
  const mask = detectors?.[0]?.name
  return mask === undefined || facts.maskViolation !== undefined ? facts : { ...facts, maskViolation: { mask, reason: REASON, hint: HINT } }
}

/** An exchange of SFTP: the same, or, where it opens a file for reading under masks on text, one that is refused. */
export function governedFile(exchange: Exchange, policy: SessionPolicy): Exchange {
  const { operation } = exchange
  const reads = operation.facts.functions.includes('open') && operation.facts.actions.includes('read')
  if (!reads || policy.detectors === undefined) return exchange
  return {
    operation: { ...operation, facts: withoutFiles(operation.facts, policy) },
    forward() {
      throw new Error('a violation of a mask was let through')
    },
    refuse: (refusal) => exchange.refuse(refusal),
  }
}
