import { generateKeyPair } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import samlp from 'samlp'
import { isPerson, PEOPLE } from './identity-provider.ts'
import { page, send } from './login-pages.ts'
import { makeSelfSignedCertificate } from './self-signed-certificate.ts'

export interface SamlProvider {
  /** Where it takes requests by HTTP redirect. */
  readonly signOn: string
  /** PEM, of the key that signs assertions. */
  readonly certificate: string
  /** The gateway's assertion consumer service: known later, and the only place that answers are sent to. */
  answerAt(acsUrl: string): void
  close(): Promise<void>
}

/** As demo/sallyport.yaml names it. */
const ENTITY_ID = 'urn:sallyport:demo'

/** Starts a SAML 2.0 identity provider on loopback, with a key of its own that is made anew at each start. */
export async function startSamlProvider(): Promise<SamlProvider> {
  const { cert, key } = makeSelfSignedCertificate(Date.now(), await promisify(generateKeyPair)('rsa', { modulusLength: 2_048 }))
  let acsUrl: string | undefined
  const server = createServer((request, response) => {
    const asked = new URL(request.url ?? '/', 'http://localhost').searchParams
    const person = asked.get('person') ?? ''
    if (acsUrl !== undefined && isPerson(person)) answer(request, response, { person, asked, acsUrl, cert, key })
    else askWho(response, asked)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the SAML provider has no TCP address')
  return {
    signOn: `http://127.0.0.1:${address.port}/`, certificate: cert,
    answerAt(url) {
      acsUrl = url
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** One button a person, as at the demo's OpenID provider. */
function askWho(response: ServerResponse, asked: URLSearchParams): void {
  const values = ['SAMLRequest', 'RelayState'].map((name) => [name, asked.get(name) ?? ''] as const)
  // The gateway sends base64; nothing else is put on the page.
  if (!values.every(([, value]) => /^[\w+/=-]+$/.test(value))) return fail(response)
  const fields = values.map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`)
  const buttons = Object.keys(PEOPLE).map((name) => `<p><button name="person" value="${name}">${name}</button></p>`)
  send(response, 200, page('Who are you?', `<p>This demo knows these people, and asks for no password.</p><form>${[...fields, ...buttons].join('')}</form>`))
}

interface Answer {
  readonly person: keyof typeof PEOPLE
  readonly asked: URLSearchParams
  readonly acsUrl: string
  readonly cert: string
  readonly key: string
}

/** A page that posts the signed assertion to the gateway. */
function answer(request: IncomingMessage, response: ServerResponse, { person, asked, acsUrl, cert, key }: Answer): void {
  const reply = samlp.auth({
    issuer: ENTITY_ID, cert, key, recipient: acsUrl, destination: acsUrl,
    getPostURL: (_audience, _request, _incoming, done) => done(null, acsUrl),
    profileMapper: () => ({
      getClaims: () => ({ preferred_username: person, ...PEOPLE[person] }),
      getNameIdentifier: () => ({ nameIdentifier: person }),
    }),
  })
  try {
    reply(
      Object.assign(request, { query: Object.fromEntries(asked), user: {} }),
      { set: () => undefined, send: (body) => (typeof body === 'string' ? send(response, 200, body) : fail(response)) },
      () => fail(response),
    )
  } catch {
    fail(response)
  }
}

function fail(response: ServerResponse): void {
  send(response, 400, page('That did not work', '<p>Begin anew at the gateway.</p>'))
}
