import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { root, run } from './child.mjs'

/**
 * Installs what tests need and npm does not have, from Debian's packages, where this process may.
 * @param {string} task whose packages are wanted
 * @returns {Promise<string[]>} what is still missing, one line each, with the reason
 */
export async function installSystemPackages(task) {
  const wanted = readList().filter(({ tasks }) => tasks.includes(task))
  const missing = wanted.filter(({ probe }) => !isThere(probe))
  if (missing.length === 0) return []
  const obstacle = process.platform !== 'linux' || !isThere('apt-get')
    ? 'this machine has no apt-get'
    : process.getuid() !== 0 ? 'apt-get wants root' : undefined
  if (obstacle !== undefined) return missing.map(({ name }) => `${name}: not installed, and ${obstacle}`)
  const names = missing.map(({ name }) => name)
  console.error(`Installing ${names.join(', ')} from Debian's packages …`)
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const stdio = ['ignore', 'ignore', 2]
  await run('apt-get', ['update', '-qq'], { env, stdio })
  const status = await run('apt-get', ['install', '-qq', '-y', '--no-install-recommends', ...names], { env, stdio })
  // One package that is not to be had must not keep the others away.
  if (status !== 0) for (const name of names) await run('apt-get', ['install', '-qq', '-y', '--no-install-recommends', name], { env, stdio })
  return missing.filter(({ probe }) => !isThere(probe)).map(({ name }) => `${name}: apt-get could not install it`)
}

function readList() {
  const lines = readFileSync(join(root, 'scripts', 'test-packages.txt'), 'utf8').split('\n')
  return lines.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '').map((line) => {
    const [name, probe, tasks] = line.split(/\s+/)
    if (tasks === undefined) throw new Error(`scripts/test-packages.txt: "${line}" wants a package, what shows it is there, and tasks`)
    return { name, probe, tasks: tasks.split(',') }
  })
}

/** @param {string} probe a path, or the name of a program */
function isThere(probe) {
  if (probe.startsWith('/')) return existsSync(probe)
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, probe)))
}
