import assert from 'node:assert/strict'
import { createHmac, createSecretKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { AuthenticationError } from '../governance/identity.ts'
import { type HandmadeIssuer, listenOnLoopback, type LoopbackServer, makeKey, publicJwk, startHandmadeIssuer } from '../../test/support/openid-servers.ts'
import { documentFor, type IdentitySetup, setUpIdentity } from '../../test/support/identity-setup.ts'
import { makeSessionToken } from './session-token.ts'

/** Everything here is a way to be let in without the right to it. Each must be refused, in words that hold no secret. */
interface Attacker {
  readonly issuer: HandmadeIssuer
  readonly setup: IdentitySetup
  /** A server of the attacker's own, with a key set of the attacker's own. */
  readonly evil: LoopbackServer
}

const evilKey = makeKey('ES256', 'evil')
const seconds = () => Math.floor(Date.now() / 1_000)

const attacks: Record<string, { forge: (attacker: Attacker) => Promise<string> | string; target?: string; says: RegExp }> = {
  'alg none': { forge: async ({ issuer }) => unsigned(await issuer.token(), { alg: 'none' }), says: /algorithm/ },
  'alg none with the signature left on': { forge: async ({ issuer }) => withHeader(await issuer.token(), { alg: 'none' }), says: /algorithm/ },
  'alg NONE': { forge: async ({ issuer }) => unsigned(await issuer.token(), { alg: 'NoNe' }), says: /algorithm/ },
  'no alg': { forge: async ({ issuer }) => withHeader(await issuer.token(), {}), says: /algorithm/ },
  'alg as an array': { forge: async ({ issuer }) => withHeader(await issuer.token(), { alg: ['ES256'] }), says: /algorithm/ },
  'HS256 keyed with the public key': { forge: async ({ issuer }) => hmac(await issuer.token(), { alg: 'HS256', kid: issuer.key.kid }, issuer.key.publicKey.export({ type: 'spki', format: 'pem' }).toString()), says: /algorithm/ },
  'HS256 keyed with the JWK': { forge: async ({ issuer }) => hmac(await issuer.token(), { alg: 'HS256' }, JSON.stringify(publicJwk(issuer.key))), says: /algorithm/ },
  'HS256 keyed with nothing': { forge: async ({ issuer }) => hmac(await issuer.token(), { alg: 'HS256' }, ''), says: /algorithm/ },
  'ES384': { forge: async ({ issuer }) => withHeader(await issuer.token(), { alg: 'ES384', kid: issuer.key.kid }), says: /algorithm/ },
  'RS256 named over a key for ES256': { forge: async ({ issuer }) => withHeader(await issuer.token(), { alg: 'RS256', kid: issuer.key.kid }), says: /key|verified/ },
  'a signature by another key under the right kid': { forge: ({ issuer }) => issuer.token({}, { kid: issuer.key.kid }, evilKey), says: /signature is wrong/ },
  'a key of the attacker by kid': { forge: ({ issuer }) => issuer.token({}, {}, evilKey), says: /names a key/ },
  'a kid with a path': { forge: ({ issuer }) => issuer.token({}, { kid: '../../../dev/null' }, evilKey), says: /names a key/ },
  'a kid with SQL': { forge: ({ issuer }) => issuer.token({}, { kid: "x' union select 'k" }, evilKey), says: /names a key/ },
  'a kid that is an object': { forge: ({ issuer }) => issuer.token({}, { kid: { evil: 1 } }, evilKey), says: /key|verified|signature/ },
  'jku': { forge: ({ issuer, evil }) => issuer.token({}, { jku: `${evil.url}/keys` }, evilKey), says: /names a key/ },
  'x5u': { forge: ({ issuer, evil }) => issuer.token({}, { x5u: `${evil.url}/cert` }, evilKey), says: /names a key/ },
  'jwk in the header': { forge: ({ issuer }) => issuer.token({}, { jwk: publicJwk(evilKey) }, evilKey), says: /names a key/ },
  'jku under the right kid': { forge: ({ issuer, evil }) => issuer.token({}, { kid: issuer.key.kid, jku: `${evil.url}/keys` }, evilKey), says: /signature is wrong/ },
  'an empty signature': { forge: async ({ issuer }) => `${(await issuer.token()).split('.').slice(0, 2).join('.')}.`, says: /no signature/ },
  'an ES256 signature of zeros': { forge: async ({ issuer }) => `${(await issuer.token()).split('.').slice(0, 2).join('.')}.${Buffer.alloc(64).toString('base64url')}`, says: /signature is wrong/ },
  'a DER signature': { forge: async ({ issuer }) => resigned(await issuer.token(), (data) => sign('sha256', data, { key: issuer.key.privateKey, dsaEncoding: 'der' })), says: /signature is wrong/ },
  'claims changed after signing': { forge: async ({ issuer }) => withClaims(await issuer.token(), { iss: issuer.url, aud: 'sallyport', sub: 'x', exp: seconds() + 600, azp: 'nightly', role: 'report' }), says: /signature is wrong/ },
  'another issuer': { forge: ({ issuer, evil }) => issuer.token({ iss: evil.url }), says: /issuer that is not configured/ },
  'an issuer with a slash more': { forge: ({ issuer }) => issuer.token({ iss: `${issuer.url}/` }), says: /issuer that is not configured/ },
  'an issuer in capitals': { forge: ({ issuer }) => issuer.token({ iss: issuer.url.toUpperCase() }), says: /issuer that is not configured/ },
  'an issuer with a user part': { forge: ({ issuer }) => issuer.token({ iss: issuer.url.replace('//', '//x@') }), says: /issuer that is not configured/ },
  'an array of issuers': { forge: ({ issuer }) => issuer.token({ iss: [issuer.url] as unknown as string }), says: /issuer that is not configured/ },
  'no issuer': { forge: ({ issuer }) => issuer.token({ iss: undefined } as never), says: /issuer that is not configured/ },
  'another audience': { forge: ({ issuer }) => issuer.token({ aud: 'billing' }), says: /another audience/ },
  'no audience': { forge: ({ issuer }) => issuer.token({ aud: undefined } as never), says: /another audience/ },
  'an audience that begins alike': { forge: ({ issuer }) => issuer.token({ aud: 'sallyport.evil' }), says: /another audience/ },
  'audiences in one string': { forge: ({ issuer }) => issuer.token({ aud: 'billing sallyport' }), says: /another audience/ },
  'an audience in capitals': { forge: ({ issuer }) => issuer.token({ aud: 'Sallyport' }), says: /another audience/ },
  'an array within the array of audiences': { forge: ({ issuer }) => issuer.token({ aud: [['sallyport']] as never }), says: /another audience/ },
  'something other among the audiences': { forge: ({ issuer }) => issuer.token({ aud: ['sallyport', { x: 1 }] as never }), says: /another audience/ },
  'an object as audience': { forge: ({ issuer }) => issuer.token({ aud: { sallyport: true } as never }), says: /another audience/ },
  'an empty array of audiences': { forge: ({ issuer }) => issuer.token({ aud: [] }), says: /another audience/ },
  'expired': { forge: ({ issuer }) => issuer.token({ exp: seconds() - 31 }), says: /has expired/ },
  'no expiry': { forge: ({ issuer }) => issuer.token({ exp: undefined } as never), says: /exp claim/ },
  'an expiry in words': { forge: ({ issuer }) => issuer.token({ exp: String(seconds() + 600) as never }), says: /exp claim/ },
  'an expiry of null': { forge: ({ issuer }) => issuer.token({ exp: null as never }), says: /exp claim/ },
  'an expiry without end': { forge: async ({ issuer }) => rawClaims(issuer, `"exp":1e400`), says: /exp claim|malformed/ },
  'an expiry beyond all dates': { forge: async ({ issuer }) => rawClaims(issuer, `"exp":1e18`), says: /exp claim/ },
  'not valid yet': { forge: ({ issuer }) => issuer.token({ nbf: seconds() + 90 }), says: /not valid yet/ },
  'a beginning in words': { forge: ({ issuer }) => issuer.token({ nbf: 'now' as never }), says: /not valid yet/ },
  'issued in the future': { forge: ({ issuer }) => issuer.token({ iat: seconds() + 3_600, exp: seconds() + 7_200 }), says: /not valid yet/ },
  'no subject': { forge: ({ issuer }) => issuer.token({ sub: undefined } as never), says: /sub claim/ },
  'an empty subject': { forge: ({ issuer }) => issuer.token({ sub: '' }), says: /sub claim/ },
  'a subject that is a number': { forge: ({ issuer }) => issuer.token({ sub: 7 as never }), says: /sub claim/ },
  'a logout token by its type': { forge: ({ issuer }) => issuer.token({}, { typ: 'logout+jwt' }), says: /another use/ },
  'a logout token by its claims': { forge: ({ issuer }) => issuer.token({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }, { typ: 'JWT' }), says: /notice of an event/ },
  'a DPoP proof': { forge: ({ issuer }) => issuer.token({}, { typ: 'dpop+jwt' }), says: /another use/ },
  'a client assertion': { forge: ({ issuer }) => issuer.token({}, { typ: 'client-authentication+jwt' }), says: /another use/ },
  'a type that is no text': { forge: ({ issuer }) => issuer.token({}, { typ: ['at+jwt'] }), says: /another use/ },
  'a token bound to a key, without the proof': { forge: ({ issuer }) => issuer.token({ cnf: { jkt: 'x' } }), says: /bound to a key/ },
  'an unknown critical header': { forge: async ({ issuer }) => resignedHeader(issuer, { crit: ['x'], x: 1 }), says: /extensions/ },
  'an unencoded payload': { forge: async ({ issuer }) => resignedHeader(issuer, { b64: false, crit: ['b64'] }), says: /extensions/ },
  'an encrypted token': { forge: async ({ issuer }) => `${await issuer.token()}.x.y`, says: /encrypted/ },
  'a huge token': { forge: ({ issuer }) => issuer.token({ filler: 'x'.repeat(20_000) }), says: /too long|longer than/ },
  'a token of a million dots': { forge: () => '.'.repeat(1_000_000), says: /too long/ },
  'claims given twice': { forge: ({ issuer }) => rawClaims(issuer, `"azp":"nightly"`), says: /given twice/ },
  'claims given twice, once in disguise': { forge: ({ issuer }) => rawClaims(issuer, `"a\\u007ap":"nightly"`), says: /given twice/ },
  'a header given twice': { forge: async ({ issuer }) => rawHeader(await issuer.token(), '{"alg":"none","alg":"ES256"}'), says: /given twice/ },
  'a claim named __proto__': { forge: ({ issuer }) => rawClaims(issuer, `"__proto__":{"preferred_username":"avery","groups":["admins"]}`), says: /reserved/ },
  'a header named __proto__': { forge: async ({ issuer }) => rawHeader(await issuer.token(), '{"__proto__":{"alg":"ES256"}}'), says: /reserved/ },
  'claims nested without end': { forge: ({ issuer }) => rawClaims(issuer, `"x":${'['.repeat(200)}${']'.repeat(200)}`), says: /too deeply/ },
  'claims that are no object': { forge: async ({ issuer }) => withClaims(await issuer.token(), []), says: /not a JSON object/ },
  'claims in base64 with padding': { forge: async ({ issuer }) => (await issuer.token()).replace(/^([^.]*)\.([^.]*)/, '$1.$2=='), says: /base64url/ },
  'claims not in UTF-8': { forge: async ({ issuer }) => (await issuer.token()).replace(/\.[^.]*\./, `.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.`), says: /UTF-8/ },
  'line ends within the token': { forge: async ({ issuer }) => (await issuer.token()).replace('.', '\n.'), says: /base64url/ },
  'another agent\'s client': { forge: ({ issuer }) => issuer.token({ azp: 'nightly', sub: 'nightly' }), says: /unregistered/ },
  'a client that is not registered': { forge: ({ issuer }) => issuer.token({ azp: 'rogue', sub: 'rogue' }), says: /unregistered/ },
  'a client whose name differs in case': { forge: ({ issuer }) => issuer.token({ azp: 'Support-Bot', sub: 'x' }), says: /unregistered/ },
  'a client whose name is an array': { forge: ({ issuer }) => issuer.token({ azp: ['support-bot'], sub: 'x' }), says: /unregistered/ },
  'a person claimed by a client for itself': { forge: ({ issuer }) => issuer.token({ azp: 'rogue', sub: 'rogue', preferred_username: 'avery' }), says: /unregistered/ },
  'a person claimed by a client that is named client_id': { forge: ({ issuer }) => issuer.token({ azp: undefined, client_id: 'rogue', sub: 'rogue', preferred_username: 'avery' }), says: /unregistered/ },
  'a person claimed by a client of Auth0': { forge: ({ issuer }) => issuer.token({ azp: 'rogue', sub: 'rogue@clients', gty: 'client-credentials', preferred_username: 'avery' }), says: /unregistered/ },
  'a person claimed by an application of Entra ID': { forge: ({ issuer }) => issuer.token({ azp: 'rogue', sub: 'u', idtyp: 'app', preferred_username: 'avery' }), says: /unregistered/ },
  'a service account of Keycloak': { forge: ({ issuer }) => issuer.token({ azp: 'rogue', sub: 'u', preferred_username: 'service-account-rogue' }), says: /unregistered/ },
  'a person claim that is an array': { forge: ({ issuer }) => issuer.token({ azp: 'c', sub: 'u', preferred_username: ['avery'] }), says: /unregistered/ },
  'an empty person claim': { forge: ({ issuer }) => issuer.token({ azp: 'c', sub: 'u', preferred_username: '' }), says: /unregistered/ },
  'a person\'s name with control characters': { forge: ({ issuer }) => issuer.token({ azp: 'c', sub: 'u', preferred_username: 'avery\n' }), says: /unregistered/ },
  ...Object.fromEntries(['da\u3164na', 'dana\u034f', 'dana\ufe0f', 'dana\u2800', 'dana\ud800', 'dana\ue000'].map((name) => [
    `a person's name with what nobody sees (${JSON.stringify(name)})`, { forge: ({ issuer }: Attacker) => issuer.token({ azp: 'c', sub: 'u', preferred_username: name }), says: /unregistered/ },
  ])),
  'a person with the name of an agent, written in another way': { forge: ({ issuer }) => issuer.token({ azp: 'c', sub: 'u', preferred_username: 'ｎightly-report' }), says: /name of a registered agent/ },
  'a person with the name of an agent': { forge: ({ issuer }) => issuer.token({ azp: 'c', sub: 'u', preferred_username: 'Nightly-Report' }), says: /name of a registered agent/ },
  'an unregistered agent acting for a person': { forge: ({ issuer }) => issuer.token({ azp: 'c', sub: 'u', preferred_username: 'dana', act: { sub: 'rogue' } }), says: /unregistered/ },
  'an agent of another issuer acting for a person': { forge: ({ issuer }) => issuer.token({ azp: 'c', sub: 'u', preferred_username: 'dana', act: { sub: 'a', azp: 'support-bot', iss: 'https://evil.example.com' } }), says: /another issuer/ },
  'an act claim that is a text': { forge: ({ issuer }) => issuer.token({ azp: 'c', sub: 'u', preferred_username: 'dana', act: 'support-bot' }), says: /act claim is malformed/ },
  'an act claim of null': { forge: ({ issuer }) => issuer.token({ azp: 'c', sub: 'u', preferred_username: 'dana', act: null }), says: /act claim is malformed/ },
  'an act claim without end': { forge: ({ issuer }) => issuer.token({ azp: 'c', sub: 'u', preferred_username: 'dana', act: nested(12) }), says: /act claim is malformed/ },
  'an agent for a target that is not its own': { forge: ({ issuer }) => issuer.token(), target: 'crm', says: /does not open that target/ },
  'nothing': { forge: () => '', says: /no token/ },
  'a password': { forge: () => 'hunter2', says: /not a token/ },
  'a session token that was never issued': { forge: () => makeSessionToken(), says: /not known/ },
  'a session token cut off': { forge: async (attacker) => (await issued(attacker)).slice(0, -1), says: /not whole/ },
  'a session token with one character changed': { forge: async (attacker) => flip(await issued(attacker), 20), says: /not whole/ },
  'a session token with more after it': { forge: async (attacker) => `${await issued(attacker)}.x`, says: /not whole/ },
  'a session token by its hash': { forge: async (attacker) => `slp_${(await issued(attacker)).length}`, says: /not whole/ },
  'a session token for another target': { forge: issued, target: 'crm', says: /does not open that target/ },
  'a session token after its revocation': {
    async forge(attacker) {
      const token = await issued(attacker)
      await attacker.setup.service.revoke((await attacker.setup.service.identify(token)).tokenId)
      return token
    },
    says: /revoked/,
  },
}

describe('attacks on tokens', () => {
  let attacker: Attacker
  before(async () => {
    const issuer = await startHandmadeIssuer()
    const evil = await listenOnLoopback((_request, response) => response.end(JSON.stringify({ keys: [publicJwk(evilKey)] })))
    attacker = { issuer, evil, setup: await setUpIdentity(issuer.url) }
  })
  after(async () => {
    await attacker.issuer.close()
    await attacker.evil.close()
    await attacker.setup.storage.close()
  })

  it('are told from the real thing: the token they all start from is let in', async () => {
    assert.equal((await attacker.setup.service.authenticate(await attacker.issuer.token(), 'shop')).identity.name, 'support-bot')
    assert.equal((await attacker.setup.service.authenticate(await rawClaims(attacker.issuer, '"x":1'), 'shop')).identity.name, 'support-bot')
    assert.equal((await attacker.setup.service.authenticate(await attacker.issuer.token({ aud: ['other', 'sallyport'] }), 'shop')).identity.name, 'support-bot')
  })

  for (const [name, { forge, target = 'shop', says }] of Object.entries(attacks)) {
    it(`refuses ${name}`, async () => {
      const token = await forge(attacker)
      const error = await attacker.setup.service.authenticate(token, target).then(() => assert.fail('it was let in'), (reason: unknown) => reason)
      assert.ok(error instanceof AuthenticationError, String(error))
      assert.match(error.message, says)
      assertHoldsNothingOf(token, `${error.message} ${error.hint} ${error.stack} ${JSON.stringify(error)}`)
    })
  }

  it('never make the gateway ask a server that a token names', () => assert.deepEqual(attacker.evil.requests, []))

  it('never make the gateway ask the issuer for its keys again and again', () => {
    assert.ok(attacker.issuer.requests.length <= 4, attacker.issuer.requests.join('\n'))
  })

  it('of random bytes and of random changes to a good token never get in, and never fail otherwise than by refusal', async () => {
    const good = await attacker.issuer.token()
    const changed = fc.tuple(fc.nat(good.length - 1), fc.string({ maxLength: 3 }), fc.nat(3))
      .map(([at, insert, remove]) => good.slice(0, at) + insert + good.slice(at + remove))
      .filter((text) => text !== good)
    await fc.assert(fc.asyncProperty(fc.oneof(fc.string(), fc.string().map((text) => `slp_${text}`), changed), async (text) => {
      // A signature's last character has unused bits; another spelling of them is the same signature.
      fc.pre(Buffer.from(text.split('.')[2] ?? '', 'base64url').compare(Buffer.from(good.split('.')[2] ?? '', 'base64url')) !== 0 || text.split('.').length !== 3 || text.slice(0, text.lastIndexOf('.')) !== good.slice(0, good.lastIndexOf('.')))
      await assert.rejects(attacker.setup.service.authenticate(text, 'shop'), AuthenticationError)
    }), { numRuns: 500 })
  })

  it('cannot use a token of an issuer for an agent of another', async () => {
    const other = await startHandmadeIssuer('EdDSA')
    const document = documentFor(attacker.issuer.url)
    const second = { name: 'second', issuer: other.url, audience: 'sallyport', groups: 'groups', person: 'preferred_username' }
    attacker.setup.policy.document = { ...document, issuers: [...document.issuers, second] }
    try {
      await assert.rejects(attacker.setup.service.authenticate(await other.token(), 'shop'), /unregistered/)
      // Signed by the second issuer's key, claiming to be of the first.
      await assert.rejects(attacker.setup.service.authenticate(await other.token({ iss: attacker.issuer.url }), 'shop'), /names a key/)
    } finally {
      attacker.setup.policy.document = document
      await other.close()
    }
  })
})

async function issued({ issuer, setup }: Attacker): Promise<string> {
  const exchanged = await setup.service.exchange({
    subjectToken: await issuer.token({ azp: 'c', sub: 'u', preferred_username: 'dana' }),
    subjectTokenType: 'urn:ietf:params:oauth:token-type:access_token', targets: ['shop'],
  })
  return exchanged.token
}

/** No run of 16 characters of a token's parts, which no ordinary words share with it. */
function assertHoldsNothingOf(token: string, words: string): void {
  for (const part of token.split('.').slice(0, 5)) {
    for (let at = 0; at + 16 <= Math.min(part.length, 2_000); at += 4) assert.ok(!words.includes(part.slice(at, at + 16)), 'the words hold a part of the token')
  }
}

function flip(token: string, at: number): string {
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
}

function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

function rawHeader(token: string, header: string): string {
  return [encode(header), ...token.split('.').slice(1)].join('.')
}

function withHeader(token: string, header: object): string {
  return rawHeader(token, JSON.stringify(header))
}

function unsigned(token: string, header: object): string {
  return `${withHeader(token, header).split('.').slice(0, 2).join('.')}.`
}

function hmac(token: string, header: object, secret: string): string {
  const signed = withHeader(token, header).split('.').slice(0, 2).join('.')
  const key: KeyObject | string = secret === '' ? '' : createSecretKey(secret, 'utf8')
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}

function withClaims(token: string, claims: object): string {
  const [header, , signature] = token.split('.')
  return `${header}.${encode(claims)}.${signature}`
}

function resigned(token: string, signature: (data: Buffer) => Buffer): string {
  const signed = token.split('.').slice(0, 2).join('.')
  return `${signed}.${signature(Buffer.from(signed)).toString('base64url')}`
}

function signedBy(issuer: HandmadeIssuer, header: string, payload: string): string {
  return resigned(`${encode(header)}.${encode(payload)}.`, (data) => sign('sha256', data, { key: issuer.key.privateKey, dsaEncoding: 'ieee-p1363' }))
}

/** A rightly signed token whose claims are text as given, after those of an ordinary one. */
async function rawClaims(issuer: HandmadeIssuer, more: string): Promise<string> {
  const [header, payload] = (await issuer.token()).split('.').map((part) => Buffer.from(part, 'base64url').toString())
  const claims = more.startsWith('"exp"') ? (payload ?? '').replace(/"exp":\d+,?/, '').replace(/,}$/, '}') : payload
  return signedBy(issuer, header ?? '', `${claims?.slice(0, -1)},${more}}`)
}

async function resignedHeader(issuer: HandmadeIssuer, more: object): Promise<string> {
  const [header, payload] = (await issuer.token()).split('.').map((part) => Buffer.from(part, 'base64url').toString())
  return signedBy(issuer, JSON.stringify({ ...(JSON.parse(header ?? '{}') as object), ...more }), payload ?? '')
}

function nested(depth: number): object {
  return depth === 0 ? { sub: 'x' } : { sub: 'x', azp: 'support-bot', act: nested(depth - 1) }
}

describe('keys that an issuer should not have', () => {
  for (const [name, keys] of Object.entries({
    'a symmetric key': () => [{ kty: 'oct', k: Buffer.alloc(32).toString('base64url'), kid: 'k', alg: 'HS256' }],
    'an RSA key of 1,024 bits': () => [{ ...generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' }), kid: 'k' }],
    'a key for encryption': () => [{ ...publicJwk(makeKey('ES256')), use: 'enc' }],
    'a curve of its own': () => [{ ...generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'jwk' }), kid: 'k' }],
    'no key': () => [],
    'something that is no key': () => [null, 7, 'x', []],
    'more keys than any issuer has': () => Array.from({ length: 101 }, () => ({ kty: 'oct' })),
  })) {
    it(`are not used: ${name}`, async () => {
      const issuer = await startHandmadeIssuer()
      const { service, storage } = await setUpIdentity(issuer.url)
      issuer.answers.keys = { keys: keys() }
      await assert.rejects(service.authenticate(await issuer.token(), 'shop'), /the keys of issuer "corp" cannot be had: its key set/)
      await issuer.close()
      await storage.close()
    })
  }
})
