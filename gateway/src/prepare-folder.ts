import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** An empty file fits on a disk that is full. */
const TRIAL_BYTES = 16_384

/** A folder that the document names cannot hold what is to be kept there. Nothing was started. */
class FolderError extends Error {
  override readonly name = 'FolderError'
}

/**
 * Makes a folder where there is none, and tries that a file can be made in it.
 * @param setting where the document names it
 * @throws FolderError
 */
export function prepareFolder(path: string, setting: string): void {
  const folder = resolve(path)
  try {
    makeFolder(folder)
    const trial = join(folder, `.trial-${randomUUID()}`)
    try {
      writeFileSync(trial, Buffer.alloc(TRIAL_BYTES), { flag: 'wx', mode: 0o600 })
    } finally {
      rmSync(trial, { force: true })
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = (code !== undefined ? REASONS[code] : undefined) ?? (error instanceof Error ? error.message : String(error))
    const hint = code === 'ENOSPC' || code === 'EDQUOT' ? 'Make room there; nothing was changed.' : 'Name a folder that the account of the gateway owns; it is made if only its last parts are missing.'
    throw new FolderError(`${setting}: nothing can be kept in ${folder}: ${why}.\n${hint}`, { cause: error })
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'the account of the gateway may not write there',
  EPERM: 'the account of the gateway may not write there',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'it is, or is inside of, something that is no folder',
  EEXIST: 'it is, or is inside of, something that is no folder',
  ENOENT: 'no folder can be made there',
  ENOSPC: 'there is no space left',
  EDQUOT: 'there is no space left',
}

/** Step by step: asked for all parts at once, Node never returns where one appears to be missing and cannot be made, as in /proc. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const parent = dirname(folder)
    if (code === 'ENOENT' && parent !== folder && statSync(parent, { throwIfNoEntry: false }) === undefined) {
      makeFolder(parent)
      mkdirSync(folder, { mode: 0o700 })
    } else if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw error
  }
}
