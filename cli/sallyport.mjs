#!/usr/bin/env node
// Starts the command on the Node.js that the project brings along, when the one at hand is older than 24.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'

if (Number(process.versions.node.split('.')[0]) >= 24) {
  // Compiled code is kept, which halves the start: where only its user writes, because what is there is run.
  const cache = process.env.XDG_CACHE_HOME ?? ''
  if (!process.env.NODE_COMPILE_CACHE) module.enableCompileCache(join(isAbsolute(cache) ? cache : join(homedir(), '.cache'), 'sallyport', 'compiled'))
  await import('./src/main.ts')
} else {
  const bundled = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url))
  if (!existsSync(bundled)) {
    console.error('sallyport: Node.js 24 or newer is needed; run "npm install" in the repository to get one')
    process.exit(1)
  }
  const child = spawn(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => (signal ? process.kill(process.pid, signal) : process.exit(code ?? 1)))
}
