import type { z } from 'zod'
import type { PolicyDocument } from '../governance/policy/policy-document.ts'
import { checkTogether, type WrittenNames } from './document-checks.ts'
import { type DocumentSource, readDocument } from './document-source.ts'
import { type GatewaySettings, gatewaySettings } from './gateway-settings.ts'
import { agentSchema, issuerSchema, maskSchema, rolesSchema } from './policy-schemas.ts'
import type { Finding, Problem } from './problem.ts'
import { ruleSchema } from './rule-schema.ts'
import { samlSchema } from './saml-schema.ts'
import { check, MAX_UNKNOWN_KEYS, unknownKey } from './schema-findings.ts'
import { targetEntry, type TargetKind } from './target-entries.ts'

export interface Config {
  readonly gateway: GatewaySettings
  readonly policy: PolicyDocument
  /** The document without its `gateway` section: what is kept as a policy version. */
  readonly policyText: string
}

const SECTIONS = ['version', 'gateway', 'issuers', 'saml', 'agents', 'targets', 'masks', 'rules', 'roles'] as const
/** Most entries of one section, so that what compares entries with each other stays quick. */
const MAX_ENTRIES = 2000

/** More problems than anybody reads at once; the rest shows when these are solved. */
const MAX_PROBLEMS = 200

/** Reads a configuration document. Gives all problems at once, in the order of the text, and no value from it. */
export function parseConfig(
  text: string, adapters: readonly TargetKind[],
): { readonly config: Config } | { readonly problems: readonly Problem[] } {
  const source = readDocument(text)
  if ('problems' in source) return source
  const findings: Finding[] = []
  const config = readSections(source.data, adapters, findings)
  for (const [index, mask] of (config?.masks ?? []).entries()) {
    // Nothing is read as the method null only where the word stands there; an empty value is a slip.
    const path = ['masks', index, 'method']
    if (mask?.method === 'null' && !['null', 'NULL', 'Null'].includes(source.sourceOf(path) ?? '')) {
      findings.push({ path, message: '"method" is empty; write null to mask with nothing' })
    }
  }
  if (config !== undefined && findings.length === 0) {
    const { gateway, ...policy } = config
    return { config: { gateway, policy: policy as PolicyDocument, policyText: source.without('gateway') } }
  }
  return { problems: inTextOrder(findings.slice(0, MAX_PROBLEMS).map((finding) => located(finding, source))) }
}

function located(finding: Finding, source: DocumentSource): Problem {
  const problem = source.locate(finding)
  if (finding.other === undefined) return problem
  return { ...problem, message: `${problem.message}: see line ${source.locate({ path: finding.other, message: '' }).line}` }
}

function readSections(data: unknown, adapters: readonly TargetKind[], findings: Finding[]) {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    const what = data === null ? 'the document is empty' : 'expected a map'
    findings.push({ path: [], message: `${what}; it begins with version: 1` })
    return undefined
  }
  const document = data as Readonly<Record<string, unknown>>
  const unknown = Object.keys(document).filter((key) => !(SECTIONS as readonly string[]).includes(key))
  findings.push(...unknown.slice(0, MAX_UNKNOWN_KEYS).map((key) => unknownKey([key], key, SECTIONS)))
  if (document['version'] === undefined) {
    findings.push({ path: [], message: '"version" is missing; the document begins with version: 1' })
  } else if (document['version'] !== 1) {
    findings.push({ path: ['version'], message: 'expected 1, the only version of the document there is' })
  }

  const gateway = gatewaySettings(document['gateway'], adapters, findings)
  const entries = <Entry>(section: keyof WrittenNames, read: (entry: unknown, index: number) => Entry | undefined) =>
    entriesOf(document, section, findings).map(read)
  const by = <Entry>(section: keyof WrittenNames, schema: z.ZodType<Entry>) =>
    entries(section, (entry, index) => check(schema, entry, [section, index], findings))
  const sections = {
    issuers: by('issuers', issuerSchema),
    ...(document['saml'] === undefined ? {} : { saml: by('saml', samlSchema) }),
    agents: by('agents', agentSchema),
    targets: entries('targets', (entry, index) => targetEntry(entry, ['targets', index], adapters, findings)),
    masks: by('masks', maskSchema),
    rules: by('rules', ruleSchema),
    roles: check(rolesSchema, document['roles'] ?? {}, ['roles'], findings),
  }
  findings.push(...checkTogether(sections, {
    issuers: names(document, 'issuers'), saml: names(document, 'saml'), agents: names(document, 'agents'), targets: names(document, 'targets'),
    masks: names(document, 'masks'), rules: names(document, 'rules'),
  }, adapters.filter((kind) => kind.streamless === true).map((kind) => kind.name)))
  return gateway === undefined ? undefined : { gateway, version: 1 as const, ...sections }
}

function entriesOf(
  document: Readonly<Record<string, unknown>>, section: string, findings: Finding[],
): readonly unknown[] {
  const entries = document[section]
  if (entries === undefined) return []
  if (!Array.isArray(entries)) {
    findings.push({ path: [section], message: 'expected a list of entries, each beginning with "- "' })
    return []
  }
  if (entries.length <= MAX_ENTRIES) return entries
  findings.push({ path: [section], message: `at most ${MAX_ENTRIES} entries` })
  return []
}

function names(document: Readonly<Record<string, unknown>>, section: string): readonly (string | undefined)[] {
  const entries = document[section]
  if (!Array.isArray(entries)) return []
  return entries.slice(0, MAX_ENTRIES).map((entry: unknown) => {
    const name = typeof entry === 'object' && entry !== null && 'name' in entry ? entry.name : undefined
    return typeof name === 'string' ? name : undefined
  })
}

/** One problem a place: an adapter's schema may object to what was found before. */
function inTextOrder(problems: readonly Problem[]): readonly Problem[] {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
  return sorted.filter((problem, index) => {
    const before = sorted[index - 1]
    return before?.line !== problem.line || before.column !== problem.column || before.path !== problem.path
  })
}
