import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { PolicyVersion } from '@sallyport/contract'
import type { Browser } from 'playwright-core'
import { parse } from 'yaml'
import { type DemoUnderTest, demoDirectory, startDemoUnderTest } from '../../demo/demo-under-test.ts'
import { eventually } from '../../gateway/test/support/eventually.ts'
import { violations } from './axe.ts'
import { client, launchBrowser, logIn, noChromium, type Visitor } from './demo-browser.ts'

const shots = process.env['SALLYPORT_SCREENSHOTS'] ?? fileURLToPath(new URL('../screenshots', import.meta.url))

suite('those who look after an installation, before a running demo', { skip: noChromium }, () => {
  const state = demoDirectory()
  let demo: DemoUnderTest
  let browser: Browser

  before(async () => {
    mkdirSync(shots, { recursive: true })
    demo = await startDemoUnderTest(state.path)
    browser = await launchBrowser()
  })
  after(async () => {
    await browser?.close()
    if (demo !== undefined) {
      await demo.interrupt()
      await demo.clear()
    }
    state.remove()
  })

  /** The entry of a target as the document in force has it. */
  async function entryOf({ page }: Visitor, target: string): Promise<{ readonly port: number }> {
    const policy = await (await page.request.get(`${demo.ready.api}/api/v1/policy`, { headers: { 'sec-fetch-site': 'same-origin' } })).json() as PolicyVersion
    const { targets } = parse(policy.text) as { readonly targets: readonly { readonly name: string; readonly port: number }[] }
    return targets.find(({ name }) => name === target) ?? assert.fail(target)
  }

  test('a target tells what it holds, and which columns are masked, once a session had that read; also on a phone', async () => {
    const { page, context, complaints } = await logIn(browser, demo, 'avery', { mobile: true })
    await page.goto(`${demo.ready.api}/console/targets`)
    await page.getByText('Catalog: not read yet; the first session reads it.').waitFor()
    const psql = client(demo, ['psql', 'shop', '--as', 'support-bot', '-c', 'select 1'])
    assert.equal(await psql.ended, 0, psql.words())
    const catalog = page.getByRole('region', { name: 'catalog of shop' })
    await catalog.getByText(/^\d+ tables and \d+ views? in 1 schema; \d+ columns masked\. Read /).waitFor()
    await catalog.getByText('public.customers.email', { exact: true }).waitFor()
    assert.equal(await page.getByRole('region', { name: /^catalog of/ }).count(), 1, 'a host has none')
    assert.deepEqual(await violations(page), [])
    assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'nothing is cut off at the side')
    await page.screenshot({ path: join(shots, 'target-catalog-phone.png'), fullPage: true })
    await page.emulateMedia({ colorScheme: 'dark' })
    assert.deepEqual(await violations(page), [])
    await page.setViewportSize({ width: 1280, height: 850 })
    await page.screenshot({ path: join(shots, 'target-catalog-dark.png'), fullPage: true })
    assert.deepEqual(complaints, [])
    await context.close()
  })

  test('a target is described in a form, corrected, tried, and added to the policy', async () => {
    const visitor = await logIn(browser, demo, 'avery')
    const { page, context, complaints } = visitor
    const { port } = await entryOf(visitor, 'shop')
    await page.getByRole('navigation', { name: 'screens' }).getByRole('link', { name: 'Targets' }).click()
    await page.getByRole('link', { name: 'Add a target' }).click()
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('shop')
    await page.getByRole('textbox', { name: 'Host' }).fill('127.0.0.1')
    await page.getByRole('textbox', { name: 'Port' }).fill(String(port))
    await page.getByRole('textbox', { name: 'Database' }).fill('shop')
    await page.getByRole('textbox', { name: 'User' }).fill('sallyport')
    await page.getByRole('textbox', { name: 'Password' }).fill('the-password-itself')
    await page.getByRole('button', { name: 'Add it' }).click()
    await page.getByRole('alert').getByText(/credential.password: a secret is given by reference only/).waitFor()
    await page.screenshot({ path: join(shots, 'add-target-wrong.png'), fullPage: true })
    assert.deepEqual(await violations(page), [])
    await page.getByRole('textbox', { name: 'Password' }).fill('vault:shop')
    await page.getByText('sallyport vault set shop --config FILE').waitFor()
    await page.getByRole('alert').getByText(/has the name "shop" already/).waitFor()
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('orders')
    await page.getByRole('region', { name: 'entry' }).getByText('name: orders').waitFor()
    await page.getByRole('button', { name: 'Test connection' }).click()
    await page.getByText('Not reached: the target does not offer TLS, which its entry asks for').waitFor()
    await page.getByRole('combobox', { name: 'Mode' }).selectOption('disable')
    await page.getByRole('region', { name: 'entry' }).getByText('mode: disable').waitFor()
    await page.getByRole('button', { name: 'Test connection' }).click()
    await page.getByText(/Reached: PostgreSQL .* let "sallyport" into "shop"/).waitFor()
    await page.screenshot({ path: join(shots, 'add-target.png'), fullPage: true })
    assert.deepEqual(await violations(page), [])
    await page.getByRole('button', { name: 'Add it' }).click()
    await page.getByText(/Version \d+ of the policy has the target/).waitFor()
    await page.getByRole('link', { name: 'Targets' }).last().click()
    await page.getByRole('button', { name: 'Test connection to orders' }).click()
    await page.getByText(/Reached: PostgreSQL/).waitFor()
    await page.getByText('0 sessions open').first().waitFor()
    assert.deepEqual(complaints, [])
    await context.close()
    // The demo's rules without targets allow nothing; a session of it is refused by the policy, and not for want of a target.
    const refused = client(demo, ['psql', 'orders', '--as', 'support-bot', '-c', 'select 1'])
    await refused.ended
    assert.match(refused.words(), /no rule/i)
  })

  test('the forms of all protocols fit on a phone, and axe finds nothing in them in dark colours either', async () => {
    const { page, context, complaints } = await logIn(browser, demo, 'avery', { colorScheme: 'dark', mobile: true })
    await page.goto(`${demo.ready.api}/console/targets/add`)
    for (const protocol of ['postgres', 'ssh', 'kubernetes']) {
      await page.getByText(protocol, { exact: true }).first().click()
      await page.getByText('More settings').click()
      for (const box of await page.getByRole('checkbox', { name: /^Set / }).all()) await box.check()
      await page.getByRole('button', { name: 'Add it' }).click()
      await page.getByRole('alert').getByText(/host: "host" is missing/).waitFor()
      assert.deepEqual(await violations(page), [], protocol)
      assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${protocol}: nothing is cut off at the side`)
      await page.screenshot({ path: join(shots, `add-${protocol}-phone.png`), fullPage: true })
    }
    assert.deepEqual(complaints, [])
    await context.close()
  })

  test('settings tell of issuers and gateways to those who look after them, also on a phone', async () => {
    const { page, context, complaints } = await logIn(browser, demo, 'avery', { mobile: true })
    await page.goto(`${demo.ready.api}/console/settings`)
    const issuers = page.getByRole('region', { name: 'issuers' })
    await issuers.getByRole('row', { name: /demo .*OpenID Connect console, terminal reachable had/ }).waitFor()
    await issuers.getByRole('row', { name: /demo-saml .*SAML 2\.0 console ends soon certificate file:.*saml\.crt ends in \d+ days/ }).waitFor()
    await page.getByRole('region', { name: 'gateways' }).getByRole('row', { name: /this one running .* 0\.1\.0 version \d+/ }).waitFor()
    assert.deepEqual(await violations(page), [])
    assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'nothing is cut off at the side')
    await page.screenshot({ path: join(shots, 'settings-phone.png'), fullPage: true })
    assert.deepEqual(complaints, [])
    await context.close()
  })

  test('a search is saved, named, kept, and removed by whoever saved it, also on a phone', async () => {
    const { page, context, complaints } = await logIn(browser, demo, 'robin', { colorScheme: 'dark', mobile: true })
    await page.goto(`${demo.ready.api}/console/sessions`)
    await page.getByLabel('Search operations').fill('table:orders since:2d')
    await page.getByRole('button', { name: 'Search', exact: true }).click()
    await page.getByRole('button', { name: 'Save this search' }).click()
    await page.getByRole('button', { name: 'Change saved searches' }).click()
    await page.getByLabel('Name of table:orders since:2d').fill('orders of late')
    await page.getByRole('button', { name: 'Remove action:update' }).click()
    assert.deepEqual(await violations(page), [])
    assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'nothing is cut off at the side')
    await page.screenshot({ path: join(shots, 'saved-searches-phone.png'), fullPage: true })
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Done', 'the keyboard has a place after a removal')
    await page.reload()
    await page.getByRole('button', { name: 'orders of late' }).click()
    assert.equal(await page.getByLabel('Search operations').inputValue(), 'table:orders since:2d')
    assert.equal(await page.getByRole('button', { name: 'action:update' }).count(), 0)
    await page.getByRole('button', { name: 'Change saved searches' }).click()
    while (await page.getByRole('button', { name: /^Remove / }).count() > 0) await page.getByRole('button', { name: /^Remove / }).first().click()
    await page.getByText('Saved: none').waitFor()
    await page.reload()
    await page.getByText('Saved: none').waitFor()
    assert.deepEqual(complaints, [])
    await context.close()
  })

  test('settings tell others who they are and where they may log in', async () => {
    const { page, context } = await logIn(browser, demo, 'dana')
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByRole('heading', { name: 'Login' }).waitFor()
    assert.equal(await page.getByRole('region', { name: 'gateways' }).count(), 0)
    await context.close()
  })

  test('an access review is opened for chosen agents and people, none of whom decides on their own', async () => {
    const { page, context, complaints } = await logIn(browser, demo, 'avery')
    await page.goto(`${demo.ready.api}/console/agents`)
    await page.getByText('Access reviews', { exact: true }).click()
    await page.getByText('Which agents, and who decides').click()
    await page.getByRole('combobox', { name: 'Agents' }).click()
    await page.getByRole('option', { name: 'nightly-report' }).click()
    await page.keyboard.press('Escape')
    await page.getByRole('combobox', { name: 'Groups that decide on every agent' }).fill('admins')
    await page.keyboard.press('Enter')
    await page.getByRole('checkbox', { name: 'Independent' }).check()
    assert.deepEqual(await violations(page), [])
    await page.getByLabel(/^Open an access review of 1 of \d+ agents/).fill('reports alone')
    await page.screenshot({ path: join(shots, 'access-review-chosen.png') })
    await page.getByRole('button', { name: 'Open', exact: true }).click()
    await page.getByRole('heading', { name: 'reports alone' }).waitFor()
    await page.getByText('decided by people of admins; by nobody on their own agent').waitFor()
    await page.locator('section[aria-label="nightly-report"]').waitFor()
    assert.equal(await page.locator('section[aria-label]').count(), 1)
    assert.deepEqual(await violations(page), [])
    assert.deepEqual(complaints, [])
    await context.close()
    const dana = await logIn(browser, demo, 'dana')
    const campaigns = await (await dana.page.request.get(`${demo.ready.api}/api/v1/campaigns`, { headers: { 'sec-fetch-site': 'same-origin' } })).json() as { readonly campaigns: readonly { readonly reason: string }[] }
    assert.deepEqual(campaigns.campaigns.filter(({ reason }) => reason === 'reports alone'), [], 'who is not of the group, nor an owner, is not asked')
    await dana.context.close()
  })

  test('a reviewer who looks elsewhere is notified, led to what waits, and answers by keys what was read', async (t) => {
    const { page, context, complaints } = await logIn(browser, demo, 'dana')
    await context.grantPermissions(['notifications'], { origin: demo.ready.api })
    // A browser without a screen shows none: they are real, and written down besides.
    await context.addInitScript(`
      globalThis.told = []
      globalThis.Notification = class extends Notification {
        constructor(title, options) { super(title, options); told.push({ title, body: options.body, click: () => this.dispatchEvent(new Event('click')) }) }
      }
      document.hasFocus = () => false
    `)
    await page.goto(`${demo.ready.api}/console/reviews`)
    await page.getByText('You are notified while you look elsewhere.').waitFor()
    await page.goto(`${demo.ready.api}/console/ledger`)
    await page.getByRole('heading', { name: 'Ledger', level: 1 }).waitFor()
    const update = (id: number) => client(demo, ['psql', 'shop', '--as', 'support-bot', '-c', `update orders set status = 'paid' where id = ${id}`])
    const reading = (words: string) => page.getByLabel('statement').filter({ hasText: words })
    const inQueue = (words: string) => page.getByRole('navigation', { name: 'queue' }).getByRole('button').filter({ hasText: words })
    const first = update(11)
    t.after(() => first.kill())
    await eventually('a notification', async () => (await page.evaluate('told.length')) === 1)
    assert.deepEqual(await page.evaluate('told.map(({ title, body }) => [title, body])'), [['A review waits', 'support-bot on shop']])
    await page.getByRole('navigation', { name: 'screens' }).getByRole('link', { name: 'Reviews' }).click()
    await reading('where id = 11').waitFor()
    const later = update(12)
    t.after(() => later.kill())
    await eventually('a notification', async () => (await page.evaluate('told.length')) === 2)
    await inQueue('where id = 12').waitFor()
    assert.equal(await reading('where id = 12').count(), 0, 'what is being read stays')
    await page.evaluate('told[1].click()')
    await reading('where id = 12').waitFor()
    await page.keyboard.press('j')
    await reading('where id = 11').waitFor()
    await page.keyboard.press('k')
    await reading('where id = 12').waitFor()
    await page.keyboard.press('d')
    await page.keyboard.type('not this one')
    await page.getByRole('button', { name: 'Deny' }).click()
    assert.notEqual(await later.ended, 0)
    assert.match(later.words(), /not this one/)
    await page.getByText('dana denied').waitFor()
    await page.keyboard.press('j')
    await reading('where id = 11').waitFor()
    await page.keyboard.press('a')
    assert.equal(await first.ended, 0, first.words())
    assert.equal(await page.evaluate('told.length'), 2)
    assert.deepEqual(complaints, [])
    await context.close()
  })
})
