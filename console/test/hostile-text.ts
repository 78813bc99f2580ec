import assert from 'node:assert/strict'
import type { Page, Route } from 'playwright-core'
import { openApiDocument } from '../../gateway/src/api/reference/openapi-document.ts'

/** Marks that turn the direction of text, and an escape that renames a terminal's window. */
const STEERING = '\u202e\u2066\u001b]0;owned\u0007'
/** What runs if it gets into a page as anything but text; `name` tells where it is shown. */
export const hostile = (name: string) => `<img src=x onerror="globalThis.owned=1" data-owned>'"\`{{owned}}javascript:owned ${name}`
export const steered = (name: string) => `${hostile(name)}${STEERING}`

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
 * No script of theirs ran, nothing of them became an element, no link leads elsewhere than to a page, and nothing turns the text.
 * @param but where a terminal is drawn, which shows steering characters as a terminal does
 */
export async function nothingRan(page: Page, { dialogs }: Watched, but = 'none', place = 'main'): Promise<void> {
  assert.deepEqual(dialogs, [])
  assert.equal(await page.evaluate('globalThis.owned'), undefined)
  assert.doesNotMatch(await page.title(), /^owned/)
  assert.deepEqual(await page.locator('img:not(.cm-widgetBuffer), iframe, object, embed, base, form[action], [data-owned], [onerror], [onload], script:not([src^="/console/assets/"])').evaluateAll((found) => (found as unknown as readonly { readonly outerHTML: string }[]).map((one) => one.outerHTML)), [])
  assert.deepEqual(await page.locator('a[href]').evaluateAll((links) => (links as unknown as readonly { readonly protocol: string }[]).map(({ protocol }) => protocol).filter((protocol) => !/^https?:$/.test(protocol))), [])
  const text = await page.locator(place).innerText()
  const terminal = (await page.locator(but).allInnerTexts()).join('')
  // oxlint-disable-next-line no-control-regex
  const steering = /[\u202a-\u202e\u2066-\u2069\u0000-\u0008\u000e-\u001f\u007f-\u009f]/
  assert.deepEqual(text.replace(terminal, '').split('\n').filter((line) => steering.test(line)), [], `steering characters are pictures of themselves at ${page.url()}`)
}

/** Names of members that are words of ours, identifiers or times; all others hold text of somebody. */
const OURS = ourMembers()

/** Answers as the gateway does, with such a text after each text that is somebody's. */
export async function poison(route: Route): Promise<void> {
  if (route.request().url().endsWith('/openapi.json')) return route.continue()
  if (new URL(route.request().url()).pathname.endsWith('/events')) return route.continue()
  const response = await route.fetch()
  const body = await response.text()
  try {
    const changed = body.trimEnd().split('\n').map((line) => JSON.stringify(poisoned(JSON.parse(line), '', ''))).join('\n')
    await route.fulfill({ response, body: changed })
  } catch {
    await route.fulfill({ response, body })
  }
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
