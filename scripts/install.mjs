import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './child.mjs'

const OLDEST_NODE = 24

/**
 * Installs the packages of the lockfile when they are not there, or not in the versions that it names.
 * npm's words go to stderr: stdout belongs to the task.
 */
export async function installPackages() {
  if (isInstalled()) return
  const started = Date.now()
  console.error('Installing packages; this takes a minute or two the first time …')
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--progress=false']
  const stdio = ['ignore', 2, 2]
  const npm = process.env.npm_execpath
  const waiting = setInterval(() => console.error(`  still installing, ${Math.round((Date.now() - started) / 1000)} s`), 10_000)
  const status = npm === undefined
    ? await run(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', ...quiet], { stdio })
    : await run(process.execPath, [npm, 'ci', ...quiet], { stdio })
  clearInterval(waiting)
  if (status !== 0) throw new Error('npm could not install the packages; its words above tell why. Run "npm ci" to try again.')
  console.error(`Packages installed in ${Math.round((Date.now() - started) / 1000)} s`)
}

/** Compares the lockfile with the one npm leaves behind in node_modules when it is done. */
function isInstalled() {
  const wanted = readLock(join(root, 'package-lock.json'))
  const there = readLock(join(root, 'node_modules', '.package-lock.json'))
  if (wanted === undefined) throw new Error('package-lock.json cannot be read')
  if (there === undefined) return false
  return Object.entries(wanted.packages).every(([path, { version, link, optional, devOptional, peer, os, cpu }]) => {
    if (!path.startsWith('node_modules/') || link === true) return true
    const found = there.packages[path]
    // A package of another platform is rightly missing.
    if (found === undefined) return os !== undefined || cpu !== undefined || optional === true || devOptional === true || peer === true
    return found.version === version && existsSync(join(root, path))
  })
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** The Node.js to run the project with: this one when it is new enough, else the one that npm brought. */
export function projectNode() {
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) return process.execPath
  const bundled = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(bundled)) return bundled
  throw new Error(`Node.js ${OLDEST_NODE} or newer is needed, and none comes for ${process.platform}-${process.arch}: install one and try again`)
}
