import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { FXP, STATUS } from './message-types.ts'
import type { PacketReader } from './packet-reader.ts'
import { writeExpandPath, writeRealpath } from './packet-writer.ts'
import { joinPath } from './paths.ts'
import { questionsOf } from './path-questions.ts'
import type { RelayState } from './relay-state.ts'
import type { PathRequest } from './request.ts'

export interface Resolved {
  /** For each path of the request, what the target said that it is. */
  readonly paths: readonly (readonly string[])[]
  /** With which the target could not tell; the request would fail in the same way. */
  readonly failure: Failure | undefined
}

/** A STATUS of the target. */
export interface Failure {
  readonly status: number
  readonly words: string
}

const MAX_WORDS = 1024

/** Asks the target what the paths of a request are once links are followed, as far as the request itself follows them. */
export function resolvePaths(state: RelayState, request: PathRequest, done: (resolved: Resolved) => void): void {
  const questions = questionsOf(request)
  const paths: string[][] = request.paths.map(() => [])
  let open = questions.length
  let failure: Failure | undefined
  for (const { path, how, ask, base, optional } of questions) {
    const write = how === 'realpath' ? writeRealpath : writeExpandPath
    state.ask(FXP.name, (id) => write(id, Buffer.from(ask, 'latin1')), (type, reader) => {
      if (type === FXP.name) paths[path]?.push(base === '' ? absolutePath(reader) : joinPath(absolutePath(reader), base))
      else if (!optional) failure ??= failureOf(reader)
      if (--open === 0) done({ paths, failure })
    })
  }
}

/**
 * `uint32 count, string filename, string longname, ATTRS` of an answer to REALPATH.
 * @throws MalformedFrameError when it is no absolute path
 */
export function absolutePath(reader: PacketReader): string {
  if (reader.uint32() !== 1) throw new MalformedFrameError('a path was answered with other than one name')
  const path = reader.string().toString('latin1')
  if (!path.startsWith('/') || path.includes('\0')) throw new MalformedFrameError('a path was answered with none that is absolute')
  return path
}

function failureOf(reader: PacketReader): Failure {
  const status = reader.uint32()
  // Version 3 has the text; servers of before do not.
  const words = reader.remaining === 0 ? '' : reader.string().toString('utf8')
  return { status: status === STATUS.ok ? STATUS.failure : status, words: words.slice(0, MAX_WORDS) }
}
