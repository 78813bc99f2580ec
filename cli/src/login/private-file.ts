import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure } from '../failure.ts'
import { oneLine } from '../terminal/plain-text.ts'

const MAX_BYTES = 128 * 1_024
/** Windows keeps a person's files from others by access lists, of which the mode says nothing. */
const HAS_MODES = process.platform !== 'win32'

/**
 * Reads a file that must be its owner's alone.
 * @param whoeverCanRead reads it also when others can: to end what it holds
 * @returns undefined when there is none
 * @throws Failure when it is another's, or another could read it or put another in its place
 */
export async function readPrivateFile(path: string, whoeverCanRead = false): Promise<string | undefined> {
  await checkFolder(dirname(path))
  // Never through a link, and what is checked is what is read.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw notPrivate(path, codeOf(error) === 'ELOOP' ? 'is a link' : `cannot be read (${codeOf(error)})`)
  })
  if (handle === undefined) return undefined
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) throw notPrivate(path, 'is no file')
    if (HAS_MODES && stat.uid !== process.getuid?.()) throw notPrivate(path, 'belongs to somebody else')
    if (HAS_MODES && !whoeverCanRead && (stat.mode & 0o077) !== 0) throw notPrivate(path, `is open to others (mode ${(stat.mode & 0o777).toString(8)})`)
    if (stat.size > MAX_BYTES) throw notPrivate(path, 'is too large')
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

/** Puts a file in place as a whole, with mode 0600: a reader finds the old or the new, also after a crash. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  await makePrivateFolder(dirname(path))
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw new Failure(`${oneLine(path)} cannot be written: ${codeOf(error)}`, 'Give XDG_CONFIG_HOME the path of a folder of your own.')
  }
}

/** @throws Failure when it cannot be made, or is not its owner's alone to change */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw new Failure(`the folder ${oneLine(path)} cannot be made: ${codeOf(error)}`, 'Give XDG_CONFIG_HOME the path of a folder of your own.')
  })
  await checkFolder(path)
}

async function checkFolder(path: string): Promise<void> {
  const stat = await lstat(path).catch(() => undefined)
  if (stat === undefined || !HAS_MODES) return
  const trouble = !stat.isDirectory() ? 'is no folder' : stat.uid !== process.getuid?.() ? 'belongs to somebody else'
    : (stat.mode & 0o022) !== 0 ? 'can be changed by others' : undefined
  if (trouble !== undefined) throw notPrivate(path, trouble)
}

function notPrivate(path: string, trouble: string): Failure {
  return new Failure(`${oneLine(path)} ${trouble}, so the login in it is not used`,
    'Run "sallyport logout", which ends that login, then "sallyport login"; if that does not help, look who made it, and remove it.')
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error'
}
