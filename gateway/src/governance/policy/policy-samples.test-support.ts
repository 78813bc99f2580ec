import type { OperationFacts } from '../operation.ts'
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
  return {
    identity: {
      kind: 'agent', name: 'support-bot', issuer: 'corp', subject: 's-1', groups: ['support'],
      claims: { azp: 'support-bot', email: 'support@example.com', level: 3, nested: { deep: 'yes' } },
      actors: ['dana@example.com'], ...given,
    },
    target: { name: 'shop', protocol: 'postgres', labels: { env: 'prod' } },
    purpose: 'ticket 4711',
  }
}
