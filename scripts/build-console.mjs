import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './child.mjs'
import { projectNode } from './install.mjs'

const console_ = join(root, 'console')
const stamp = join(console_, 'dist', '.built-from')

/** Builds the web console when it is not built, or built from other sources. Takes some seconds. */
export async function buildConsole() {
  const sources = digestOfSources()
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return
  console.error('Building the console …')
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const status = await run(projectNode(), [vite, 'build', '--logLevel', 'warn', console_], { stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('the console could not be built; the words above tell why')
  writeFileSync(stamp, sources)
}

function digestOfSources() {
  const digest = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')))
  for (const place of ['index.html', 'vite.config.ts', 'public', 'src']) {
    const path = join(console_, place)
    const files = place.includes('.') ? [''] : readdirSync(path, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name).slice(path.length)).sort()
    for (const file of files) digest.update(file).update('\0').update(readFileSync(join(path, file)))
  }
  return digest.digest('hex')
}
