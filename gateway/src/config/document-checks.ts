import { BUILT_IN_RULES } from '../governance/decision.ts'
import { compileCondition, ConditionError } from '../governance/policy/condition.ts'
import type {
  AgentEntry, DetectorMask, IssuerEntry, MaskEntry, PolicyDocument, RuleEntry, TargetEntry,
} from '../governance/policy/policy-document.ts'
import { AGENT_REVIEWER } from '../governance/policy/review-terms.ts'
import type { SamlEntry } from '../governance/policy/saml-entry.ts'
import type { Finding, Path } from './problem.ts'
import { quoted, withSuggestion } from './schema-findings.ts'

/** Entries that passed by themselves, at their index in the document; a hole where one did not. */
export interface CheckedSections {
  readonly issuers: readonly (IssuerEntry | undefined)[]
  readonly saml?: readonly (SamlEntry | undefined)[]
  readonly agents: readonly (AgentEntry | undefined)[]
  readonly targets: readonly (TargetEntry | undefined)[]
  readonly masks: readonly (MaskEntry | DetectorMask | undefined)[]
  readonly rules: readonly (RuleEntry | undefined)[]
  readonly roles: PolicyDocument['roles'] | undefined
}

type Section = 'issuers' | 'saml' | 'agents' | 'targets' | 'masks' | 'rules'

/** Names of each section as written, also of entries that are wrong elsewhere, so that no second error follows. */
export type WrittenNames = Readonly<Record<Section, readonly (string | undefined)[]>>

/** What only shows when entries are looked at together. */
/** @param streamless protocols whose answers have no text streams */
export function checkTogether(sections: CheckedSections, names: WrittenNames, streamless: readonly string[] = []): Finding[] {
  return [
    ...Object.entries(names).flatMap(([section, written]) => duplicates(section, written)),
    ...namedAsIssuers(names),
    ...builtInNames('masks', names.masks),
    ...builtInNames('rules', names.rules),
    ...references(sections, names),
    ...sameIssuers(sections.issuers),
    ...sameConsoleClients(sections.issuers),
    ...ambiguousAgents(sections.agents),
    ...maskedTwice(sections.masks),
    ...detectedTwice(sections.masks),
    ...detectorsWithoutStreams(sections, streamless),
    ...conditions(sections),
    ...withoutReviewers(sections),
  ]
}

function duplicates(section: string, names: readonly (string | undefined)[]): Finding[] {
  return names.flatMap((name, index) => {
    const first = names.indexOf(name)
    return name !== undefined && first < index
      ? [{ path: [section, index, 'name'], message: `${section}[${first}] has the name ${quoted(name)} already` }]
      : []
  })
}

/** An identity says by the name of its issuer where it comes from. */
function namedAsIssuers({ saml, issuers }: WrittenNames): Finding[] {
  return saml.flatMap((name, index) => name !== undefined && issuers.includes(name)
    ? [{ path: ['saml', index, 'name'], message: `issuers[${issuers.indexOf(name)}] has the name ${quoted(name)} already` }]
    : [])
}

function builtInNames(section: 'masks' | 'rules', names: readonly (string | undefined)[]): Finding[] {
  const builtIn: readonly (string | undefined)[] = Object.values(BUILT_IN_RULES)
  return names.flatMap((name, index) => builtIn.includes(name)
    ? [{ path: [section, index, 'name'], message: `${quoted(String(name))} is the name of a rule that is built in` }]
    : [])
}

function references(sections: CheckedSections, names: WrittenNames): Finding[] {
  const known = { issuer: defined(names.issuers), target: defined(names.targets) }
  const unknown = (kind: keyof typeof known, name: string, path: Path): Finding[] =>
    known[kind].includes(name) ? [] : [withSuggestion(path, `there is no ${kind} ${quoted(name)}`, name, known[kind])]
  const targets = (section: 'agents' | 'masks' | 'rules'): Finding[] =>
    sections[section].flatMap((entry, index) =>
      (entry?.targets ?? []).flatMap((name, place) => unknown('target', name, [section, index, 'targets', place])))
  return [
    ...sections.agents.flatMap((agent, index) =>
      (agent ? unknown('issuer', agent.issuer, ['agents', index, 'issuer']) : [])),
    ...targets('agents'), ...targets('masks'), ...targets('rules'),
    ...sections.rules.flatMap((rule, index) =>
      (rule?.reviewers ?? []).flatMap((name, place) => agentReviewer(name, defined(names.agents), ['rules', index, 'reviewers', place]))),
  ]
}

function agentReviewer(reviewer: string, agents: readonly string[], path: Path): Finding[] {
  if (!reviewer.startsWith(AGENT_REVIEWER)) return []
  const name = reviewer.slice(AGENT_REVIEWER.length)
  if (agents.includes(name)) return []
  return [{ ...withSuggestion(path, `there is no agent ${quoted(name)}`, name, agents), offset: AGENT_REVIEWER.length }]
}

/** A token of two entries at once could be read either way. */
function sameIssuers(issuers: CheckedSections['issuers']): Finding[] {
  return issuers.flatMap((issuer, index) => {
    const first = issuers.findIndex((other) => other?.issuer === issuer?.issuer && other?.audience === issuer?.audience)
    return issuer !== undefined && first < index
      ? [{ path: ['issuers', index, 'issuer'], message: `issuers[${first}] has the same issuer and audience` }]
      : []
  })
}

/** An ID token of two entries at once could be read either way. */
function sameConsoleClients(issuers: CheckedSections['issuers']): Finding[] {
  return issuers.flatMap((issuer, index) => {
    if (issuer?.console === undefined) return []
    const { clientId } = issuer.console
    const first = issuers.findIndex((other) => other?.issuer === issuer.issuer && other.console?.clientId === clientId)
    return first < index ? [{ path: ['issuers', index, 'console', 'clientId'], message: `issuers[${first}] has the same issuer and console client` }] : []
  })
}

/** Whenever one agent's claims are all among another's, each token of the second is also one of the first. */
function ambiguousAgents(agents: CheckedSections['agents']): Finding[] {
  return agents.flatMap((agent, index): Finding[] => {
    const first = agents.findIndex((other) => agent !== undefined && other !== undefined && other !== agent
      && other.issuer === agent.issuer && (includes(agent.match, other.match) || includes(other.match, agent.match)))
    if (first === -1 || first > index) return []
    const message = `a token that is agent ${quoted(agent?.name ?? '')} by this may be agent ${quoted(agents[first]?.name ?? '')} too`
    return [{ path: ['agents', index, 'match'], message, other: ['agents', first, 'match'] }]
  })
}

function includes(all: AgentEntry['match'], some: AgentEntry['match']): boolean {
  return Object.entries(some).every(([claim, value]) => Object.hasOwn(all, claim) && all[claim] === value)
}

/** Two masks on one column of one target would leave it open which of them a client sees. */
function maskedTwice(masks: CheckedSections['masks']): Finding[] {
  const seen = new Map<string, MaskEntry[]>()
  return masks.flatMap((mask, index) => mask === undefined || !('columns' in mask) ? [] : mask.columns.flatMap((column, place): Finding[] => {
    const earlier = seen.get(column) ?? []
    const other = earlier.find(({ targets }) => overlap(targets, mask.targets))
    seen.set(column, [...earlier, mask])
    return other === undefined ? [] : [{
      path: ['masks', index, 'columns', place], message: `mask ${quoted(other.name)} holds for this column already`,
    }]
  }))
}

/** As with columns: one value, one mask. */
function detectedTwice(masks: CheckedSections['masks']): Finding[] {
  const seen: DetectorMask[] = []
  return masks.flatMap((mask, index) => {
    if (mask === undefined || 'columns' in mask) return []
    const earlier = seen.filter(({ targets }) => overlap(targets, mask.targets))
    seen.push(mask)
    return (mask.detect ?? []).flatMap((name, place): Finding[] => {
      const other = earlier.find(({ detect = [] }) => detect.includes(name))
      return other === undefined ? [] : [{ path: ['masks', index, 'detect', place], message: `mask ${quoted(other.name)} has this detector already` }]
    })
  })
}

/** Nobody should rely on a detector where there is nothing that it looks at. */
function detectorsWithoutStreams({ masks, targets }: CheckedSections, streamless: readonly string[]): Finding[] {
  const without = (target: TargetEntry | undefined): boolean => target !== undefined && streamless.includes(target.protocol)
  return masks.flatMap((mask, index): Finding[] => {
    if (mask === undefined || 'columns' in mask) return []
    if (mask.targets === undefined) {
      return targets.length > 0 && targets.every(without)
        ? [{ path: ['masks', index], message: 'detectors look at text streams, and no target here has any: name columns instead' }]
        : []
    }
    return mask.targets.flatMap((name, place): Finding[] => {
      const target = targets.find((entry) => entry?.name === name)
      if (target === undefined || !without(target)) return []
      const message = `detectors look at text streams, and ${target.protocol} targets have none: name columns instead`
      return [{ path: ['masks', index, 'targets', place], message }]
    })
  })
}

function overlap(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  return one === undefined || other === undefined || one.some((name) => other.includes(name))
}

function conditions({ masks, rules }: CheckedSections): Finding[] {
  return [
    ...rules.flatMap((rule, index) =>
      (rule?.when === undefined ? [] : condition(rule.when, 'when', ['rules', index, 'when']))),
    ...masks.flatMap((mask, index) =>
      (mask?.unless === undefined ? [] : condition(mask.unless, 'unless', ['masks', index, 'unless']))),
  ]
}

function condition(source: string, place: 'when' | 'unless', path: Path): Finding[] {
  try {
    compileCondition(source, place)
    return []
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error
    const { message, offset, unknown } = error
    return [{ ...(unknown ? withSuggestion(path, message, unknown.name, unknown.known) : { path, message }), offset }]
  }
}

/** A review that nobody can give would wait for ever. */
function withoutReviewers({ rules, roles }: CheckedSections): Finding[] {
  if (roles === undefined || roles.reviewer.length > 0) return []
  const message = 'nobody could review this: name "reviewers" here or groups in roles.reviewer'
  return rules.flatMap((rule, index): Finding[] => {
    if (rule === undefined || rule.reviewers !== undefined) return []
    if (rule.during !== undefined) return [{ path: ['rules', index, 'during'], message }]
    return rule.then === 'review' ? [{ path: ['rules', index, 'then'], message }] : []
  })
}

function defined(names: readonly (string | undefined)[]): readonly string[] {
  return names.filter((name) => name !== undefined)
}
