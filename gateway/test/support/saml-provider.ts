import { createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import samlp from 'samlp'
import type { SamlKey } from './saml-keys.ts'

export interface SamlProviderOptions {
  readonly key: SamlKey
  /** The service provider's assertion consumer service; asked for at each login. */
  readonly acsUrl: () => string
  /** The service provider's certificate: requests must be signed with it. */
  readonly requestsSignedBy?: string
  /** Encrypts assertions for this certificate. */
  readonly encryptFor?: string
  readonly signResponse?: boolean
}

/** A SAML identity provider, samlp, on loopback. Whoever comes is logged in as its person at once. */
export interface SamlProvider {
  readonly entityId: string
  readonly signOn: string
  person: { readonly nameId: string; readonly attributes: Readonly<Record<string, unknown>> }
  close(): Promise<void>
}

export async function startSamlProvider(options: SamlProviderOptions): Promise<SamlProvider> {
  const entityId = 'https://idp.test/saml'
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://provider')
    const fail = (error: Error): void => void response.writeHead(400).end(error.message)
    try {
      const acsUrl = options.acsUrl()
      samlp.auth({
        issuer: entityId, cert: options.key.certificate, key: options.key.key, recipient: acsUrl, destination: acsUrl,
        signResponse: options.signResponse ?? false,
        getPostURL: (_audience, _request, _incoming, done) => done(null, acsUrl),
        profileMapper: () => ({ getClaims: () => provider.person.attributes, getNameIdentifier: () => ({ nameIdentifier: provider.person.nameId }) }),
        ...(options.requestsSignedBy === undefined ? {} : { signingCert: options.requestsSignedBy }),
        ...(options.encryptFor === undefined ? {} : {
          encryptionCert: options.encryptFor,
          encryptionPublicKey: createPublicKey(options.encryptFor).export({ type: 'spki', format: 'pem' }).toString(),
        }),
      })(
        Object.assign(request, { query: Object.fromEntries(url.searchParams), user: {} }),
        { set: (name, value) => void response.setHeader(name, value), send: (body) => void response.end(String(body)) },
        fail,
      )
    } catch (error) {
      fail(error as Error)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  const provider: SamlProvider = {
    entityId, signOn: `http://127.0.0.1:${address.port}/sso`,
    person: { nameId: 'dana@example.com', attributes: { email: 'dana@example.com', groups: ['dba', 'staff'] } },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return provider
}
