import type { PolicyDocument } from '../../src/governance/policy/policy-document.ts'
import type { Policy, PolicySource } from '../../src/governance/policy/policy.ts'
import { openStorage, type Storage } from '../../src/storage/open-storage.ts'
import { IdentityService, type IdentityServiceOptions } from '../../src/identity/identity-service.ts'

/** A policy source whose document a test replaces. Decides nothing: identity is settled before any rule. */
export class ReplaceablePolicy implements PolicySource {
  document: PolicyDocument

  constructor(document: PolicyDocument) {
    this.document = document
  }

  get current(): Policy {
    return {
      version: 1,
      document: this.document,
      grantable: () => [], forSession: () => {
        throw new Error('no session is opened here')
      },
    }
  }

  onChange(): () => void {
    return () => undefined
  }
}

/** Two agents, one of them for `shop` alone; the targets shop and crm; persons by `preferred_username`. */
export function documentFor(issuer: string): PolicyDocument {
  return {
    version: 1,
    issuers: [{ name: 'corp', issuer, audience: 'sallyport', groups: 'groups', person: 'preferred_username' }],
    agents: [
      { name: 'support-bot', issuer: 'corp', match: { azp: 'support-bot' }, owner: 'dana@example.com', purpose: 'answers tickets', targets: ['shop'] },
      { name: 'nightly-report', issuer: 'corp', match: { azp: 'nightly', role: 'report' }, owner: 'dana@example.com', purpose: 'reports' },
    ],
    targets: ['shop', 'crm'].map((name) => ({ name, protocol: 'postgres', labels: { env: 'test' } })),
    masks: [],
    rules: [],
    roles: { reviewer: ['dba'], operator: ['ops'], auditor: ['auditors'], administrator: ['admins'] },
  }
}

export interface IdentitySetup {
  readonly policy: ReplaceablePolicy
  readonly storage: Storage
  readonly service: IdentityService
}

export async function setUpIdentity(issuer: string, options: Partial<IdentityServiceOptions> = {}): Promise<IdentitySetup> {
  const policy = new ReplaceablePolicy(documentFor(issuer))
  const storage = await openStorage({ kind: 'sqlite', path: ':memory:' })
  return { policy, storage, service: new IdentityService({ policies: policy, tokens: storage.sessionTokens, locks: { on: () => undefined }, ...options }) }
}
