/** What the tests use of samlp, which has no types. */
declare module 'samlp' {
  import type { IncomingMessage } from 'node:http'

  export interface SamlpOptions {
    readonly issuer: string
    readonly cert: string
    readonly key: string
    readonly recipient: string
    readonly destination: string
    readonly signingCert?: string
    readonly signResponse?: boolean
    readonly encryptionCert?: string
    readonly encryptionPublicKey?: string
    readonly nameIdentifierFormat?: string
    readonly getPostURL: (audience: string, request: unknown, incoming: unknown, done: (error: Error | null, url: string) => void) => void
    readonly profileMapper: (user: unknown) => {
      readonly getClaims: () => Readonly<Record<string, unknown>>
      readonly getNameIdentifier: () => { readonly nameIdentifier: string }
    }
  }

  export interface ExpressLikeResponse {
    set(name: string, value: string): void
    send(body: string | number): void
  }

  type Handler = (
    request: IncomingMessage & { query: Readonly<Record<string, string>>; user: unknown }, response: ExpressLikeResponse, next: (error: Error) => void,
  ) => void

  const samlp: { auth(options: SamlpOptions): Handler }
  export default samlp
}
