import { hash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

const KIND = 0o170000
const FOLDER = 0o040000
const LINK = 0o120000
const FILE = 0o100000

/** All below a folder: kinds, rights, owners, links and content of each path, and times where wanted. */
export function pictureOf(root: string, options: { readonly times: boolean; readonly leaveOut?: readonly string[] }): Record<string, string> {
  const picture: Record<string, string> = {}
  const look = (path: string): void => {
    const { mode, uid, gid, mtimeMs, nlink } = lstatSync(path)
    const kind = mode & KIND
    const content = kind === LINK ? readlinkSync(path) : kind === FILE ? hash('sha256', readFileSync(path)) : ''
    picture[path] = [mode.toString(8), uid, gid, kind === FOLDER ? '' : nlink, kind !== FOLDER && options.times ? mtimeMs : '', content].join(' ')
    if (kind !== FOLDER || options.leaveOut?.includes(path) === true) return
    for (const name of readdirSync(path).toSorted()) look(join(path, name))
  }
  look(root)
  return picture
}
