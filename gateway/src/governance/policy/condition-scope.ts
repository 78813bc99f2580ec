import { Environment } from '@marcbachmann/cel-js'
import type { OperationFacts } from '../operation.ts'
import { linearPattern } from './linear-pattern.ts'
import type { PolicySubject } from './policy.ts'

/** What a condition sees. Classes, because the CEL library then takes the values as they are, without copies. */
export interface ConditionScope {
  readonly operation?: OperationFields
  readonly identity: IdentityFields
  readonly target: TargetFields
  readonly session: SessionFields
}

export class OperationFields {
  readonly actions: readonly string[]
  readonly objects: readonly string[]
  readonly functions: readonly string[]
  readonly readOnly: boolean
  readonly filtered: boolean
  readonly unknown: boolean
  readonly statements: bigint

  constructor(facts: OperationFacts) {
    this.actions = facts.actions
    this.objects = facts.objects
    this.functions = facts.functions
    // Fails closed should facts ever contradict themselves: what could not be analysed is not known to be read-only.
    this.readOnly = facts.readOnly && !facts.unknown
    this.filtered = facts.filtered
    this.unknown = facts.unknown
    this.statements = BigInt(facts.statements)
  }
}

class IdentityFields {
  readonly name: string
  readonly kind: string
  readonly issuer: string
  readonly subject: string
  readonly groups: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
  readonly actors: readonly string[]
  /** Who acts now; empty when the identity acts for itself. */
  readonly actor: string

  constructor({ identity }: PolicySubject) {
    this.name = identity.name
    this.kind = identity.kind
    this.issuer = identity.issuer
    this.subject = identity.subject
    this.groups = identity.groups
    this.claims = identity.claims
    this.actors = identity.actors
    this.actor = identity.actors[0] ?? ''
  }
}

class TargetFields {
  readonly name: string
  readonly protocol: string
  readonly labels: Readonly<Record<string, string>>

  constructor({ target }: PolicySubject) {
    this.name = target.name
    this.protocol = target.protocol
    this.labels = target.labels
  }
}

class SessionFields {
  readonly purpose: string

  constructor({ purpose }: PolicySubject) {
    this.purpose = purpose
  }
}

export function subjectScope(subject: PolicySubject): ConditionScope {
  return {
    identity: new IdentityFields(subject),
    target: new TargetFields(subject),
    session: new SessionFields(subject),
  }
}

/** The name under which `matches` runs: the library's own is a backtracking RegExp and cannot be replaced in place. */
export const LINEAR_MATCHES = 'linearMatches'

const strings = 'list<string>'
const FIELDS = {
  identity: {
    name: 'string', kind: 'string', issuer: 'string', subject: 'string',
    groups: strings, claims: 'map<string, dyn>', actors: strings, actor: 'string',
  },
  target: { name: 'string', protocol: 'string', labels: 'map<string, string>' },
  session: { purpose: 'string' },
  operation: {
    actions: strings, objects: strings, functions: strings,
    readOnly: 'bool', filtered: 'bool', unknown: 'bool', statements: 'int',
  },
} as const

/** All that can be mistyped. */
export const CONDITION_FIELDS: readonly string[] = Object.values(FIELDS).flatMap((fields) => Object.keys(fields))
export const CONDITION_VARIABLES = { when: Object.keys(FIELDS), unless: ['identity', 'target', 'session'] } as const

const subjectTypes = new Environment({ limits: { maxAstNodes: 2000, maxDepth: 50 } })
  .registerType('Identity', { ctor: IdentityFields, fields: FIELDS.identity })
  .registerType('Target', { ctor: TargetFields, fields: FIELDS.target })
  .registerType('Session', { ctor: SessionFields, fields: FIELDS.session })
  .registerVariable('identity', 'Identity')
  .registerVariable('target', 'Target')
  .registerVariable('session', 'Session')
  .registerFunction(`string.${LINEAR_MATCHES}(string): bool`, {
    handler: (text: string, pattern: string): boolean => linearPattern(pattern).matcher(text).find(),
    async: false,
  })

const operationTypes = subjectTypes
  .clone()
  .registerType('Operation', { ctor: OperationFields, fields: FIELDS.operation })
  .registerVariable('operation', 'Operation')

/** Types for a rule's `when`, and for a mask's `unless`, which is settled before there is an operation. */
export const CONDITION_TYPES = { when: operationTypes, unless: subjectTypes } as const
