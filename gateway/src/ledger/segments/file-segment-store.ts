import { mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { SegmentStore } from '../../governance/recording/segment-store.ts'

export interface FileSegmentStoreOptions {
  /** Made when it is not there. */
  readonly directory: string
  /** `strict`: a segment counts as kept once the disk has it, `batched`: once the operating system has it. */
  readonly durability: 'batched' | 'strict'
}

/** Session ids and numbers; nothing that could lead out of the folder. */
const NAME = /^[A-Za-z0-9_-]{1,64}\/[A-Za-z0-9]{1,20}$/
const UNFINISHED = '.tmp'

/**
 * Segments as files, a folder for each session. A file has its name only once it is whole: what a crash leaves
 * unfinished is never read, and goes with its session.
 */
export class FileSegmentStore implements SegmentStore {
  readonly #directory: string
  readonly #strict: boolean

  constructor(options: FileSegmentStoreOptions) {
    this.#directory = options.directory
    this.#strict = options.durability === 'strict'
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path(name)
    const folder = dirname(path)
    const made = await mkdir(folder, { recursive: true, mode: 0o700 })
    const unfinished = path + UNFINISHED
    const file = await open(unfinished, 'w', 0o600)
    try {
      await file.writeFile(bytes)
      if (this.#strict) await file.datasync()
    } finally {
      await file.close()
    }
    await rename(unfinished, path)
    if (!this.#strict) return
    await syncFolder(folder)
    if (made !== undefined) await syncFolder(dirname(folder))
  }

  async get(name: string): Promise<Buffer | undefined> {
    try {
      return await readFile(this.#path(name))
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  async delete(name: string): Promise<void> {
    const path = this.#path(name)
    await rm(path, { force: true })
    await rm(path + UNFINISHED, { force: true })
    await this.#removeIfEmpty(dirname(path))
  }

  async *list(prefix: string): AsyncGenerator<string> {
    const [session, rest] = prefix.split('/', 2)
    const folders = rest === undefined ? (await namesIn(this.#directory)).filter((name) => name.startsWith(session ?? '')) : [session ?? '']
    for (const folder of folders) {
      if (!NAME.test(`${folder}/0`)) continue
      for (const file of await namesIn(join(this.#directory, folder))) {
        // An unfinished one is listed as what it was to become, so that whoever deletes all deletes it too.
        const name = `${folder}/${file.endsWith(UNFINISHED) ? file.slice(0, -UNFINISHED.length) : file}`
        if (name.startsWith(prefix) && NAME.test(name)) yield name
      }
    }
  }

  #path(name: string): string {
    if (!NAME.test(name)) throw new Error('this is no name of a segment')
    return join(this.#directory, name)
  }

  async #removeIfEmpty(folder: string): Promise<void> {
    try {
      await rmdir(folder)
    } catch (error) {
      if (!isMissing(error) && !['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

async function syncFolder(folder: string): Promise<void> {
  const file = await open(folder, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
