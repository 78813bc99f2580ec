import { hash } from 'node:crypto'
import type { Operation, OperationFacts } from '../../../governance/operation.ts'
import { type Attributes, attributeWords } from './attributes.ts'
import { OPEN_FLAGS } from './message-types.ts'
import { opensForReading, opensForWriting } from './open-file.ts'
import { readablePath } from './paths.ts'
import type { AccountRequest, CopyRequest, HandleRequest, PathRequest } from './request.ts'

/** Requests that are governed one by one. Others run under the permit of what opened their file. */
export type GovernedRequest = PathRequest | CopyRequest | AccountRequest | (HandleRequest & { readonly name: 'fsetstat' })

/** What a request touches: bytes as Latin-1. */
export interface Touched {
  /** For each path of the request what it may stand for: first by its text, then as the target resolves it. */
  readonly paths: readonly (readonly string[])[]
  /** Of the files that it names by handle, and changes. */
  readonly objects: readonly string[]
  /** Of the file that it copies from, which was let through for reading already. */
  readonly source?: readonly string[]
}

export interface Description {
  readonly operation: Operation
  /** SHA-256, hex, over the request and what its paths stand for. */
  readonly digest: string
}

const SET_IDS = 0o7000

/** A request in neutral words. */
export function describeRequest(request: GovernedRequest, touched: Touched): Description {
  const name = request.kind === 'copy' ? 'copy-data' : request.name
  const paths = touched.paths.flat().map(readablePath)
  const objects = [...new Set([...paths.map(({ text }) => text), ...touched.objects])]
  const actions = actionsOf(request)
  const unknown = paths.some(({ exact }) => !exact)
  const facts: OperationFacts = {
    actions: unknown ? [...actions, 'unknown'] : actions,
    objects,
    functions: [name],
    readOnly: !unknown && actions.every((action) => action === 'read'),
    filtered: true,
    unknown,
    ...(unknown && { unknownBecause: 'a path is not UTF-8' }),
    statements: 1,
  }
  const details = detailsOf(request)
  const text = ['sftp', name, ...wordsOf(request, touched), details].filter((word) => word !== '').join(' ')
  const digest = hash('sha256', JSON.stringify(['sftp', name, 'paths' in request ? request.paths : [], touched, details]), 'hex')
  return { operation: { protocol: 'ssh', facts, text, parameters: [] }, digest }
}

function actionsOf(request: GovernedRequest): string[] {
  // What it reads is read under the permit of the open.
  if (request.kind === 'copy') return ['write']
  if (request.kind === 'account') return ['read']
  switch (request.name) {
    case 'open': return openActions(request.openFlags, request.attributes)
    case 'remove': case 'rmdir': return ['remove']
    case 'rename': case 'posix-rename': return ['rename']
    case 'symlink': case 'hardlink': return ['link']
    case 'mkdir': return ['write', ...specialBits(request.attributes)]
    case 'setstat': case 'lsetstat': case 'fsetstat': return changeActions(request.attributes)
    case 'opendir': case 'stat': case 'lstat': case 'realpath': case 'expand-path': case 'readlink': case 'statvfs': return ['read']
  }
}

function openActions(flags: number, attributes: Attributes | undefined): string[] {
  const actions = opensForReading(flags) ? ['read'] : []
  return opensForWriting(flags) ? [...actions, 'write', ...specialBits(attributes)] : actions
}

/** A file made with the bits of another user, another group, or sticky is more than written. */
function specialBits(attributes: Attributes | undefined): string[] {
  return ((attributes?.permissions ?? 0) & SET_IDS) === 0 ? [] : ['permit']
}

function changeActions(attributes: Attributes | undefined): string[] {
  const permits = attributes?.permissions !== undefined || attributes?.owner !== undefined
  const writes = attributes?.size !== undefined || attributes?.times !== undefined
  if (!permits) return ['write']
  return writes ? ['write', 'permit'] : ['permit']
}

/** Paths as the client wrote them, each with what it stands for where that is another. */
function wordsOf(request: GovernedRequest, { paths, objects, source = [] }: Touched): string[] {
  const quote = (path: string): string => JSON.stringify(readablePath(path).text)
  if (request.kind === 'path') {
    return request.paths.map((path, at) => {
      const others = (paths[at] ?? []).filter((other) => other !== path)
      return others.length === 0 ? quote(path) : `${quote(path)} (${others.map(quote).join(', ')})`
    })
  }
  if (request.kind === 'account') return request.user === '' ? [] : [quote(request.user)]
  return [...source, ...objects].map((object) => JSON.stringify(object))
}

function detailsOf(request: GovernedRequest): string {
  if (request.kind === 'copy') return `from ${request.fromOffset} length ${request.length === 0n ? 'to the end' : request.length} to ${request.toOffset}`
  if (request.kind === 'account') return ''
  const attributes = request.attributes === undefined ? '' : attributeWords(request.attributes)
  if (request.kind !== 'path' || request.name !== 'open') return attributes
  return [flagWords(request.openFlags), attributes].filter((word) => word !== '').join(' ')
}

/** `read`, `write,create,truncate`. */
function flagWords(flags: number): string {
  const words = Object.entries(OPEN_FLAGS).filter(([, flag]) => (flags & flag) !== 0).map(([word]) => word)
  return words.length === 0 ? 'read' : words.join(',')
}

/** What accounts' requests touch: the files in which accounts are. */
export function accountTouched(request: AccountRequest): Touched {
  return { paths: [], objects: request.name === 'home-directory' ? [`~${readablePath(request.user).text}`] : ['/etc/passwd', '/etc/group'] }
}
