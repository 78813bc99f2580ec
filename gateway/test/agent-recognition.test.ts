import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkTogether } from '../src/config/document-checks.ts'
import type { AgentEntry, IssuerEntry, PolicyDocument } from '../src/governance/policy/policy-document.ts'
import { AuthenticationError } from '../src/governance/identity.ts'
import { recognise } from '../src/identity/recognise.ts'

const issuers: readonly IssuerEntry[] = ['corp', 'ci'].map((name) => ({ name, issuer: `https://${name}.example.com`, audience: 'sallyport', groups: 'groups', person: 'email' }))

const claims = fc.dictionary(fc.constantFrom('azp', 'sub', 'env', '__proto__', 'constructor'), fc.constantFrom('a', 'b', '', 'A'), { minKeys: 1, noNullPrototype: true })
const agents = fc.array(fc.tuple(fc.constantFrom('corp', 'ci'), claims), { minLength: 1, maxLength: 4 })
  .map((entries) => entries.map(([issuer, match], index): AgentEntry => ({ name: `agent-${index}`, issuer, match, owner: 'dana', purpose: 'tests' })))

function documentOf(entries: readonly AgentEntry[]): PolicyDocument {
  return { version: 1, issuers, agents: entries, targets: [], masks: [], rules: [], roles: { viewer: [], reviewer: [], operator: [], auditor: [], administrator: [] } }
}

function findings(entries: readonly AgentEntry[]) {
  const document = documentOf(entries)
  const names = Object.fromEntries((['issuers', 'saml', 'agents', 'targets', 'masks', 'rules'] as const).map((section) => [section, (document[section] ?? []).map(({ name }) => name)]))
  return checkTogether(document, names as unknown as Parameters<typeof checkTogether>[1])
}

function agentOf(token: Readonly<Record<string, string>>, issuer: IssuerEntry, entries: readonly AgentEntry[]): string | undefined {
  try {
    return recognise(token, issuer, documentOf(entries), 0).name
  } catch (error) {
    if (error instanceof AuthenticationError) return undefined
    throw error
  }
}

test('a policy that is loaded has no agent whose own claims, with whatever else stands in a token that only it demands, make another of it', () => {
  fc.assert(fc.property(agents, (entries) => {
    fc.pre(findings(entries).length === 0)
    for (const entry of entries) {
      const issuer = issuers.find(({ name }) => name === entry.issuer) ?? assert.fail()
      assert.equal(agentOf(entry.match, issuer, entries), entry.name)
    }
  }), { numRuns: 500 })
})

test('a policy with two agents of which each token of one is the other\'s too is refused, and names both', () => {
  fc.assert(fc.property(claims, claims, fc.constantFrom('corp', 'ci'), (match, more, issuer) => {
    const entries: AgentEntry[] = [
      { name: 'first', issuer, match, owner: 'dana', purpose: 'tests' },
      { name: 'second', issuer, match: { ...more, ...match }, owner: 'dana', purpose: 'tests' },
    ]
    for (const order of [entries, entries.toReversed()]) {
      const [finding] = findings(order)
      assert.match(finding?.message ?? '', /"first".*"second"|"second".*"first"/)
      assert.deepEqual([finding?.path, finding?.other], [['agents', 1, 'match'], ['agents', 0, 'match']])
      const entry = issuers.find(({ name }) => name === issuer) ?? assert.fail()
      assert.equal(agentOf({ ...more, ...match }, entry, order), undefined)
    }
    const other = issuer === 'corp' ? 'ci' : 'corp'
    assert.deepEqual(findings([entries[0] ?? assert.fail(), { ...entries[1] ?? assert.fail(), issuer: other }]), [])
  }))
})

test('what no load can tell, two agents by different claims, is refused at each token that has both, and is nobody\'s', () => {
  const entries: AgentEntry[] = [{ azp: 'a' }, { env: 'b' }].map((match, index) => ({ name: `agent-${index}`, issuer: 'corp', match, owner: 'dana', purpose: 'tests' }))
  const [corp] = issuers
  assert.deepEqual(findings(entries), [])
  assert.equal(agentOf({ azp: 'a', env: 'b' }, corp ?? assert.fail(), entries), undefined)
  assert.equal(agentOf({ azp: 'a', env: 'c' }, corp ?? assert.fail(), entries), 'agent-0')
})
