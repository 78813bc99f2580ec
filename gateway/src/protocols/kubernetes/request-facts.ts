import type { OperationFacts } from '../../governance/operation.ts'
import { withCommand } from './command-facts.ts'
import { isTrue, type RequestInfo, valueOf } from './wire/request-info.ts'
import type { RequestTarget } from './wire/request-target.ts'

/** What a request does in the words of rules, as far as its path and query tell. */

/** Neutral words beside the API's own verbs. */
const NEUTRAL: Readonly<Record<string, string>> = {
  get: 'read', list: 'read', watch: 'read', create: 'write', update: 'write', patch: 'write', delete: 'remove', deletecollection: 'remove',
}
/** Subresources that lead into a container or beyond the API: they come as GET too, and are never a read. */
const CONNECTS: Readonly<Record<string, readonly string[]>> = {
  exec: ['connect', 'exec'], attach: ['connect', 'attach', 'shell'],
  portforward: ['connect', 'port-forward', 'forward'], proxy: ['connect', 'proxy', 'forward'],
}
/** What else a change to a subresource is. One that is not named here is unknown. */
const SUBRESOURCES: Readonly<Record<string, readonly string[]>> = {
  '': [], status: ['status'], scale: ['scale'], log: ['log'], eviction: ['evict', 'remove'], binding: ['binding'],
  token: ['issue-token'], ephemeralcontainers: ['ephemeral-container'], approval: ['approve'], finalize: ['finalize'], resize: ['resize'], rollback: ['rollback'],
}
/** What else a change to a resource is. */
const POWERS: Readonly<Record<string, string>> = {
  'roles.rbac.authorization.k8s.io': 'rbac', 'rolebindings.rbac.authorization.k8s.io': 'rbac',
  'clusterroles.rbac.authorization.k8s.io': 'rbac', 'clusterrolebindings.rbac.authorization.k8s.io': 'rbac',
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': 'admission', 'validatingwebhookconfigurations.admissionregistration.k8s.io': 'admission',
  'validatingadmissionpolicies.admissionregistration.k8s.io': 'admission', 'validatingadmissionpolicybindings.admissionregistration.k8s.io': 'admission',
  'mutatingadmissionpolicies.admissionregistration.k8s.io': 'admission', 'mutatingadmissionpolicybindings.admissionregistration.k8s.io': 'admission',
  'apiservices.apiregistration.k8s.io': 'api-service', 'customresourcedefinitions.apiextensions.k8s.io': 'definition',
  'certificatesigningrequests.certificates.k8s.io': 'issue-certificate', 'podcertificaterequests.certificates.k8s.io': 'issue-certificate', bindings: 'binding',
}
/** Questions that are sent as POST and change nothing. */
const QUESTIONS = new Set([
  ...['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'subjectaccessreviews', 'localsubjectaccessreviews'].map((resource) => `${resource}.authorization.k8s.io`), 'selfsubjectreviews.authentication.k8s.io',
])
/** Subresources that do it all the same when they are only to try. */
const ALWAYS_REAL = new Set(['token'])
/** Deleting one of these deletes what is in it. */
const HOLDS_OTHERS = new Set(['namespaces', 'customresourcedefinitions.apiextensions.k8s.io'])

const DISCOVERY = /^\/(?:(?:api|apis)(?:\/[^/]+){0,2}|version|openapi\/v[23](?:\/.+)?|swagger\.json|swagger-2\.0\.0\.pb-v1|\.well-known\/openid-configuration|openid\/v1\/jwks)?$/
const HEALTH = /^\/(?:healthz|livez|readyz|metrics)(?:\/.+)?$/

export function resourceOf({ resource, group }: Pick<RequestInfo, 'resource' | 'group'>): string {
  return group === '' ? resource : `${resource}.${group}`
}

/** Whose masks hold for what is answered: a token is none of its account's fields. */
export function maskedResourceOf(info: Pick<RequestInfo, 'resource' | 'group' | 'subresource'>): string {
  const resource = resourceOf(info)
  return resource === 'serviceaccounts' && info.subresource === 'token' ? `${resource}/token` : resource
}

/** `namespace/resource.group/name`, with the subresource behind it; `*` for what is not named. */
export function objectOf(info: RequestInfo): string {
  const { namespace, name, subresource } = info
  return [namespace || '*', resourceOf(info), name || '*', ...(subresource === '' ? [] : [subresource])].join('/')
}

export function requestFacts(info: RequestInfo, method: string, target: RequestTarget): OperationFacts {
  const facts = info.isResource ? resourceFacts(info, target.query) : otherFacts(method, target)
  return Object.freeze(facts)
}

function resourceFacts(info: RequestInfo, query: RequestTarget['query']): OperationFacts {
  const { verb, subresource, name, rest } = info
  const base = { objects: [objectOf(info)], functions: [], filtered: isFiltered(info, query), statements: 1 }
  const connect = verb === 'proxy' ? CONNECTS['proxy'] : CONNECTS[subresource]
  if (connect !== undefined) {
    const isInteractive = isTrue(query, 'stdin') && isTrue(query, 'tty')
    const facts = { ...base, actions: [...connect, ...(isInteractive ? ['interactive'] : [])], readOnly: false, unknown: false }
    return subresource === 'exec' ? withCommand(facts, query) : facts
  }
  const neutral = NEUTRAL[verb]
  const more = SUBRESOURCES[subresource]
  const because = neutral === undefined ? 'the API has no such verb'
    : more === undefined || rest.length > 0 ? 'the subresource is not known here'
    : verb === 'create' && name !== '' && subresource === '' ? 'what is created here is not known'
    : undefined
  if (because !== undefined || neutral === undefined || more === undefined) {
    return { ...base, actions: [verb || 'unknown', 'unknown'], readOnly: false, unknown: true, ...(because && { unknownBecause: because }) }
  }
  if (verb === 'create' && subresource === '' && QUESTIONS.has(resourceOf(info))) return { ...base, actions: ['create', 'ask', 'read'], readOnly: true, unknown: false }
  if (neutral === 'read') return { ...base, actions: [verb, 'read', ...(subresource === 'log' ? ['log'] : [])], readOnly: true, unknown: false }
  const power = POWERS[resourceOf(info)]
  const dryRun = valueOf(query, 'dryRun') === 'All' && !ALWAYS_REAL.has(subresource) ? ['dry-run'] : []
  return { ...base, actions: [verb, neutral, ...more, ...(power === undefined ? [] : [power]), ...dryRun], readOnly: false, unknown: false }
}

/** What is no resource: discovery, health, and what nobody here knows. */
function otherFacts(method: string, { segments }: RequestTarget): OperationFacts {
  const path = `/${segments.join('/')}`
  const base = { objects: [path], functions: [], filtered: true, statements: 1 }
  const isRead = method === 'GET' || method === 'HEAD'
  if (isRead && (path === '/' || DISCOVERY.test(path))) return { ...base, actions: ['discover', 'read'], readOnly: true, unknown: false }
  if (isRead && HEALTH.test(path)) return { ...base, actions: ['get', 'read'], readOnly: true, unknown: false }
  return { ...base, actions: [method.toLowerCase(), 'unknown'], readOnly: false, unknown: true, unknownBecause: 'this path is not known here' }
}

function isFiltered(info: RequestInfo, query: RequestTarget['query']): boolean {
  if (info.verb === 'delete') return info.subresource !== '' || !HOLDS_OTHERS.has(resourceOf(info))
  if (info.verb !== 'deletecollection') return true
  return narrows(valueOf(query, 'labelSelector')) || narrows(valueOf(query, 'fieldSelector'))
}

/** Whether some part of a selector says what to take, and not only what to leave. */
function narrows(selector: string | undefined): boolean {
  const parts = (selector ?? '').split(/,(?![^(]*\))/).map((part) => part.trim()).filter((part) => part !== '')
  return parts.some((part) => !part.startsWith('!') && !part.includes('!=') && !/\snotin\s*\(/.test(part) && !/^metadata\.namespace==?/.test(part))
}
