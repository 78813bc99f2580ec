import assert from 'node:assert/strict'
import { get } from 'node:http'
import type { Page, Route } from 'playwright-core'
import { openApiDocument } from '../../gateway/src/api/reference/openapi-document.ts'

/** Marks that turn the direction of text, and an escape that renames a terminal's window. */
const STEERING = '\u202e\u2066\u001b]0;owned\u0007'
/** What runs if it gets into a page as anything but text; `name` tells where it is shown. */
export const hostile = (name: string) => `<img src=x onerror="globalThis.owned=1" data-owned>'"\`{{owned}}javascript:owned ${name}`
export const steered = (name: string) => `${hostile(name)}${STEERING}`

/**
 * What a program can send to a terminal so that it, or a page that draws it, does more than show text: titles, links, the
 * clipboard, other sizes, strings for a printer or for images, questions that are answered as if they were typed, other
 * states of the screen, elements of a page, and marks that turn text. What comes after it still stands in the terminal.
 */
export const hostileOutput = (name: string) => [
  '\u001b]0;owned\u0007', '\u001b]2;owned\u001b\\', '\u009d0;owned\u009c',
  '\u001b]8;;javascript:globalThis.owned=1\u001b\\a link\u001b]8;;\u001b\\', '\u001b]8;;https://evil.example/\u0007another\u001b]8;;\u0007',
  `\u001b]52;c;${Buffer.from('owned').toString('base64')}\u0007`, '\u001b]52;c;?\u0007', '\u001b]1337;File=inline=1:AAAA\u0007',
  '\u001b[8;65535;65535t', '\u001b[21t', '\u001bP$q"p\u001b\\', '\u001bPq#0;2;0;0;0#0~~@@\u001b\\', '\u001b_Gf=100;AAAA\u001b\\', '\u001b^owned\u001b\\', '\u001b[5i',
  '\u001b[c', '\u001b[6n', '\u0005', '\u001b[2147483647b', '\u001b[2147483647S', `\u001b[${'1;'.repeat(2_000)}m`, '\u001b[?1049h', '\u001b[?2004h', '\u001b[?25l', '\u001b[8m', '\u001bc',
  '\r\n</span></div><script>globalThis.owned=1</script><iframe srcdoc="<script>parent.owned=1</script>"></iframe>', '\r\n<img src=x onerror="globalThis.owned=1" data-owned>',
  '\r\n\u202ematerial\u202c \u2066isolated\u2069 \u200fmark', `\r\n${name}\r\n`,
].join('')

export interface Watched { readonly dialogs: string[] }

/** Dialogs that a page opens from now on. */
export function watch(page: Page): Watched {
  const dialogs: string[] = []
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.message())
    void dialog.dismiss()
  })
  return { dialogs }
}

/** Waits until such texts stand in the page, letter by letter. */
export async function shows(page: Page, ...names: readonly string[]): Promise<void> {
  const place = names.at(-1) === 'body' ? 'body' : 'main'
  for (const name of names) if (name !== 'body') await page.locator(place).getByText(new RegExp(`<img src=x onerror=.*${name}`)).first().waitFor()
}

/**
 * No script of theirs ran, nothing of them became an element, no link leads elsewhere than to a page of the console or from a
 * terminal, and nothing turns the text.
 */
export async function nothingRan(page: Page, { dialogs }: Watched, place = 'main'): Promise<void> {
  assert.deepEqual(dialogs, [])
  assert.equal(await page.evaluate('globalThis.owned'), undefined)
  assert.doesNotMatch(await page.title(), /^owned/)
  assert.deepEqual(await page.locator('img:not(.cm-widgetBuffer), iframe, object, embed, base, form[action], [data-owned], [onerror], [onload], script:not([src^="/console/assets/"])').evaluateAll((found) => (found as unknown as readonly { readonly outerHTML: string }[]).map((one) => one.outerHTML)), [])
  assert.deepEqual(await page.locator('a[href]').evaluateAll((links) => (links as unknown as readonly { readonly protocol: string }[]).map(({ protocol }) => protocol).filter((protocol) => !/^https?:$/.test(protocol))), [])
  assert.equal(await page.locator('.ap-player a').count(), 0)
  const text = await page.locator(place).innerText()
  // oxlint-disable-next-line no-control-regex
  const steering = /[\u202a-\u202e\u2066-\u2069\u0000-\u0008\u000e-\u001f\u007f-\u009f]/
  assert.deepEqual(text.split('\n').filter((line) => steering.test(line)), [], `steering characters are pictures of themselves at ${page.url()}`)
}

/** Names of members that are words of ours, identifiers or times; all others hold text of somebody. */
const OURS = ourMembers()

/** Answers as the gateway does, with such a text after each text that is somebody's. */
export async function poison(route: Route): Promise<void> {
  if (route.request().url().endsWith('/openapi.json')) return route.continue()
  const { pathname, searchParams } = new URL(route.request().url())
  if (pathname.endsWith('/events')) return poisonLive(route, searchParams.get('output') === 'asciicast')
  const response = await route.fetch()
  const body = await response.text()
  try {
    const changed = body.trimEnd().split('\n').map((line) => JSON.stringify(poisoned(JSON.parse(line), '', ''))).join('\n')
    await route.fulfill({ response, body: changed })
  } catch {
    await route.fulfill({ response, body })
  }
}

/** How long a stream has nothing more to say before it is cut; the page begins it again by itself. */
const QUIET_MS = 700

/** What a stream has until now, line by line, with such a text in each; in the output of a terminal what only a terminal obeys. */
async function poisonLive(route: Route, isCast: boolean): Promise<void> {
  const { status, type, body } = await untilQuiet(route.request().url(), await route.request().allHeaders())
  const lines = body.split('\n').map((line) => line.replace(/^((?:data: )?)([[{].*)$/, (_, before: string, json: string) => `${before}${JSON.stringify(isCast ? poisonedCast(JSON.parse(json)) : poisoned(JSON.parse(json), '', ''))}`))
  await route.fulfill({ status, contentType: type, body: lines.join('\n') })
}

/** `[seconds, code, text]` of asciicast, and the head before them. */
function poisonedCast(line: unknown): unknown {
  if (!Array.isArray(line)) return poisoned(line, '', '')
  return line[1] === 'o' ? [line[0], 'o', `${line[2]}${hostileOutput('after all of it')}`] : line
}

function untilQuiet(url: string, headers: Readonly<Record<string, string>>): Promise<{ readonly status: number; readonly type: string; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { headers: { ...headers, 'accept-encoding': 'identity' } }, (response) => {
      let body = ''
      const done = () => {
        clearTimeout(timer)
        // What came last may not be whole.
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body: body.slice(0, body.lastIndexOf('\n') + 1) })
        asked.destroy()
      }
      const timer = setTimeout(done, QUIET_MS)
      response.setEncoding('utf8').on('data', (text: string) => {
        if (text.trim() !== '') timer.refresh()
        body += text
      }).on('end', done)
    }).on('error', reject)
  })
}

function poisoned(value: unknown, member: string, parent: string): unknown {
  if (typeof value === 'string') {
    if (OURS.has(member)) return value
    const plain = PLAIN.has(member) || (member === 'name' && !PEOPLE.has(parent))
    return `${value}${plain ? hostile('text') : steered('text')}`
  }
  if (Array.isArray(value)) return value.map((one) => poisoned(one, member, parent))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, poisoned(one, name, member)]))
}

/** Names that the policy keeps plain, and words of the gateway: they hold nothing that turns text, and are only not to run. */
const PLAIN = new Set(['target', 'rule', 'protocol', 'host', 'database', 'targets', 'unusedRules', 'unusedTargets', 'rules', 'message', 'hint', 'version', 'actions'])

/** Whose names come from an issuer, and may hold anything. */
const PEOPLE = new Set(['identity', 'requester'])

function ourMembers(): ReadonlySet<string> {
  const found = new Set(['id', 'session', 'next', 'csrf', 'digest', 'login', 'roles', 'openedAt', 'closedAt'])
  const look = (schema: unknown, member: string): void => {
    if (typeof schema !== 'object' || schema === null) return
    if ('const' in schema || 'enum' in schema || ('format' in schema && schema.format === 'date-time')) found.add(member)
    for (const [name, inner] of Object.entries(schema)) {
      if (name === 'properties') for (const [key, one] of Object.entries(inner as object)) look(one, key)
      else for (const one of Array.isArray(inner) ? inner : [inner]) look(one, member)
    }
  }
  for (const schema of Object.values(openApiDocument('1').components.schemas)) look(schema, '')
  for (const member of ['name', 'error']) found.delete(member)
  return found
}
