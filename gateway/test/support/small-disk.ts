import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { atExit } from './at-exit.ts'

export interface SmallDisk {
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
  return {
    grow: (size) => void execFileSync('mount', ['-o', `remount,size=${size}m`, folder]),
    unmount() {
      cleanUp.forget()
      execFileSync('umount', ['--lazy', folder])
    },
  }
}
