import { open, type FileHandle } from 'node:fs/promises'
import { readTarHeader, TAR_BLOCK, tarPadding } from './tar.ts'

export interface OpenMember {
  readonly name: string
  readonly size: number
  /** Where its content begins. */
  readonly offset: number
}

/** What is wrong with an archive, and where. */
export class TarProblem extends Error {
  override readonly name = 'TarProblem'
  readonly offset: number
  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/** Reads an archive that tar.ts wrote, strictly, member by member. Every method throws TarProblem where it is not one. */
export class TarFile {
  readonly #handle: FileHandle
  readonly #size: number
  #position = 0
  /** Name of the member read last. */
  member = ''

  private constructor(handle: FileHandle, size: number) {
    this.#handle = handle
    this.#size = size
  }

  static async open(path: string): Promise<TarFile> {
    const handle = await open(path, 'r')
    return new TarFile(handle, (await handle.stat()).size)
  }

  /** @returns undefined at the end */
  async next(): Promise<OpenMember | undefined> {
    const start = this.#position
    const header = readTarHeader(await this.read(start, TAR_BLOCK))
    if (header === undefined) {
      await this.#demandZeros(start, 2 * TAR_BLOCK)
      if (this.#size !== start + 2 * TAR_BLOCK) throw new TarProblem('something stands behind its end', start + 2 * TAR_BLOCK)
      return undefined
    }
    if ('problem' in header) throw new TarProblem(header.problem, start)
    this.member = header.name
    const offset = start + TAR_BLOCK
    const end = offset + header.size
    const padding = tarPadding(header.size).length
    if (end + padding > this.#size) throw new TarProblem('it was cut off', this.#size)
    await this.#demandZeros(end, padding)
    this.#position = end + padding
    return { ...header, offset }
  }

  /** Exactly so many bytes, which must be few enough to be held. */
  async read(offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length)
    const { bytesRead } = await this.#handle.read(bytes, 0, length, offset)
    if (bytesRead < length) throw new TarProblem('it was cut off', offset + bytesRead)
    return bytes
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  async #demandZeros(offset: number, length: number): Promise<void> {
    const bytes = await this.read(offset, length)
    const wrong = bytes.findIndex((byte) => byte !== 0)
    if (wrong >= 0) throw new TarProblem('something stands where there must be zeros', offset + wrong)
  }
}
