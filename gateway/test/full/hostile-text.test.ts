import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { client, launchBrowser, logIn, noChromium, settled } from '../../../console/test/demo-browser.ts'
import { hostile, hostileOutput, nothingRan, shows, steered, watch } from '../../../console/test/hostile-text.ts'
import { type DemoUnderTest, demoDirectory, startDemoUnderTest } from '../../../demo/demo-under-test.ts'

suite('text of others, with which somebody attacks the console', { skip: noChromium }, () => {
  const state = demoDirectory()
  let demo: DemoUnderTest
  let browser: Awaited<ReturnType<typeof launchBrowser>>

  before(async () => {
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

  /** A client's exit status, and what it said. */
  async function run(...args: string[]): Promise<string> {
    const child = client(demo, args)
    await child.ended
    return child.words()
  }

  async function untilListed(looked: string[], found: RegExp): Promise<string> {
    for (let tries = 0; tries < 100; tries += 1) {
      const id = found.exec(await run(...looked))?.[1]
      if (id !== undefined) return id
    }
    throw new Error(`nothing like ${found.source}`)
  }

  test('all that clients can leave on record is shown as the text that it is', async () => {
    await applyHostilePolicy()
    // Statement, names of columns, rows; then an object's name, the application's, and the purpose.
    const literal = (name: string) => `E'${hostile(name).replaceAll('\\', '\\\\').replaceAll("'", "''")}\\u202e\\u001b]0;owned\\u0007'`
    demo.environment['PGAPPNAME'] = hostile('application').slice(0, 200)
    await run('--as', 'support-bot', 'psql', '--purpose', hostile('purpose'), 'shop', '-c', `select ${literal('row')} as "${hostile('column').replaceAll('"', '')}"`)
    await run('--as', 'support-bot', 'psql', 'shop', '-c', 'select * from "<img src=x onerror=owned=1 data-owned>object"')
    delete demo.environment['PGAPPNAME']
    await run('--as', 'support-bot', 'psql', 'shop', '-c', 'drop table orders')
    if (demo.sshPid !== undefined) await run('--as', 'dana', 'ssh', 'box', '--', `printf '%b' '${hostile('command').replaceAll("'", '')}\\033]0;owned\\007'`)
    // Reasons: of a request for access and its denial, of breaking the glass, a lock, a hold, an access review.
    await run('--as', 'dana', 'access', 'request', 'shop', '--for', '30m', '--reason', steered('asked'))
    const ticket = await untilListed(['--as', 'avery', 'review', 'list'], /(rv_[\w-]+)/)
    await run('--as', 'avery', 'review', 'deny', ticket, '--reason', steered('denied'), '--yes')
    await run('--as', 'dana', 'access', 'break-glass', 'shop', '--for', '15m', '--reason', steered('glass'))
    await run('--as', 'avery', 'lock', 'place', 'agent', 'nightly-report', '--reason', steered('lock'))
    await run('--as', 'robin', 'hold', 'place', 'identity', 'support-bot', '--reason', steered('hold'))
    const waits = client(demo, ['--as', 'support-bot', 'psql', 'shop', '-c', `update orders set status = ${literal('review')} where id = 6`])
    await untilListed(['--as', 'dana', 'review', 'list'], /(rv_[\w-]+)\s.*open/)

    const { page, context, complaints } = await logIn(browser, demo, 'dana')
    const watched = watch(page)
    await page.goto(`${demo.ready.api}/console/reviews`)
    await page.getByText('review').first().waitFor()
    await shows(page, 'review')
    await page.getByText('History', { exact: true }).click()
    await page.getByRole('button', { name: 'show the review of dana on shop' }).click()
    await shows(page, 'asked', 'denied')
    await page.getByText('Grants', { exact: true }).click()
    await shows(page, 'glass')
    await nothingRan(page, watched)
    waits.kill('SIGINT')
    await waits.ended
    assert.deepEqual(complaints, [])
    await context.close()

    const robin = await logIn(browser, demo, 'robin')
    const robinWatched = watch(robin.page)
    await robin.page.goto(`${demo.ready.api}/console/agents`)
    await shows(robin.page, 'owner', 'registered')
    await nothingRan(robin.page, robinWatched)
    await robin.page.goto(`${demo.ready.api}/console/ledger`)
    await shows(robin.page, 'hold')
    await nothingRan(robin.page, robinWatched)
    await robin.page.goto(`${demo.ready.api}/console/policy`)
    await robin.page.getByLabel('policy document').waitFor()
    await nothingRan(robin.page, robinWatched)
    const seen = new Set<string>()
    await robin.page.goto(`${demo.ready.api}/console/sessions`)
    await robin.page.locator('.row-link').first().waitFor()
    const links = await Promise.all((await robin.page.locator('.row-link').all()).map((row) => row.getAttribute('href')))
    for (const link of links) {
      await robin.page.goto(new URL(link ?? '', demo.ready.api).href)
      await robin.page.getByRole('button', { name: 'Results' }).click()
      await settled(robin.page)
      const text = await robin.page.locator('main').innerText()
      for (const name of ['application', 'purpose', 'column', 'row', 'object', 'command']) if (new RegExp(`owned ${name}|owned>.*${name}`).test(text)) seen.add(name)
      await nothingRan(robin.page, robinWatched)
      await robin.page.getByRole('button', { name: 'Replay as a terminal' }).click()
      await robin.page.locator('.ap-player').waitFor()
      await nothingRan(robin.page, robinWatched)
    }
    assert.deepEqual([...seen].toSorted(), ['application', 'column', 'object', 'purpose', 'row', ...(demo.sshPid === undefined ? [] : ['command'])].toSorted())
    assert.deepEqual(robin.complaints, [])
    await robin.context.close()
  })

  test('what a program sends to the terminal of its agent does nothing in that of whoever watches, nor later in a replay', async (t) => {
    if (demo.sshPid === undefined) return t.skip('no OpenSSH server here')
    const shell = client(demo, ['--as', 'dana', 'ssh', 'box'], 'pipe')
    t.after(() => shell.stdin?.end())
    const { page, context, complaints } = await logIn(browser, demo, 'robin')
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const watched = watch(page)
    shell.stdin?.write('echo it begins\n')
    await page.locator('main a[href*="/sessions/"]', { hasText: 'dana' }).first().click()
    await page.getByRole('button', { name: 'Watch the terminal' }).click()
    const terminal = page.locator('.ap-player')
    await terminal.getByText('it begins').waitFor()
    await page.evaluate("navigator.clipboard.writeText('as it was')")
    shell.stdin?.write(`echo ${Buffer.from(hostileOutput('and goes on')).toString('base64')} | base64 -d\n`)
    const shown = async () => {
      await terminal.getByText('and goes on').waitFor()
      for (const text of ['<script>globalThis.owned=1</script>', '<img src=x onerror=', 'material isolated mark']) await terminal.getByText(text).first().waitFor()
      await nothingRan(page, watched)
      assert.equal(await page.evaluate('navigator.clipboard.readText()'), 'as it was')
    }
    await shown()
    // Nothing of it was a question that somebody answered: the shell got no more than what was typed.
    shell.stdin?.write('echo no answer came before this\n')
    await terminal.getByText('no answer came before this').waitFor()
    shell.stdin?.end()
    await shell.ended
    await page.getByText('closed', { exact: true }).waitFor()
    await page.reload()
    await page.getByRole('button', { name: 'Replay as a terminal' }).click()
    await terminal.locator('.ap-overlay-start').click()
    await shown()
    assert.deepEqual(complaints, [])
    await context.close()
  })

  /** The demo's own document with such texts wherever it takes any. */
  async function applyHostilePolicy(): Promise<void> {
    const { context } = await logIn(browser, demo, 'avery')
    const inForce = await context.request.get(`${demo.ready.api}/api/v1/policy`)
    const { text } = (await inForce.json()) as { text: string }
    await context.close()
    const file = join(state.path, 'hostile.yaml')
    const apply = (changed: string) => {
      assert.notEqual(changed, text)
      writeFileSync(file, changed)
      return run('--as', 'avery', 'policy', 'apply', file)
    }
    const replaced = [['avery', 'owner'], ["counts the day's orders", 'registered'], ['destructive statements are never run by agents', 'message']] as const
    assert.match(await apply(replaced.reduce((changed, [words, name]) => changed.replace(words, JSON.stringify(steered(name))), text)), /Version 2 is in force/)
    // Names stand in commands and addresses, and are plain.
    for (const name of ['nightly-report', 'shop', 'destructive', 'personal', 'demo-saml']) {
      assert.match(await apply(text.replace(`name: ${name}`, `name: ${JSON.stringify(hostile('name'))}`)), /a name has 1 to 63 letters/)
    }
    rmSync(file)
  }
})

