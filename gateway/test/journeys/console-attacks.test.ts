import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Browser, type Page } from '../support/browser.ts'
import { type ConsoleSetup, setUpConsole } from '../support/console-setup.ts'
import { type LoginProvider, startLoginProvider } from '../support/login-provider.ts'
import { assertRefused } from '../support/refused-login.ts'

const DANA = { sub: 'u-17', claims: { preferred_username: 'dana', groups: ['dba'] } }
const EVE = { sub: 'u-66', claims: { preferred_username: 'eve', groups: [] } }

interface Scene {
  readonly setup: ConsoleSetup
  readonly provider: LoginProvider
  /** Of whoever is attacked. */
  readonly victim: Browser
  /** Of whoever attacks, with an account of their own at the provider. */
  readonly eve: Browser
}

type Attack = readonly [name: string, reason: RegExp, run: (scene: Scene) => Promise<Page>]

/** Goes to the answer of the victim's own login after something was done to it. */
const altered = (change: (url: URL) => void, visit = {}) => async ({ setup, victim }: Scene): Promise<Page> => {
  const url = new URL(await setup.answerFor(victim))
  change(url)
  return victim.go(url.href, visit)
}
const random = () => randomBytes(32).toString('base64url')
const withParameter = (name: string, value: string) => altered((url) => url.searchParams.set(name, value))

async function eveAnswer({ setup, provider, eve }: Scene, issuer?: string): Promise<URL> {
  const { person } = provider
  provider.person = EVE
  const answer = new URL(await setup.answerFor(eve, issuer))
  provider.person = person
  return answer
}

const ANSWERS: readonly Attack[] = [
  ['an answer without state', /does not say which login/, altered((url) => url.searchParams.delete('state'))],
  ['an answer with an empty state', /does not say which login/, withParameter('state', '')],
  ['a state that is no id', /names no login that was begun here/, withParameter('state', '../../x')],
  ['a state with an injection', /names no login that was begun here/, withParameter('state', "' OR 1=1 --")],
  ['a made-up state', /finished already, or never begun/, withParameter('state', random())],
  ['the state given twice', /holds a parameter twice/, altered((url) => url.searchParams.append('state', random()))],
  ['the code given twice', /holds a parameter twice/, altered((url) => url.searchParams.append('code', random()))],
  ['the issuer given twice', /holds a parameter twice/, altered((url) => url.searchParams.append('iss', 'https://evil.example'))],
  ['an unknown parameter given twice', /holds a parameter twice/, altered((url) => { url.searchParams.append('x', '1'); url.searchParams.append('x', '2') })],
  ['an answer without code', /the answer has no code/, altered((url) => url.searchParams.delete('code'))],
  ['an empty code', /the answer has no code/, withParameter('code', '')],
  ['a made-up code', /does not accept the code/, withParameter('code', random())],
  ['a code with a line break', /does not accept the code/, altered((url) => url.searchParams.set('code', `${url.searchParams.get('code')}\r\nx: y`))],
  ['the iss of another provider (RFC 9207)', /does not come from the provider that was asked/, withParameter('iss', 'https://evil.example')],
  ['the iss with a slash more', /does not come from the provider that was asked/, altered((url) => url.searchParams.set('iss', `${url.searchParams.get('iss')}/`))],
  ['no iss from a provider that tells it', /does not come from the provider that was asked/, altered((url) => url.searchParams.delete('iss'))],
  ['an ID token in the address (implicit flow)', /of another flow/, withParameter('id_token', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJkYW5hIn0.')],
  ['an access token in the address', /of another flow/, withParameter('access_token', random())],
  ['a signed answer (JARM)', /of another flow/, withParameter('response', 'eyJhbGciOiJub25lIn0.e30.')],
  ['an answer of 9,000 characters', /is too long/, withParameter('x', 'x'.repeat(9_000))],
  ['an answer as a form (response_mode=form_post)', /comes as a form/, async ({ setup, victim }) => {
    const url = new URL(await setup.answerFor(victim))
    const body = url.search.slice(1)
    url.search = ''
    return victim.go(url.href, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://127.0.0.1:1' }, body })
  }],
  ['an answer in a frame', /opened as a page/, altered(() => undefined, { headers: { 'sec-fetch-dest': 'iframe' } })],
  ['an answer as an image', /opened as a page/, altered(() => undefined, { headers: { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' } })],
  ['an answer by a script', /opened as a page/, altered(() => undefined, { headers: { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' } })],
  ['the same answer again', /finished already/, async ({ setup, victim }) => {
    const answer = await setup.answerFor(victim)
    assert.equal((await victim.go(answer)).status, 302)
    return victim.go(answer)
  }],
  ['the same answer again from another browser', /finished already/, async ({ setup, victim, eve }) => {
    const answer = await setup.answerFor(victim)
    assert.equal((await victim.go(answer)).status, 302)
    return eve.go(answer)
  }],
  ['an answer that somebody overheard, in their browser', /its cookie is missing/, async ({ setup, victim, eve }) => eve.go(await setup.answerFor(victim))],
  ['an answer that somebody overheard, with a login cookie of their own', /in another browser/, async ({ setup, victim, eve }) => {
    const answer = await setup.answerFor(victim)
    await eve.go(`${setup.url}/auth/login/corp`)
    return eve.go(answer)
  }],
  ['login CSRF: the attacker\'s answer in the victim\'s browser', /its cookie is missing/, async (scene) => scene.victim.go((await eveAnswer(scene)).href)],
  ['login CSRF while the victim logs in', /in another browser/, async (scene) => {
    const answer = await eveAnswer(scene)
    await scene.victim.go(`${scene.setup.url}/auth/login/corp`)
    return scene.victim.go(answer.href)
  }],
  ['code injection: the attacker\'s code in the victim\'s login', /does not accept the code/, async (scene) => {
    const [mine, answer] = [await eveAnswer(scene), new URL(await scene.setup.answerFor(scene.victim))]
    answer.searchParams.set('code', mine.searchParams.get('code') ?? '')
    return scene.victim.go(answer.href)
  }],
  ['code injection: the victim\'s code in the attacker\'s login', /does not accept the code/, async (scene) => {
    const [mine, stolen] = [await eveAnswer(scene), new URL(await scene.setup.answerFor(scene.victim))]
    mine.searchParams.set('code', stolen.searchParams.get('code') ?? '')
    return scene.eve.go(mine.href)
  }],
  ['a state of another login of the same browser', /in another browser/, async ({ setup, victim }) => {
    const first = new URL((await victim.go(`${setup.url}/auth/login/corp`)).headers.location ?? '')
    const answer = new URL(await setup.answerFor(victim))
    answer.searchParams.set('state', first.searchParams.get('state') ?? '')
    return victim.go(answer.href)
  }],
  ['mix-up: an answer at the address of another provider', /is of another provider/, async ({ setup, victim }) =>
    victim.go((await setup.answerFor(victim)).replace('/auth/callback/corp', '/auth/callback/partner'))],
  ['an answer for a provider that is not there', /nobody logs in at the console with a provider of that name/, async ({ setup, victim }) =>
    victim.go((await setup.answerFor(victim)).replace('/auth/callback/corp', '/auth/callback/nothing'))],
  ['an answer for __proto__', /nobody logs in at the console with a provider of that name/, async ({ setup, victim }) =>
    victim.go((await setup.answerFor(victim)).replace('/auth/callback/corp', '/auth/callback/__proto__'))],
  ['an answer without the login\'s cookie', /its cookie is missing/, altered(() => undefined, { cookie: null })],
  ['an answer with a login cookie of another form', /its cookie is missing/, altered(() => undefined, { cookie: 'sallyport-login=x' })],
  ['an answer with a made-up login cookie', /in another browser/, altered(() => undefined, { cookie: `sallyport-login=${random()}` })],
  ['an answer with two login cookies', /the cookie sallyport-login is there twice/, async ({ setup, victim }) => {
    const answer = await setup.answerFor(victim)
    return victim.go(answer, { cookie: `sallyport-login=${victim.cookie('sallyport-login')}; sallyport-login=${random()}` })
  }],
  ['an answer after ten minutes', /took too long/, async ({ setup, victim }) => {
    const answer = await setup.answerFor(victim)
    setup.clockOffsetMs = 10 * 60_000 + 1_000
    return victim.go(answer)
  }],
  ['a login that is sealed otherwise in the database', /in another browser/, async ({ setup, victim }) => {
    const answer = await setup.answerFor(victim)
    const hash = createHash('sha256').update(new URL(answer).searchParams.get('state') ?? '').digest('hex')
    const record = await setup.storage.loginTransactions.take(hash)
    assert.ok(record)
    const bytes = Buffer.from(record.sealed, 'base64')
    bytes[20] = (bytes[20] ?? 0) ^ 1
    await setup.storage.loginTransactions.add({ ...record, sealed: bytes.toString('base64') })
    return victim.go(answer)
  }],
  ['a denial at the provider, whose words are not repeated', /the provider did not log you in: access was denied there$/, async ({ setup, provider, victim }) => {
    provider.person = { ...DANA, denies: true }
    return setup.logIn(victim)
  }],
  ['an error with the attacker\'s words', /the provider did not log you in$/, altered((url) => {
    url.searchParams.delete('code')
    url.searchParams.set('error', 'call_0800_evil')
    url.searchParams.set('error_description', '<img src=x> call https://evil.example')
    url.searchParams.set('error_uri', 'https://evil.example')
  })],
  ['an error named like a property of every object', /the provider did not log you in$/, altered((url) => url.searchParams.set('error', 'constructor'))],
  ['an error without state', /does not say which login/, ({ setup, victim }) => victim.go(`${setup.url}/auth/callback/corp?error=access_denied`)],
  ['a login whose issuer was removed meanwhile', /nobody logs in at the console/, async ({ setup, victim }) => {
    const answer = await setup.answerFor(victim)
    setup.configure({})
    return victim.go(answer)
  }],
  ['a login of somebody who has the name of a registered agent', /the name of a registered agent/, async ({ setup, provider, victim }) => {
    provider.person = { sub: 'u-9', claims: { preferred_username: 'support-bot' } }
    return setup.logIn(victim)
  }],
  ['a login of somebody without a name', /unregistered non-human identity/, async ({ setup, provider, victim }) => {
    provider.person = { sub: 'u-9', claims: {} }
    return setup.logIn(victim)
  }],
  ['a login when the client\'s secret is wrong', /does not accept this gateway as its client/, async ({ setup, provider, victim }) => {
    setup.configure({ corp: { issuer: provider.url, secret: 'not-the-secret-of-this-client' } })
    return setup.logIn(victim)
  }],
  ['a login without the client\'s secret', /does not accept this gateway as its client/, async ({ setup, provider, victim }) => {
    setup.configure({ corp: { issuer: provider.url } })
    return setup.logIn(victim)
  }],
]

const begin = (query: string, visit = {}, path = '/auth/login/corp') => ({ setup, victim }: Scene) => victim.go(`${setup.url}${path}${query}`, visit)
const REDIRECTS = [
  '//evil.example', '/\\evil.example', '\\\\evil.example', '/%5cevil.example', '/%2f%2fevil.example', '/%2Fevil.example', 'https://evil.example', 'https:evil.example',
  'javascript:alert(1)', '/\t/evil.example', '/\n/evil.example', '/x\r\nset-cookie: a=b', '/%0d%0aset-cookie:a=b', '/%00', '///evil.example', '/./\\evil.example', '/..//evil.example',
  '/a/../../b', '/%2e%2e/evil', '/x//evil.example', '@evil.example', '.evil.example', ' //evil.example', '/ü', '/auth/logout', '/AUTH/login/corp', '/auth', '/a?b=%0a', `/${'a'.repeat(1_000)}`,
]
const BEGINNINGS: readonly Attack[] = [
  ...REDIRECTS.map((next): Attack => [`a login that would lead to ${JSON.stringify(next).slice(0, 40)}`, /"next" is not a path of this gateway/, begin(`?next=${encodeURIComponent(next)}`)]),
  ['a login that leads to two places', /"next" is given twice/, begin('?next=/a&next=//evil.example')],
  ['a login with no such provider', /no[a-z]* logs in at the console with a provider of that name/, begin('', {}, '/auth/login/nothing')],
  ['a login begun in a frame', /opened as a page/, begin('', { headers: { 'sec-fetch-dest': 'iframe' } })],
  ['a login begun by an image', /opened as a page/, begin('', { headers: { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' } })],
  ['a login begun by a script', /opened as a page/, begin('', { headers: { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'cross-site' } })],
]

describe('attacks on logins at the console, each refused and on record', () => {
  let setup: ConsoleSetup
  let provider: LoginProvider
  before(async () => {
    setup = await setUpConsole()
    provider = await startLoginProvider([`${setup.url}/auth/callback/corp`, `${setup.url}/auth/callback/partner`], setup.url)
  })
  beforeEach(() => {
    setup.configure({ corp: { issuer: provider.url, secret: provider.clientSecret }, partner: { issuer: provider.url, secret: provider.clientSecret } })
    setup.clockOffsetMs = 0
    setup.logged.length = 0
    provider.person = { ...DANA }
  })
  after(async () => {
    await provider.close()
    await setup.close()
  })

  for (const [name, reason, run] of [...ANSWERS, ...BEGINNINGS]) {
    it(name, async () => {
      const scene = { setup, provider, victim: new Browser(), eve: new Browser() }
      const already = (await setup.events('login.refused')).length
      const page = await run(scene)
      await assertRefused(setup, page, reason, [scene.victim, scene.eve], already)
    })
  }

  it('of one answer sent twenty times at once, one is taken', async () => {
    const victim = new Browser()
    const answer = await setup.answerFor(victim)
    const cookie = `sallyport-login=${victim.cookie('sallyport-login')}`
    const pages = await Promise.all(Array.from({ length: 20 }, () => victim.go(answer, { cookie })))
    assert.equal(pages.filter(({ status }) => status === 302).length, 1)
  })
})
