import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { atExit } from './at-exit.ts'

const PAGE_BYTES = 4096

export interface SmallDisk {
  /** Takes all the room that is left, to the last page. What others give back meanwhile is free again. */
  fill(): void
  /** Makes room. */
  grow(mebibytes: number): void
  /** Also when something still has files of it open. */
  unmount(): void
}

/** Mounts a memory file system of `mebibytes` at `folder`; tells why when it may not. */
export function mountSmallDisk(folder: string, mebibytes: number): SmallDisk | { readonly obstacle: string } {
  mkdirSync(folder, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=700`, 'sallyport-test', folder], {
      stdio: 'pipe',
    })
  } catch {
    return { obstacle: 'a small file system can only be mounted by root' }
  }
  const cleanUp = atExit(() => execFileSync('umount', ['--lazy', folder]))
  const page = Buffer.alloc(PAGE_BYTES)
  return {
    fill() {
      try {
        for (;;) appendFileSync(join(folder, 'ballast'), page)
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      }
    },
    grow: (size) => void execFileSync('mount', ['-o', `remount,size=${size}m`, folder]),
    unmount() {
      cleanUp.forget()
      execFileSync('umount', ['--lazy', folder])
    },
  }
}
