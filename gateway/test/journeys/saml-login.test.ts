import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Browser, type Page } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { readEvents } from '../support/ledger-records.ts'
import { encryptAssertion } from '../support/saml-encrypt.ts'
import { assertionXml, encoded, newId, responseXml, signXml, trueAnswer } from '../support/saml-forge.ts'
import { type BegunSamlLogin, ORIGIN, type SamlSetup, setUpSaml } from '../support/saml-setup.ts'
import { SAML_ATTACKS } from '../tables/saml-attacks.ts'

let setup: SamlSetup
before(async () => {
  setup = await setUpSaml()
})
after(() => setup.close())

/** A true answer of `corp`, made by hand. */
function answer(begun: BegunSamlLogin, change: (assertion: string) => string = (assertion) => assertion): Record<string, string> {
  const xml = responseXml(begun.fields, signXml(change(assertionXml(begun.fields)), setup.keys.provider))
  return { SAMLResponse: encoded(xml), RelayState: begun.relayState }
}

async function nameOf(browser: Browser, gateway?: 'one' | 'two'): Promise<string> {
  const page = await setup.session(browser, gateway)
  assert.equal(page.status, 200, page.body)
  return (JSON.parse(page.body) as { name: string }).name
}

/** Refused in words, on record with the same words, and nobody is logged in. */
async function assertRefused(page: Page, browser: Browser, refused: RegExp, gateway: 'one' | 'two' = 'one'): Promise<void> {
  assert.ok(page.status >= 400 && page.status < 500, `${page.status} ${page.body}`)
  const { message, hint } = JSON.parse(page.body) as { message: string; hint: string }
  assert.match(message, refused)
  assert.ok(hint.length > 5)
  assert.equal(browser.cookie('__Host-sallyport'), undefined)
  assert.equal((await setup.session(browser)).status, 401)
  await eventually(`login.refused with "${message}"`, async () => {
    const reasons = await refusals(gateway)
    if (reasons.length <= seen[gateway] || reasons.at(-1) !== message) return false
    seen[gateway] = reasons.length
    return true
  }, 5_000)
}

const seen = { one: 0, two: 0 }

/** Reasons of all logins that were refused. */
async function refusals(gateway: 'one' | 'two'): Promise<string[]> {
  const events = await readEvents(setup.gateways[gateway].ledgerDirectory)
  return events.flatMap((event) => (event.event === 'login.refused' && event.target === 'console' && event.application.startsWith('login with ') ? [event.reason] : []))
}

describe('a person logs in by SAML', () => {
  test('with signed requests and encrypted assertions, and is known at every gateway', async () => {
    const browser = new Browser()
    const page = await setup.logIn(browser, 'corp', '/reviews?state=open')
    assert.equal(page.status, 303, page.body)
    assert.equal(page.headers.location, '/reviews?state=open')
    const session = JSON.parse((await setup.session(browser)).body) as { name: string; issuer: string; groups: string[]; roles: string[] }
    assert.deepEqual(
      { name: session.name, issuer: session.issuer, groups: session.groups, roles: session.roles },
      { name: 'dana@example.com', issuer: 'corp', groups: ['dba', 'staff'], roles: ['reviewer'] },
    )
    assert.equal(await nameOf(browser, 'two'), 'dana@example.com')
    const issued = (await readEvents(setup.gateways.one.ledgerDirectory)).findLast((event) => event.event === 'token.issued')
    assert.ok(issued?.event === 'token.issued')
    assert.equal(issued.identity.name, 'dana@example.com')
  })

  test('with a provider that signs the response too, and neither wants signed requests nor encrypts', async () => {
    const browser = new Browser()
    const page = await setup.logIn(browser, 'plain')
    assert.equal(page.status, 303, page.body)
    assert.equal(await nameOf(browser), 'dana@example.com')
  })

  test('with the provider\'s old key and its new one, while both certificates are configured', async () => {
    for (const key of [setup.keys.provider, setup.keys.next]) {
      const begun = await setup.begin()
      const page = await setup.post(begun.browser, { SAMLResponse: encoded(trueAnswer(begun.fields, key)), RelayState: begun.relayState })
      assert.equal(page.status, 303, page.body)
    }
  })

  test('with either cipher, and with clocks that differ by less than a minute', async () => {
    for (const [cipher, difference] of [['aes-128-gcm', 55_000], ['aes-256-gcm', -55_000]] as const) {
      const begun = await setup.begin()
      const fields = { ...begun.fields, fromMs: Date.now() + difference, untilMs: Date.now() + difference + 20_000 }
      const sealed = encryptAssertion(signXml(assertionXml(fields), setup.keys.provider), setup.keys.own.certificate, { cipher })
      const page = await setup.post(begun.browser, { SAMLResponse: encoded(responseXml(fields, sealed)), RelayState: begun.relayState })
      assert.equal(page.status, 303, page.body)
    }
  })

  test('finishing at another gateway than the login was begun at', async () => {
    const begun = await setup.begin()
    const page = await setup.post(begun.browser, answer(begun), { gateway: 'two' })
    assert.equal(page.status, 303, page.body)
    assert.equal(await nameOf(begun.browser), 'dana@example.com')
  })

  test('until the provider wants the login to end', async () => {
    const begun = await setup.begin()
    const end = new Date(Date.now() + 90_000).toISOString()
    const page = await setup.post(begun.browser, answer(begun, (assertion) => assertion.replace('<saml:AuthnStatement ', `<saml:AuthnStatement SessionNotOnOrAfter="${end}" `)))
    assert.equal(page.status, 303, page.body)
    assert.equal((JSON.parse((await setup.session(begun.browser)).body) as { endsAt: string }).endsAt, end)
  })

  test('and what the provider calls act, azp or roles gives nobody anything', async () => {
    const begun = await setup.begin()
    const more = ['act', 'azp', 'client_id', 'sub', 'iss', 'roles', '__proto__', 'constructor']
      .map((name) => `<saml:Attribute Name="${name}"><saml:AttributeValue>support-bot</saml:AttributeValue></saml:Attribute>`).join('')
    const page = await setup.post(begun.browser, answer(begun, (assertion) => assertion.replace('</saml:AttributeStatement>', `${more}</saml:AttributeStatement>`)))
    assert.equal(page.status, 303, page.body)
    const session = JSON.parse((await setup.session(begun.browser)).body) as { name: string; roles: string[] }
    assert.deepEqual([session.name, session.roles], ['dana@example.com', ['reviewer']])
  })

  test('is sent with a signed request that says who asks and where to answer, and no path to go to', async () => {
    const { location, request, relayState } = await setup.begin('corp', new Browser(), '/reviews/secret-place')
    assert.match(request, new RegExp(`AssertionConsumerServiceURL="${ORIGIN}/auth/saml/corp/acs"`))
    assert.match(relayState, /^[A-Za-z0-9_-]{43}$/)
    assert.match(location, /SigAlg=http%3A%2F%2Fwww\.w3\.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256&Signature=/)
    assert.ok(!decodeURIComponent(location + request).includes('secret-place'))
  })

  test('with a provider that reads our metadata', async () => {
    const page = await new Browser().go(`${setup.gateways.one.apiUrl}/auth/saml/corp/metadata`)
    assert.equal(page.headers['content-type'], 'application/samlmetadata+xml')
    assert.match(page.body, /entityID="https:\/\/sallyport\.test\/saml"/)
    assert.match(page.body, /AuthnRequestsSigned="true" WantAssertionsSigned="true"/)
    assert.ok(page.body.includes(`HTTP-POST" Location="${ORIGIN}/auth/saml/corp/acs"`))
    const certificate = setup.keys.own.certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '')
    assert.equal(page.body.split(certificate).length, 3)
    assert.ok(!page.body.includes('cbc') && !page.body.includes('rsa-1_5'))
    const plain = await new Browser().go(`${setup.gateways.one.apiUrl}/auth/saml/plain/metadata`)
    assert.match(plain.body, /AuthnRequestsSigned="false"/)
    assert.equal((await new Browser().go(`${setup.gateways.one.apiUrl}/auth/saml/nobody/metadata`)).status, 404)
  })

  test('chosen from the list of providers', async () => {
    const page = await new Browser().go(`${setup.gateways.one.apiUrl}/auth/providers`)
    const { providers } = JSON.parse(page.body) as { providers: unknown[] }
    assert.deepEqual(providers.at(-3), { name: 'corp', kind: 'saml', login: '/auth/saml/corp/login' })
  })
})

describe('nobody is logged in by', () => {
  for (const { name, forge, refused } of SAML_ATTACKS) {
    test(name, async () => {
      const begun = await setup.begin()
      const { provider: key, stranger: otherKey, own } = setup.keys
      const response = forge({ fields: begun.fields, key, otherKey, ownCertificate: own.certificate })
      const printedBefore = setup.gateways.one.log().length
      const page = await setup.post(begun.browser, { SAMLResponse: response, RelayState: begun.relayState })
      await assertRefused(page, begun.browser, refused)
      const printed = setup.gateways.one.log().slice(printedBefore) + page.body
      for (const secret of ['<', 'root@example.com', 'dana@', 'evil', begun.fields.assertionId, begun.relayState, response.slice(0, 24)]) {
        assert.ok(secret === '' || !printed.includes(secret), `${JSON.stringify(secret)} was printed: ${printed}`)
      }
      // The login that was attacked is over: a true answer comes too late.
      assert.equal((await setup.post(begun.browser, answer(begun))).status, 401)
    })
  }

  test('the same answer once more, here and at another gateway', async () => {
    const begun = await setup.begin()
    const cookie = `__Host-sallyport-saml=${begun.browser.cookie('__Host-sallyport-saml')}`
    assert.equal((await setup.post(begun.browser, answer(begun))).status, 303)
    for (const gateway of ['one', 'two'] as const) {
      const thief = new Browser()
      await assertRefused(await setup.post(thief, answer(begun), { gateway, cookie }), thief, /finished already/, gateway)
    }
  })

  test('an assertion that is used for a second login, here and at another gateway', async () => {
    const assertionId = newId()
    const again = async (gateway: 'one' | 'two') => {
      const begun = await setup.begin()
      return { browser: begun.browser, page: await setup.post(begun.browser, answer({ ...begun, fields: { ...begun.fields, assertionId } }), { gateway }) }
    }
    assert.equal((await again('one')).page.status, 303)
    for (const gateway of ['one', 'two'] as const) {
      const { page, browser } = await again(gateway)
      await assertRefused(page, browser, /used before/, gateway)
    }
  })

  test('twenty answers with one assertion at the same time: one wins', async () => {
    const assertionId = newId()
    const begun = await Promise.all(Array.from({ length: 20 }, () => setup.begin()))
    const pages = await Promise.all(begun.map((one, index) =>
      setup.post(one.browser, answer({ ...one, fields: { ...one.fields, assertionId } }), { gateway: index % 2 === 0 ? 'one' : 'two' })))
    assert.equal(pages.filter(({ status }) => status === 303).length, 1)
  })

  test('an answer in a browser that did not begin the login', async () => {
    const attacker = await setup.begin()
    const victim = new Browser()
    await assertRefused(await setup.post(victim, answer(attacker)), victim, /cookie is missing/)
    const second = await setup.begin()
    const other = await setup.begin()
    await assertRefused(await setup.post(other.browser, answer(second)), other.browser, /another browser/)
  })

  test('a cookie that is there twice', async () => {
    const begun = await setup.begin()
    const cookie = `__Host-sallyport-saml=${begun.browser.cookie('__Host-sallyport-saml')}`
    await assertRefused(await setup.post(begun.browser, answer(begun), { cookie: `${cookie}; ${cookie}` }), begun.browser, /there twice/)
  })

  test('a RelayState that is an address, empty, of another login, missing or there twice', async () => {
    for (const [relayState, refused] of [
      ['https://evil.test/', /names no login/], ['//evil.test', /names no login/], ['', /names no login/], ['/reviews', /names no login/],
      [newId().repeat(2), /names no login/], ['A'.repeat(43), /finished already, or never begun/],
    ] as const) {
      const begun = await setup.begin()
      const page = await setup.post(begun.browser, { ...answer(begun), RelayState: relayState })
      await assertRefused(page, begun.browser, refused)
      assert.equal(page.headers.location, undefined)
    }
    const begun = await setup.begin()
    const form = new URLSearchParams(answer(begun))
    for (const field of ['RelayState', 'SAMLResponse']) {
      const twice = new URLSearchParams(form)
      twice.append(field, 'x')
      await assertRefused(await setup.post(begun.browser, twice.toString()), begun.browser, new RegExp(`does not hold one ${field}`))
      const missing = new URLSearchParams(form)
      missing.delete(field)
      const other = await setup.begin()
      await assertRefused(await setup.post(other.browser, missing.toString()), other.browser, new RegExp(`does not hold one ${field}`))
    }
  })

  test('a login that goes to another site', async () => {
    for (const next of ['https://evil.test', '//evil.test', '/\\evil.test', 'javascript:alert(1)', '/auth/saml/corp/login']) {
      const page = await new Browser().go(`${setup.gateways.one.apiUrl}/auth/saml/corp/login?next=${encodeURIComponent(next)}`)
      assert.equal(page.status, 401, page.body)
      assert.match(page.body, /not a path of this gateway/)
    }
  })

  test('the answer to a login with another provider', async () => {
    const begun = await setup.begin('plain')
    begun.browser.plant('x', 'y')
    const fields = { ...begun.fields, acsUrl: `${ORIGIN}/auth/saml/corp/acs` }
    const page = await setup.post(begun.browser, { SAMLResponse: encoded(trueAnswer(fields, setup.keys.provider)), RelayState: begun.relayState })
    await assertRefused(page, begun.browser, /another provider than the login was begun with/)
    const stranger = await setup.begin('other')
    const second = await setup.post(
      stranger.browser, { SAMLResponse: encoded(trueAnswer(stranger.fields, setup.keys.provider)), RelayState: stranger.relayState }, { provider: 'other' },
    )
    await assertRefused(second, stranger.browser, /certificate that is not among/)
  })

  test('an encrypted assertion where no key is configured', async () => {
    const begun = await setup.begin('plain')
    const sealed = encryptAssertion(signXml(assertionXml(begun.fields), setup.keys.next), setup.keys.own.certificate)
    const page = await setup.post(begun.browser, { SAMLResponse: encoded(responseXml(begun.fields, sealed)), RelayState: begun.relayState }, { provider: 'plain' })
    await assertRefused(page, begun.browser, /no key is configured/)
  })

  test('a form that is too large, is no form, or comes by GET', async () => {
    const begun = await setup.begin()
    await assertRefused(await setup.post(begun.browser, `SAMLResponse=${'A'.repeat(500_000)}`), begun.browser, /larger than/)
    const acs = `${setup.gateways.one.apiUrl}/auth/saml/corp/acs`
    const json = await begun.browser.go(acs, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(answer(begun)) })
    await assertRefused(json, begun.browser, /not a form/)
    const get = await begun.browser.go(`${acs}?${new URLSearchParams(answer(begun)).toString()}`)
    assert.equal(get.status, 404)
  })

  test('a frame or a script of another page', async () => {
    const begun = await setup.begin()
    const acs = `${setup.gateways.one.apiUrl}/auth/saml/corp/acs`
    const page = await begun.browser.go(acs, {
      method: 'POST', body: new URLSearchParams(answer(begun)).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-dest': 'iframe' },
    })
    await assertRefused(page, begun.browser, /opened as a page/)
  })
})
