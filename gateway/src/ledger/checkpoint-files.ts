import { open, rename, readFile, type FileHandle } from 'node:fs/promises'
import { checkpointPath, frontierPath, historyPath } from './layout.ts'
import type { Checkpoint } from './checkpoint.ts'

/** Writes a file so that a reader, and a crash, sees either the old or the new one. */
export async function replaceFile(path: string, content: string, mode = 0o600): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', mode)
  try {
    await file.writeFile(content)
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}

/** Keeps the latest checkpoint, and the history of all. */
export class CheckpointFiles {
  readonly #directory: string
  readonly #history: FileHandle
  #historyBytes: number

  private constructor(directory: string, history: FileHandle, historyBytes: number) {
    this.#directory = directory
    this.#history = history
    this.#historyBytes = historyBytes
  }

  /** @param historyBytes where the last complete checkpoint in the history ends; what follows was never published */
  static async open(directory: string, historyBytes: number): Promise<CheckpointFiles> {
    const history = await open(historyPath(directory), 'a', 0o600)
    await history.truncate(historyBytes)
    return new CheckpointFiles(directory, history, historyBytes)
  }

  /**
   * The history comes first: a checkpoint that anybody may have seen is never missing from it. Tried again after a
   * failure it may stand there twice.
   */
  async publish(checkpoint: Checkpoint): Promise<void> {
    const record = Buffer.from(`${checkpoint.note}\n`)
    try {
      await this.#history.appendFile(record)
      await this.#history.datasync()
    } catch (error) {
      await this.#history.truncate(this.#historyBytes)
      throw error
    }
    this.#historyBytes += record.length
    await replaceFile(checkpointPath(this.#directory), checkpoint.note)
  }

  async close(): Promise<void> {
    await this.#history.close()
  }
}

/** The tree at the start of a journal file. Only a shortcut: it counts once the root that it leads to is a signed one. */
export interface Frontier {
  readonly size: number
  readonly nodes: readonly string[]
}

export async function writeFrontier(directory: string, frontier: Frontier): Promise<void> {
  const nodes = frontier.nodes.map((node) => Buffer.from(node, 'latin1').toString('base64'))
  await replaceFile(frontierPath(directory), `${JSON.stringify({ size: frontier.size, nodes })}\n`)
}

/** @returns undefined when there is none, or none that can be read */
export async function readFrontier(directory: string): Promise<Frontier | undefined> {
  try {
    const { size, nodes } = JSON.parse(await readFile(frontierPath(directory), 'utf8')) as { size: unknown; nodes: unknown }
    if (!Number.isSafeInteger(size) || (size as number) < 0 || !Array.isArray(nodes)) return undefined
    return { size: size as number, nodes: nodes.map((node) => Buffer.from(String(node), 'base64').toString('latin1')) }
  } catch {
    return undefined
  }
}
