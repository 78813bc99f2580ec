import type { IncomingMessage } from 'node:http'
import { AmbiguousRequest, encodeSegment, readRequestTarget, type RequestTarget } from './wire/request-target.ts'

/** HTTP/2's too: Node's compatibility API gives them the same face. */
export type AnyRequest = IncomingMessage

/** A request's head, read once. What is not here of a client's headers goes nowhere. */
export interface ClientRequest {
  readonly method: string
  readonly targetName: string
  /** What stands before the API server's own paths here: `/TARGET`, or nothing. */
  readonly prefix: string
  /** Behind the target's name, as the API server is to read it. */
  readonly target: RequestTarget
  readonly token: string
  readonly userAgent: string
  readonly purpose: string | undefined
  /** Media type of the body, lower case, without parameters. */
  readonly contentType: string
  /** Those that go on, by name. */
  readonly headers: Readonly<Record<string, string>>
}

/** Not passed on: answered with a Status of this code. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest'
  readonly code: number
  readonly reason: string
  constructor(code: number, reason: string, message: string) {
    super(message)
    this.code = code
    this.reason = reason
  }
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
/** Passed as they are. */
const PASSED = ['accept', 'content-type', 'user-agent', 'if-none-match', 'kubectl-command', 'kubectl-session'] as const
/** Two of them, and a proxy and a server might each take another one. */
const ONCE = new Set(['authorization', 'content-type', 'content-length', 'transfer-encoding', 'host', ':authority', 'accept', 'upgrade', 'connection', 'sec-websocket-key'])
/** First parts of what an API server answers itself. */
const OWN_PATHS = new Set(['', 'api', 'apis', 'version', 'openapi', 'healthz', 'livez', 'readyz', 'metrics', 'logs', '.well-known', 'openid', 'swagger.json'])
const MAX_HEADER = 8_192
/** For openapi documents protobuf is all that old clients read; nothing in them is anybody's secret. */
const OPENAPI = /^\/openapi\/v[23](?:\/|$)/

/**
 * @param targets names of those of this protocol
 * @throws RefusedRequest
 */
export function readClientRequest(request: AnyRequest, targets: readonly string[]): ClientRequest {
  const method = request.method ?? ''
  if (!METHODS.has(method)) throw new RefusedRequest(405, 'MethodNotAllowed', 'this method is never passed on')
  checkHeaders(request)
  const { targetName, target, prefix } = findTarget(readTarget(request.url ?? ''), request, targets)
  const token = bearerToken(request.headers.authorization)
  const passed = Object.fromEntries(PASSED.flatMap((name) => {
    const value = request.headers[name]
    return typeof value === 'string' && value.length <= MAX_HEADER ? [[name, value]] : []
  }))
  const purpose = request.headers['sallyport-purpose']
  return {
    method, targetName, target, prefix, token,
    userAgent: passed['user-agent'] ?? '',
    purpose: typeof purpose === 'string' ? purpose : undefined,
    contentType: (passed['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '',
    headers: { ...passed, accept: OPENAPI.test(target.path) ? (passed['accept'] ?? 'application/json') : readableAccept(passed['accept']), 'accept-encoding': 'identity' },
  }
}

function readTarget(url: string): RequestTarget {
  try {
    return readRequestTarget(url)
  } catch (error) {
    if (!(error instanceof AmbiguousRequest)) throw error
    throw new RefusedRequest(400, 'BadRequest', `${error.message}, so the request could be read in two ways`)
  }
}

/**
 * By the first part of the path; else by the first label of the host's name; else the only one there is. `kubectl get --raw`
 * leaves the path of its server out.
 */
function findTarget(whole: RequestTarget, request: AnyRequest, targets: readonly string[]): Pick<ClientRequest, 'targetName' | 'target' | 'prefix'> {
  const [first = '', ...segments] = whole.segments
  if (targets.includes(first)) {
    const prefix = `/${encodeSegment(first)}`
    return { targetName: first, target: { ...whole, segments, path: whole.path.slice(prefix.length) || '/' }, prefix }
  }
  const authority = request.headers.host ?? request.headers[':authority']
  const label = typeof authority === 'string' ? authority.split('.')[0] : undefined
  const targetName = targets.find((name) => name === label) ?? (targets.length === 1 && OWN_PATHS.has(first) ? targets[0] : undefined)
  // Whoever has no token is not told which targets there are.
  return { targetName: targetName ?? first, target: whole, prefix: '' }
}

function checkHeaders(request: AnyRequest): void {
  const seen = new Set<string>()
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const name = request.rawHeaders[at]?.toLowerCase() ?? ''
    if (ONCE.has(name) && seen.has(name)) throw new RefusedRequest(400, 'BadRequest', `the header ${name} comes twice`)
    seen.add(name)
    if (name.startsWith('impersonate-')) {
      throw new RefusedRequest(403, 'Forbidden', 'nobody impersonates others through the gateway. Leave out --as and --as-group')
    }
  }
  if (seen.has('x-http-method-override') || seen.has('x-method-override')) throw new RefusedRequest(400, 'BadRequest', 'a method is never overridden')
}

function bearerToken(header: string | undefined): string {
  const [, token] = /^Bearer ([\x21-\x7e]+)$/i.exec(header ?? '') ?? []
  if (token === undefined) {
    throw new RefusedRequest(401, 'Unauthorized', 'no session token was sent. Send it as bearer token; `sallyport kubeconfig TARGET` sets that up')
  }
  return token
}

/** What can be read on its way: JSON, plain text, and never protobuf or CBOR. */
export function readableAccept(accept: string | undefined): string {
  const ranges = (accept ?? '').split(',').map((range) => range.trim()).filter((range) => {
    const type = range.split(';')[0]?.trim().toLowerCase() ?? ''
    return ['application/json', '*/*', 'text/plain', 'application/*', 'text/*'].includes(type)
  })
  const kept = ranges.map((range) => (range.startsWith('application/*') || range.startsWith('*/*') ? 'application/json' : range))
  return kept.length === 0 ? 'application/json' : [...new Set(kept)].join(',')
}

/** Objects in place of the tables that the API server makes of them. */
export function withoutTables(accept: string): string {
  return accept.split(',').filter((range) => !/;\s*as\s*=\s*table\b/i.test(range)).join(',') || 'application/json'
}
