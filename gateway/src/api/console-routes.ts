import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import type { Context, Hono } from 'hono'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.wasm': 'application/wasm', '.woff2': 'font/woff2',
}
/** Names of these files hold a digest of what is in them. */
const IMMUTABLE = 'public, max-age=31536000, immutable'
const NONCE_PLACE = '%STYLE_NONCE%'

/**
 * Serves the console's built files under `/console/`. The page gets a policy (CSP 3) that runs nothing but the console's
 * own scripts, takes data from this gateway alone, and can be framed by nobody.
 * @param folder of the built console, read once; nothing is served when it is not there
 */
export function serveConsole(api: Hono, folder: string): void {
  const files = readFiles(folder)
  const page = files.get('index.html')?.toString('utf8')
  api.get('/', (context) => (page === undefined ? context.notFound() : context.redirect('/console/', 302)))
  if (page === undefined) return
  api.get('/console', (context) => context.redirect('/console/', 302))
  api.get('/console/*', (context) => {
    const name = context.req.path.slice('/console/'.length)
    const file = name === 'index.html' ? undefined : files.get(name)
    if (file === undefined) return name.startsWith('assets/') ? context.notFound() : sendPage(context, page)
    context.header('cache-control', name.startsWith('assets/') ? IMMUTABLE : 'no-cache')
    return context.body(new Uint8Array(file), 200, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream' })
  })
}

/** Every path that is no file is a screen of the console, which finds it itself. */
function sendPage(context: Context, page: string): Response {
  const nonce = randomBytes(16).toString('base64')
  context.header('content-security-policy', [
    "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", `style-src 'self' 'nonce-${nonce}'`, "img-src 'self' data:", "font-src 'self' data:", "connect-src 'self'",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
  ].join('; '))
  context.header('cross-origin-opener-policy', 'same-origin')
  context.header('cache-control', 'no-store')
  return context.body(page.replace(NONCE_PLACE, nonce), 200, { 'content-type': TYPES['.html'] ?? '' })
}

function readFiles(folder: string): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>()
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      files.set(relative(folder, path).split(sep).join('/'), readFileSync(path))
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return files
}
