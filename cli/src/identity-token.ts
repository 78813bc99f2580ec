import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { readDemoState, type RunningDemo } from './demo-state.ts'
import { EXIT, Failure } from './failure.ts'
import { LoginStore } from './login/login-store.ts'
import { loginToken } from './login/login-token.ts'
import { fileWarning } from './login/login-warning.ts'

/** How the caller says who it is; see the global options. */
export interface IdentitySource {
  readonly as?: string
  readonly subjectTokenFile?: string
}

export const TOKEN_VARIABLE = 'SALLYPORT_IDENTITY_TOKEN'
const TIMEOUT_MS = 10_000

/** The demo that runs in this clone. @throws Failure when none does */
export async function runningDemo(): Promise<RunningDemo> {
  const state = await readDemoState()
  if (state?.ready === undefined) {
    throw new Failure('no demo is running in this clone', 'Start one with "npm run demo", and leave it running.')
  }
  return state.ready
}

/** Nothing else says who the caller is than a login of `sallyport login`. */
export function isByLogin(source: IdentitySource): boolean {
  return source.as === undefined && source.subjectTokenFile === undefined && tokenOfEnvironment() === ''
}

function tokenOfEnvironment(): string {
  return process.env[TOKEN_VARIABLE]?.trim() ?? ''
}

/**
 * A token of an identity provider that says who the caller is.
 * @param gateway origin of the gateway that it is for: a login is for one
 * @throws Failure when there is none
 */
export async function identityToken(source: IdentitySource, gateway: string): Promise<string> {
  if (isByLogin(source)) {
    const token = await loginToken(new LoginStore(), gateway, (kept) => process.stderr.write(fileWarning(kept)))
    return notEmpty(token ?? '', 'nothing says who you are')
  }
  if (source.as !== undefined) return demoToken(await runningDemo(), source.as)
  if (source.subjectTokenFile !== undefined) {
    const text = await readFile(source.subjectTokenFile, 'utf8').catch((error: unknown) => {
      throw new Failure(`the token file cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        'Give the path of a file that holds the identity token and nothing else.')
    })
    return notEmpty(text.trim(), 'the token file is empty')
  }
  return tokenOfEnvironment()
}

/**
 * Tells one holder from another on this machine, without asking anybody: a certificate that was got for one is not used by
 * the next. No secret, and nothing that could be used as one.
 */
export async function identityOf(source: IdentitySource & { readonly api?: string }): Promise<string> {
  if (source.as !== undefined) return `demo ${source.as}`
  const { logins } = isByLogin(source) ? await new LoginStore().list() : { logins: [] }
  if (isByLogin(source)) return JSON.stringify(logins.map(({ gateway, subject, loggedInAt }) => [gateway, subject, loggedInAt]))
  const token = source.subjectTokenFile === undefined ? tokenOfEnvironment() : await readFile(source.subjectTokenFile, 'utf8').catch(() => '')
  return createHash('sha256').update(token.trim()).digest('hex')
}

function notEmpty(token: string, words: string): string {
  if (token !== '') return token
  throw new Failure(words,
    `Run "sallyport login", set ${TOKEN_VARIABLE} to a token of your identity provider, give --subject-token-file, or --as NAME with the demo.`, EXIT.usage)
}

const TokenResponse = z.object({ access_token: z.string() })

/** Asks the demo's OpenID provider, as the identity itself would. */
async function demoToken(demo: RunningDemo, name: string): Promise<string> {
  const identity = demo.identities[name]
  if (identity === undefined) {
    throw new Failure(`the demo has no identity "${name}"`, `It has ${Object.keys(demo.identities).join(', ')}.`, EXIT.usage)
  }
  const { clientId, clientSecret } = identity.client
  const response = await fetch(`${demo.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams(identity.parameters),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new Failure(`the demo's identity provider does not answer: ${causeOf(error)}`, 'Stop the demo and start it again.')
  })
  const parsed = TokenResponse.safeParse(await response.json().catch(() => undefined))
  if (!parsed.success) throw new Failure(`the demo's identity provider gave no token (${response.status})`, 'Stop the demo and start it again.')
  return parsed.data.access_token
}

/** `fetch` itself only says that it failed. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message
}
