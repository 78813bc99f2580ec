import { fdatasync, writeSync } from 'node:fs'
import { promisify } from 'node:util'

/** Writes all of a range at a position, going on after partial writes. @throws the system's error; what was written stays */
export function writeFully(descriptor: number, bytes: Uint8Array, start: number, end: number, position: number): void {
  let at = start
  while (at < end) {
    const written = writeSync(descriptor, bytes, at, end - at, position + at - start)
    // Never seen on a regular file, but it would spin here for ever.
    if (written === 0) throw new Error('the file system takes no more bytes and gives no reason')
    at += written
  }
}

/** Waits, off the main thread, until a file's data is on stable storage. */
export const syncData = promisify(fdatasync)
