import { constants, type FileHandle, link, open, rm } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { dirname, join } from 'node:path'
import { type MasterKeys, newMasterKeyLine, parseMasterKeys } from './master-key.ts'
import { SecretError } from './secret.ts'

/** A file of a few keys; larger ones are something else. */
const MAX_FILE_BYTES = 4096

/**
 * Reads a key file, which nobody but its owner may be able to read.
 * @throws SecretError when it is missing, readable by others, or holds no key
 */
export async function readMasterKeyFile(path: string): Promise<MasterKeys> {
  const keys = await readIfThere(path)
  if (keys === undefined) throw new SecretError(`there is no master key file ${path}: put it back from a backup; if there never was one, make it with: (umask 077; openssl rand -base64 32 > ${path})`)
  return keys
}

/**
 * Reads a key file, or makes one when there is none: the embedded default. The file appears whole or not at all, and
 * of several processes that start at once all get the same key.
 */
export async function ensureMasterKeyFile(path: string): Promise<MasterKeys> {
  const found = await readIfThere(path)
  if (found !== undefined) return found
  const draft = join(dirname(path), `.master-key-${randomUUID()}`)
  try {
    const file = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
    try {
      await file.writeFile(newMasterKeyLine())
      await file.sync()
    } finally {
      await file.close()
    }
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(draft, { force: true })
  }
  return readMasterKeyFile(path)
}

async function readIfThere(path: string): Promise<MasterKeys | undefined> {
  let file: FileHandle
  try {
    file = await open(path, constants.O_RDONLY)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new SecretError(`the master key file ${path} cannot be opened (${code})`)
  }
  try {
    // Of the opened file, not of the path: what is checked is what is read.
    const { mode, size } = await file.stat()
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new SecretError(`the master key file ${path} can be read or changed by others; run: chmod 600 ${path}`)
    }
    if (size > MAX_FILE_BYTES) throw new SecretError(`the master key file ${path} is too large to be one`)
    return parseMasterKeys(await file.readFile('utf8'), `the master key file ${path}`)
  } finally {
    await file.close()
  }
}
