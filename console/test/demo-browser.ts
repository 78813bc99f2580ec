import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import type { DemoUnderTest } from '../../demo/demo-under-test.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
export const CHROMIUM = '/usr/bin/chromium'
export const noChromium = existsSync(CHROMIUM) ? false : 'no chromium here (Debian: apt-get install chromium)'

/** Paths of all screens below `/console/`. */
export const SCREENS = ['', 'reviews', 'sessions', 'agents', 'targets', 'policy', 'ledger', 'settings', 'api'] as const

/** Folder of the screenshots that tests make, for people to look at. */
export const shots = process.env['SALLYPORT_SCREENSHOTS'] ?? fileURLToPath(new URL('../screenshots', import.meta.url))
mkdirSync(shots, { recursive: true })

/** As root there is no sandbox for it; it opens nothing but the demo on loopback. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
}

export interface Visitor {
  readonly context: BrowserContext
  readonly page: Page
  /** What the page itself complained about: errors of scripts, and whatever its policy stopped. */
  readonly complaints: string[]
}

/** What pages asked of the gateway besides their own files, as `METHOD /path`. */
export const asked = new Set<string>()

/** Somebody logged in at the demo's provider, at the console's home. */
export async function logIn(browser: Browser, { ready }: DemoUnderTest, person: string, options: { readonly colorScheme?: 'light' | 'dark'; readonly mobile?: boolean } = {}): Promise<Visitor> {
  const context = await browser.newContext({
    viewport: options.mobile === true ? { width: 390, height: 800 } : { width: 1280, height: 850 }, colorScheme: options.colorScheme ?? 'light', reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(45_000)
  page.on('request', (request) => {
    const { origin, pathname } = new URL(request.url())
    if (origin === new URL(ready.api).origin && !/^\/(console(\/|$)|$)/.test(pathname)) asked.add(`${request.method()} ${pathname}`)
  })
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text())
  })
  await page.goto(`${ready.api}/`)
  await page.getByRole('link', { name: 'Log in with demo', exact: true }).click()
  await page.getByRole('button', { name: person }).click()
  await page.getByRole('heading', { name: 'Home' }).waitFor()
  return { context, page, complaints }
}

/** Waits until nothing on the page is still on its way. The network is never idle: events keep coming. */
export async function settled(page: Page): Promise<void> {
  await page.locator('[aria-label=loading], [data-loading]').or(page.getByText(/^Loading the /)).first().waitFor({ state: 'detached' })
}

/** A client of the demo, as its own program. */
export function client(demo: DemoUnderTest, args: readonly string[], input: 'ignore' | 'pipe' = 'ignore'): ChildProcess & { words(): string; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [join(root, 'cli/sallyport.mjs'), ...args], { cwd: root, env: demo.environment, stdio: [input, 'pipe', 'pipe'] })
  let words = ''
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => { words += text })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return Object.assign(child, { words: () => words, ended })
}
