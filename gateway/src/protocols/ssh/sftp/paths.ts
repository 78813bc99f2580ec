import { isUtf8 } from 'node:buffer'

/**
 * Paths as a POSIX server reads them: bytes, cut at `/`. Here each is a string of Latin-1, one character a byte, so that
 * nothing is lost.
 */

/** Absolute, without `.`, `..`, doubled and trailing slashes, by the text alone: links are not followed. */
export function lexicalPath(path: string, home: string): string {
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${home}/${path}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** A path whose last part is not followed when it is a link. */
export interface SplitPath {
  /** To be resolved. */
  readonly parent: string
  readonly base: string
  /** A slash behind it makes the system follow a link after all. */
  readonly endsWithSlash: boolean
}

/** @returns undefined where the last part is no name of its own: nothing, `.` or `..` */
export function splitPath(path: string): SplitPath | undefined {
  const bare = path.replace(/\/+$/, '')
  const cut = bare.lastIndexOf('/')
  const base = bare.slice(cut + 1)
  if (base === '' || base === '.' || base === '..') return undefined
  return { parent: cut === -1 ? '.' : bare.slice(0, cut + 1), base, endsWithSlash: bare.length < path.length }
}

export function joinPath(directory: string, base: string): string {
  return directory.endsWith('/') ? `${directory}${base}` : `${directory}/${base}`
}

export interface ReadablePath {
  readonly text: string
  /** False where bytes are no UTF-8; the text then shows them as `\xNN`. */
  readonly exact: boolean
}

/** As rules, reviewers and the ledger read it. */
export function readablePath(path: string): ReadablePath {
  const bytes = Buffer.from(path, 'latin1')
  if (isUtf8(bytes)) return { text: bytes.toString('utf8'), exact: true }
  // A backslash of its own is doubled, so that no two paths read the same.
  const text = path.replace(/[\\\x80-\xff]/g, (byte) => (byte === '\\' ? '\\\\' : `\\x${byte.charCodeAt(0).toString(16)}`))
  return { text, exact: false }
}
