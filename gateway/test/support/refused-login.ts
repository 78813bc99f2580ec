import assert from 'node:assert/strict'
import { ApiError } from '@sallyport/contract'
import type { Browser, Page } from './browser.ts'
import type { ConsoleSetup } from './console-setup.ts'

/** Words of our own: sentences in small letters, that quote nothing of the request but names of the configuration. */
const READABLE = /^[a-z"][ -~’]{14,200}$/

/**
 * That a login or a request with a cookie was refused as it must be: no session, on record and logged with a reason that
 * people understand, and no secret of any browser in the answer, the record or the log.
 * @param already refusals on record before
 */
export async function assertRefused(setup: ConsoleSetup, page: Page, reason: RegExp, browsers: readonly Browser[], already: number): Promise<void> {
  assert.ok(page.status >= 400, `it was let in: ${page.status} to ${page.headers.location}`)
  const error = ApiError.parse(JSON.parse(page.body))
  assert.match(error.message, reason)
  assert.match(error.message, READABLE)
  assert.ok(error.hint.length > 5)
  for (const line of page.headers['set-cookie'] ?? []) assert.match(line, /^sallyport(?:-login)?=; .*Max-Age=0/, 'a cookie was set')
  const refusals = (await setup.events('login.refused')).slice(already)
  assert.ok(refusals.some((event) => event['reason'] === error.message), `not on record: ${error.message}`)
  assert.ok(setup.logged.some((line) => line.includes(JSON.stringify(error.message).slice(1, -1))), 'not in the log')
  const written = [page.body, JSON.stringify(refusals), ...setup.logged].join('\n')
  for (const secret of browsers.flatMap(secretsOf)) assert.ok(!written.includes(secret), `a secret was written: ${secret.slice(0, 6)}…`)
}

function secretsOf(browser: Browser): string[] {
  const values = browser.visited.flatMap((url) => ['code', 'state', 'nonce', 'id_token'].flatMap((name) => new URL(url).searchParams.getAll(name)))
  return [...browser.seenCookies, ...values].filter((value) => value.length >= 16)
}
