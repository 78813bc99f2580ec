import type { OperationFacts } from '../operation.ts'
import type { Grant } from '../review/grant.ts'
import { requesterOf } from '../review/requester.ts'
import type { PolicyDocument } from './policy-document.ts'
import type { PolicySubject } from './policy.ts'

export function facts(given: Partial<OperationFacts> = {}): OperationFacts {
  return {
    actions: [], objects: [], functions: [], readOnly: false, filtered: true, unknown: false, statements: 1, ...given,
  }
}

export function document(given: Partial<PolicyDocument> = {}): PolicyDocument {
  return {
    version: 1, issuers: [], agents: [], targets: [], masks: [], rules: [],
    roles: { reviewer: [], operator: [], auditor: [], administrator: [] }, ...given,
  }
}

export function subject(given: Partial<PolicySubject['identity']> = {}): PolicySubject {
  const { actor: _actor, ...identity }: PolicySubject['identity'] = {
    kind: 'agent', name: 'support-bot', issuer: 'corp', subject: 's-1', groups: ['support'],
    claims: { azp: 'support-bot', email: 'support@example.com', level: 3, nested: { deep: 'yes' } },
    actors: ['dana@example.com'], ...given,
  }
  // Who acts may do the same by itself, so that what both may is what either may.
  const { actors, ...same } = identity
  return {
    identity: { ...identity, ...(actors.length > 0 && { actor: given.actor ?? same }) },
    target: { name: 'shop', protocol: 'postgres', labels: { env: 'prod' } },
    purpose: 'ticket 4711',
  }
}

export function grant({ identity, target }: PolicySubject, rules: readonly string[], kind: Grant['kind'] = 'access'): Grant {
  return {
    id: 'gr_1', kind, requester: requesterOf(identity), target: target.name, rules, reason: 'ticket 4711', fromMs: 0, untilMs: 60_000,
  }
}
