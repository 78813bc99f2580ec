import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Browser, type Page } from '../gateway/test/support/browser.ts'
import { type DemoUnderTest, demoDirectory, startDemoUnderTest } from './demo-under-test.ts'

suite('in the demo, a person logs in for the console', () => {
  const state = demoDirectory()
  let demo: DemoUnderTest
  before(async () => {
    demo = await startDemoUnderTest(state.path)
  })
  after(async () => {
    await demo.clear()
    state.remove()
  })

  const at = (path: string) => new URL(path, demo.ready.api).href

  async function whoIs(browser: Browser): Promise<unknown> {
    const page = await browser.ask(at('/auth/session'))
    assert.equal(page.status, 200, page.body)
    const { name, groups, roles } = JSON.parse(page.body) as { name: string; groups: string[]; roles: string[] }
    return { name, groups, roles }
  }

  async function logInByOpenId(person: string): Promise<Browser> {
    const browser = new Browser()
    const choice = await browser.follow(at('/auth/login/demo'))
    const action = new RegExp(`action="([^"]*/${person})"`).exec(choice.body)?.[1]
    assert.ok(action, choice.body)
    const chosen = await browser.go(new URL(action, choice.url).href, { method: 'POST' })
    await browser.follow(new URL(chosen.headers.location ?? '', choice.url).href)
    return browser
  }

  async function chooseBySaml(browser: Browser, person: string): Promise<Page> {
    const choice = await browser.follow(at('/auth/saml/demo-saml/login'))
    assert.match(choice.body, new RegExp(`<button name="person" value="${person}">`))
    const { url, query } = { url: new URL(choice.url), query: fieldsOf(choice.body) }
    url.search = new URLSearchParams({ ...query, person }).toString()
    return browser.go(url.href)
  }

  test('by one of two providers', async () => {
    const { body } = await new Browser().go(at('/auth/providers'))
    assert.deepEqual((JSON.parse(body) as { providers: unknown }).providers, [
      { name: 'demo', kind: 'oidc', login: '/auth/login/demo' },
      { name: 'demo-saml', kind: 'saml', login: '/auth/saml/demo-saml/login' },
    ])
  })

  test('by OpenID Connect', async () => {
    assert.deepEqual(await whoIs(await logInByOpenId('dana')), { name: 'dana', groups: ['dba'], roles: ['reviewer'] })
    assert.deepEqual(await whoIs(await logInByOpenId('avery')), { name: 'avery', groups: ['admins'], roles: ['administrator'] })
  })

  test('by SAML', async () => {
    const browser = new Browser()
    const posting = await chooseBySaml(browser, 'dana')
    const acs = /action="([^"]*)"/.exec(posting.body)?.[1] ?? ''
    assert.equal(acs, at('/auth/saml/demo-saml/acs'))
    const finished = await browser.go(acs, {
      method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(fieldsOf(posting.body)).toString(),
    })
    assert.equal(finished.status, 303, finished.body)
    assert.deepEqual(await whoIs(browser), { name: 'dana', groups: ['dba'], roles: ['reviewer'] })
  })

  test('but not as somebody the SAML provider does not know, and it shows nothing that a link put in', async () => {
    const { url } = await new Browser().follow(at('/auth/saml/demo-saml/login'))
    const stranger = await new Browser().go(`${url}&person=mallory`)
    assert.match(stranger.body, /Who are you\?/)
    for (const query of ['', 'SAMLRequest="><script>&RelayState=x', 'SAMLRequest=x&RelayState=y&person=dana']) {
      const page = await new Browser().go(`${new URL(url).origin}/?${encodeURI(query)}`)
      assert.equal(page.status, 400)
      assert.doesNotMatch(page.body, /<script>/)
    }
  })
})

function fieldsOf(html: string): Record<string, string> {
  return Object.fromEntries([...html.matchAll(/<input type="hidden"\s+name="([^"]*)"\s+value="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]))
}
