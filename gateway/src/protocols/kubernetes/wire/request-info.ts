import { AmbiguousRequest, type RequestTarget } from './request-target.ts'

/** What a request means to the API server: its RequestInfo (k8s.io/apiserver/pkg/endpoints/request/requestinfo.go). Pure. */
export interface RequestInfo {
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, `proxy`; else the method, lower case. */
  readonly verb: string
  readonly isResource: boolean
  /** Empty for the core group, and for what is no resource. */
  readonly group: string
  readonly version: string
  readonly namespace: string
  readonly resource: string
  readonly subresource: string
  /** Empty for a collection. */
  readonly name: string
  /** Behind the subresource: what a proxy gets to see. */
  readonly rest: readonly string[]
}

const VERBS: Readonly<Record<string, string>> = { POST: 'create', GET: 'get', HEAD: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }
const SPECIAL_VERBS = new Set(['proxy', 'watch'])
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize'])

/** Parameters that change what a request does: given twice, somebody might read the other one. */
const ONCE = new Set([
  'watch', 'fieldselector', 'labelselector', 'dryrun', 'fieldmanager', 'force', 'limit', 'continue', 'resourceversion',
  'resourceversionmatch', 'container', 'stdin', 'stdout', 'stderr', 'tty', 'follow', 'path', 'propagationpolicy', 'graceperiodseconds', 'orphandependents',
])

/** @throws AmbiguousRequest */
export function readRequestInfo(method: string, { segments, query }: Pick<RequestTarget, 'segments' | 'query'>): RequestInfo {
  checkQuery(query)
  const nonResource = { verb: method.toLowerCase(), isResource: false, group: '', version: '', namespace: '', resource: '', subresource: '', name: '', rest: [] }
  const [prefix, ...parts] = segments
  if (prefix !== 'api' && prefix !== 'apis') return nonResource
  let group = ''
  if (prefix === 'apis') {
    if (parts.length < 3) return nonResource
    group = parts.shift() ?? ''
  } else if (parts.length < 2) return nonResource
  const version = parts.shift() ?? ''
  let verb = VERBS[method] ?? ''
  if (SPECIAL_VERBS.has(parts[0] ?? '')) {
    if (parts.length < 2) throw new AmbiguousRequest('the path names no resource')
    verb = parts.shift() ?? ''
  }
  let namespace = ''
  if (parts[0] === 'namespaces' && parts.length > 1) {
    namespace = parts[1] ?? ''
    if (parts.length > 2 && !NAMESPACE_SUBRESOURCES.has(parts[2] ?? '')) parts.splice(0, 2)
  }
  const [resource = '', pathName = '', third = '', ...rest] = parts
  const takesRest = verb === 'proxy'
  const info = {
    isResource: true, group, version, namespace, resource,
    subresource: takesRest ? '' : third,
    rest: takesRest && third !== '' ? [third, ...rest] : rest,
  }
  const name = pathName !== '' || verb !== 'get' ? pathName : nameOf(valueOf(query, 'fieldSelector'))
  if (pathName === '' && verb === 'get') verb = isTrue(query, 'watch') ? 'watch' : 'list'
  if (name === '' && verb === 'delete') verb = 'deletecollection'
  return { ...info, verb, name }
}

/** The first value of a parameter, as the API server takes it; undefined when it is not there. */
export function valueOf(query: RequestTarget['query'], name: string): string | undefined {
  return query.find(([key]) => key === name)?.[1]
}

/** As the API server reads booleans: there and neither `0` nor `false`. */
export function isTrue(query: RequestTarget['query'], name: string): boolean {
  const value = valueOf(query, name)
  return value !== undefined && !['0', 'false'].includes(value.toLowerCase())
}

function checkQuery(query: RequestTarget['query']): void {
  const seen = new Set<string>()
  for (const [name] of query) {
    const key = name.toLowerCase()
    if (!ONCE.has(key)) continue
    if (seen.has(key)) throw new AmbiguousRequest(`the query says ${key} twice`)
    seen.add(key)
  }
}

/** A list of one object by name is that object for the API server's own rules. */
function nameOf(selector: string | undefined): string {
  const match = /(?:^|,)metadata\.name==?([^,=!\\]+)(?:,|$)/.exec(selector ?? '')
  return match?.[1] ?? ''
}
