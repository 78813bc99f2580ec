import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Browser } from 'playwright-core'
import type { DemoUnderTest } from '../../demo/demo-under-test.ts'
import { client, logIn, SCREENS, settled } from './demo-browser.ts'
import { nothingRan, poison, shows, watch } from './hostile-text.ts'

/** Every screen, as if all that the gateway has on record had been written by an attacker. */
export function hostileAnswers(at: () => { readonly demo: DemoUnderTest; readonly browser: Browser }): void {
  test('nothing runs when every text of every answer of the gateway would be an attack', async () => {
    const { demo, browser } = at()
    const { page, context } = await logIn(browser, demo, 'avery')
    const watched = watch(page)
    await page.route(/\/(?:api\/v1|auth)\//, poison)
    for (const screen of SCREENS) {
      await page.goto(`${demo.ready.api}/console/${screen}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await settled(page)
      for (const word of ['History', 'Grants', 'Versions', 'Access reviews']) {
        const tab = page.getByText(word, { exact: true })
        if ((await tab.count()) === 0) continue
        await tab.first().click()
        await settled(page)
      }
      await nothingRan(page, watched)
    }
    await page.goto(`${demo.ready.api}/console/sessions`)
    await page.locator('.row-link').first().click()
    await page.getByRole('heading', { name: 'Session' }).waitFor()
    await page.getByRole('button', { name: 'Results' }).click()
    await settled(page)
    await nothingRan(page, watched)
    await context.close()
    const stranger = await browser.newContext()
    const login = await stranger.newPage()
    const loginWatched = watch(login)
    await login.route('**/auth/providers', poison)
    await login.goto(`${demo.ready.api}/console/`)
    await shows(login, 'text', 'body')
    await nothingRan(login, loginWatched, 'body')
    await stranger.close()
  })
  test('nothing runs, is linked, copied or turned when an agent that is watched sends all that a terminal obeys', async (t) => {
    const { demo, browser } = at()
    const psql = client(demo, ['psql', 'shop', '--as', 'support-bot'], 'pipe')
    t.after(() => psql.stdin?.end())
    const { page, context, complaints } = await logIn(browser, demo, 'avery')
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const watched = watch(page)
    psql.stdin?.write('select 4721 as watched;\n')
    await page.locator('main a[href*="/sessions/"]', { hasText: 'support-bot' }).first().click()
    await page.getByText('select 4721 as watched').waitFor()
    await page.evaluate("navigator.clipboard.writeText('as it was')")
    await page.route(/\/(?:api\/v1|auth)\//, poison)
    await page.reload()
    // Each operation as it is told live, and then the terminal.
    await shows(page, 'text')
    await page.locator('main').getByText(/select 4721 as watched.*<img src=x onerror=/).first().waitFor()
    await nothingRan(page, watched)
    await page.getByRole('button', { name: 'Watch the terminal' }).click()
    await page.locator('.ap-player').getByText('after all of it').first().waitFor()
    await page.locator('.ap-player').getByText('material isolated mark').first().waitFor()
    await nothingRan(page, watched)
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), 'as it was')
    assert.deepEqual(complaints, [])
    await context.close()
  })
}
