import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ServerUser } from './embedded-binaries.ts'

/** Folder of clusters that servers of one test run begin with: copying one takes an eighth of what making one does. */
const TEMPLATES = process.env['SALLYPORT_TEST_CLUSTERS']

export interface ClusterPlace {
  /** Folder with `bin/initdb`. */
  readonly installation: string
  /** What tells this installation from others: its folder may be a copy of this process alone. */
  readonly name: string
  /** Belongs to the server's user; gets `data`. */
  readonly folder: string
  readonly auth: string
  readonly user: ServerUser | undefined
}

/** Makes a cluster in `data` of the folder, as initdb makes it, and gives the superuser's password. */
export function makeCluster(place: ClusterPlace): string {
  if (TEMPLATES === undefined) return initialise(place)
  const template = join(TEMPLATES, encodeURIComponent(`${place.name} ${place.auth}`))
  const passwordFile = `${template}.password`
  // Its password comes last: where that is, the rest is whole.
  if (existsSync(passwordFile) && copy(template, join(place.folder, 'data'))) return readFileSync(passwordFile, 'utf8')
  const password = initialise(place)
  keep(join(place.folder, 'data'), template, password)
  return password
}

function initialise({ installation, folder, auth, user }: ClusterPlace): string {
  const password = randomBytes(12).toString('hex')
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (user !== undefined) chownSync(passwordFile, user.uid, user.gid)
  const parameters = ['-D', join(folder, 'data'), '-U', 'postgres', '--locale=C', '--encoding=UTF8', '--no-sync', `--auth=${auth}`, `--pwfile=${passwordFile}`]
  execFileSync(join(installation, 'bin', 'initdb'), parameters, {
    ...(user !== undefined && { uid: user.uid, gid: user.gid }),
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
  })
  rmSync(passwordFile)
  return password
}

/** Two test files may do this at the same time: whose cluster is there first is kept, with its password. */
function keep(data: string, template: string, password: string): void {
  const mine = `${template}.${process.pid}`
  if (!copy(data, mine)) return
  try {
    renameSync(mine, template)
    writeFileSync(`${mine}.password`, password, { mode: 0o600 })
    renameSync(`${mine}.password`, `${template}.password`)
  } catch {
    rmSync(mine, { recursive: true, force: true })
  }
}

/** With owners and modes; false where that cannot be done. */
function copy(from: string, to: string): boolean {
  return spawnSync('cp', ['-a', from, to]).status === 0
}
