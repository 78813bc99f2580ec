import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { Browser, type Page } from './browser.ts'
import { startPostgres } from './postgres.ts'
import { type AnswerFields, answerFields } from './saml-forge.ts'
import { makeSamlKey, type SamlKey } from './saml-keys.ts'
import { type SamlProvider, startSamlProvider } from './saml-provider.ts'
import { startTwoGateways, type TwoGateways } from './two-gateways.ts'

/** Under which browsers reach both gateways; tests go to one or the other. */
export const ORIGIN = 'https://sallyport.test'
export const AUDIENCE = 'https://sallyport.test/saml'

export interface BegunSamlLogin {
  readonly browser: Browser
  readonly relayState: string
  /** Where the browser was sent. */
  readonly location: string
  readonly request: string
  /** What a true answer says. */
  readonly fields: AnswerFields
}

/** Two gateways with one state, and providers: `corp` wants signed requests and encrypts; `plain` does neither; `other` is another's. */
export interface SamlSetup {
  readonly gateways: TwoGateways
  readonly keys: Readonly<Record<'provider' | 'next' | 'stranger' | 'own', SamlKey>>
  readonly corp: SamlProvider
  readonly plain: SamlProvider
  begin(provider?: string, browser?: Browser, next?: string): Promise<BegunSamlLogin>
  /** The form that the provider's page sends by itself. */
  post(browser: Browser, form: Readonly<Record<string, string>> | string, to?: { gateway?: 'one' | 'two'; provider?: string; cookie?: string | null }): Promise<Page>
  /** Logs in with the real provider. @returns the page that ends it */
  logIn(browser: Browser, provider?: 'corp' | 'plain', next?: string): Promise<Page>
  session(browser: Browser, gateway?: 'one' | 'two'): Promise<Page>
  close(): Promise<void>
}

export async function setUpSaml(): Promise<SamlSetup> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-saml-journey-'))
  const server = await startPostgres()
  const [provider, next, stranger, own] = await Promise.all([makeSamlKey(), makeSamlKey(), makeSamlKey(), makeSamlKey()])
  writeFileSync(join(folder, 'own.key'), own.key, { mode: 0o600 })
  const acsUrl = (name: string) => `${ORIGIN}/auth/saml/${name}/acs`
  const corp = await startSamlProvider({ key: provider, acsUrl: () => acsUrl('corp'), requestsSignedBy: own.certificate, encryptFor: own.certificate })
  const plain = await startSamlProvider({ key: next, acsUrl: () => acsUrl('plain'), signResponse: true })
  const entry = (name: string, { entityId, signOn }: SamlProvider, certificates: readonly string[]) =>
    `  - { name: ${name}, issuer: '${entityId}', signOn: '${signOn}', audience: '${AUDIENCE}', certificates: ${JSON.stringify(certificates)}`
  const gateways = await startTwoGateways(server, {
    targets: [{ port: server.port, database: 'postgres', user: server.superuser, password: server.password }],
    tls: false,
    policy: `
masks: []
rules:
  - { name: everything, then: allow }
roles: { administrator: [admins], reviewer: [dba] }
saml:
${entry('corp', corp, [provider.certificate, next.certificate])}, own: { key: 'file:${join(folder, 'own.key')}', certificate: ${JSON.stringify(own.certificate)} }, claims: [department] }
${entry('plain', plain, [next.certificate])} }
${entry('other', plain, [stranger.certificate])} }
`,
  }, `console: { url: '${ORIGIN}' }`)
  const setup: SamlSetup = {
    gateways, corp, plain, keys: { provider, next, stranger, own },
    async begin(name = 'corp', browser = new Browser(), path = '/reviews') {
      const page = await browser.go(`${gateways.one.apiUrl}/auth/saml/${name}/login?next=${encodeURIComponent(path)}`)
      assert.equal(page.status, 302, page.body)
      const location = page.headers.location ?? ''
      const { searchParams } = new URL(location)
      const request = inflateRawSync(Buffer.from(searchParams.get('SAMLRequest') ?? '', 'base64')).toString()
      const [, requestId = ''] = / ID="([^"]+)"/.exec(request) ?? []
      const fields = answerFields({ entityId: corp.entityId, audience: AUDIENCE, acsUrl: acsUrl(name), requestId })
      return { browser, location, request, relayState: searchParams.get('RelayState') ?? '', fields }
    },
    post(browser, form, { gateway = 'one', provider: name = 'corp', cookie } = {}) {
      return browser.go(`${gateways[gateway].apiUrl}/auth/saml/${name}/acs`, {
        method: 'POST', body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site', origin: 'https://idp.test' },
        ...(cookie === undefined ? {} : { cookie }),
      })
    },
    async logIn(browser, name = 'corp', path) {
      const { location } = await setup.begin(name, browser, path)
      const page = await browser.go(location, { cookie: null })
      assert.equal(page.status, 200, page.body)
      const fields = [...page.body.matchAll(/<input type="hidden"\s+name="([^"]+)"\s+value="([^"]*)"/g)].map(([, field = '', value = '']) => [field, value] as const)
      assert.equal(/action="([^"]+)"/.exec(page.body)?.[1], acsUrl(name))
      return setup.post(browser, Object.fromEntries(fields), { provider: name })
    },
    session: (browser, gateway = 'one') => browser.ask(`${gateways[gateway].apiUrl}/auth/session`),
    async close() {
      await gateways.stop()
      await Promise.all([corp.close(), plain.close()])
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return setup
}
