import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import type { Checkpoint } from '../checkpoint.ts'
import type { Anchor } from './anchor.ts'

/** Made when missing, but never its folder: a mount that is not there must not be mistaken for an empty one. */
const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK

/** Appends each checkpoint to a file, one empty line after each, as the ledger's own history has them. */
export class FileAnchor implements Anchor {
  readonly name: string

  constructor(path: string) {
    this.name = path
  }

  async keep({ note }: Checkpoint): Promise<void> {
    const file = await open(this.name, FLAGS, 0o644)
    try {
      const status = await file.stat()
      // Whoever reads a pipe could be waited for without end.
      if (!status.isFile()) throw new Error('it is not a file')
      const record = `${note}\n`
      const end = await readEnd(file, status.size, Buffer.byteLength(record))
      if (end !== record) {
        // An incomplete record at the end stays, and stays apart.
        const between = status.size === 0 || end.endsWith('\n\n') ? '' : end.endsWith('\n') ? '\n' : '\n\n'
        await file.appendFile(between + record)
      }
      await file.sync()
    } finally {
      await file.close()
    }
  }
}

async function readEnd(file: FileHandle, size: number, bytes: number): Promise<string> {
  const length = Math.min(size, bytes)
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, size - length)
  return buffer.toString('utf8', 0, bytesRead)
}
