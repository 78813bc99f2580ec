import { FXP } from './message-types.ts'
import { joinPath, lexicalPath, splitPath } from './paths.ts'
import type { PathRequest } from './request.ts'

/** What the gateway asks the target before it decides on a path. Bytes as Latin-1. */
export interface Question {
  /** Of which path of the request. */
  readonly path: number
  readonly how: 'realpath' | 'expand-path'
  readonly ask: string
  /** Put behind the answer: the last part, which the request does not follow. */
  readonly base: string
  /** When the target cannot tell, the request goes on without. */
  readonly optional: boolean
}

/**
 * How a path is followed. `through`: links are followed to the end. `to`: the last part is not followed, it is what the
 * request is about. `both`: it depends on the system. `said`: the text of a new link.
 */
type Following = 'through' | 'to' | 'both' | 'said'

const FOLLOWING: Record<PathRequest['name'], readonly Following[]> = {
  open: ['through'], opendir: ['through'], stat: ['through'], realpath: ['through'], 'expand-path': ['through'], statvfs: ['through'],
  setstat: ['through'], lstat: ['to'], readlink: ['to'], remove: ['to'], rmdir: ['to'], mkdir: ['to'], lsetstat: ['to'],
  rename: ['to', 'to'], 'posix-rename': ['to', 'to'], hardlink: ['both', 'to'], symlink: ['said', 'to'],
}

/** Which requests change what paths mean. They and others wait for each other. */
const CHANGES_NAMES: ReadonlySet<PathRequest['name']> = new Set(['remove', 'rmdir', 'mkdir', 'rename', 'posix-rename', 'symlink', 'hardlink'])

export function changesNames(request: PathRequest): boolean {
  return CHANGES_NAMES.has(request.name)
}

export function questionsOf(request: PathRequest): readonly Question[] {
  return request.paths.flatMap((path, at) => questionsOfPath(request, path, at))
}

function questionsOfPath(request: PathRequest, path: string, at: number): readonly Question[] {
  const ask = (text: string, base = '', optional = false): Question => ({ path: at, how: 'realpath', ask: text, base, optional })
  if (request.name === 'expand-path') return [{ ...ask(path), how: 'expand-path' }]
  const following = FOLLOWING[request.name][at]
  if (following === 'said') return [ask(saidFrom(request), '', true)]
  const split = following === 'through' ? undefined : splitPath(path)
  if (split === undefined) return [ask(path)]
  const { parent, base, endsWithSlash } = split
  const itself = ask(parent, base)
  // A slash at the end makes systems follow the link after all, and some follow what a hard link is made to.
  return endsWithSlash || following === 'both' ? [itself, ask(joinPath(parent, base), '', following === 'both')] : [itself]
}

/** A relative text of a link is read from the folder in which the link is. */
function saidFrom({ paths: [said = '', link = ''] }: PathRequest): string {
  return said.startsWith('/') ? said : joinPath(splitPath(link)?.parent ?? link, said)
}

/** What the path is by its text alone; undefined where only the target knows. */
export function byText(request: PathRequest, at: number, home: string): string | undefined {
  if (request.name === 'expand-path') return undefined
  const path = request.name === 'symlink' && at === 0 ? saidFrom(request) : (request.paths[at] ?? '')
  return lexicalPath(path, home)
}

/** The type of answer besides STATUS that a request gets. */
export function answerType(name: PathRequest['name']): number {
  switch (name) {
    case 'open': case 'opendir': return FXP.handle
    case 'stat': case 'lstat': return FXP.attrs
    case 'realpath': case 'expand-path': case 'readlink': return FXP.name
    case 'statvfs': return FXP.extendedReply
    default: return FXP.status
  }
}
