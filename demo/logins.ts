import { routes, TOKEN_EXCHANGE_GRANT, TokenExchangeResponse } from '@sallyport/contract'
import type { RunningDemo } from 'sallyport/demo-state'
import { z } from 'zod'
import { AGENTS, type IdentityProvider, PEOPLE, PERSON_GRANT } from './identity-provider.ts'

/** What a native client gives: the session token is the password. */
export interface Login {
  readonly user: string
  readonly password: string
  /** ISO 8601, UTC. */
  readonly expiresAt: string
}

const TIMEOUT_MS = 10_000

/** How each identity gets a token of its own, for clients that come later. */
export function identitiesOf(provider: IdentityProvider): RunningDemo['identities'] {
  const identities: RunningDemo['identities'] = {}
  for (const [name, client] of Object.entries(provider.agents)) identities[name] = { client, parameters: { grant_type: 'client_credentials' } }
  for (const person of Object.keys(PEOPLE)) identities[person] = { client: provider.people, parameters: { grant_type: PERSON_GRANT, person } }
  return identities
}

/** One short-lived login for every agent and person of the demo. */
export async function makeLogins(provider: IdentityProvider, api: string, targets: readonly string[]): Promise<Record<string, Login>> {
  const identities = identitiesOf(provider)
  const names = [...AGENTS, ...Object.keys(PEOPLE)]
  const logins = await Promise.all(names.map(async (name) => {
    const identity = identities[name]
    if (identity === undefined) throw new Error(`the provider does not know ${name}`)
    return [name, await makeLogin(provider.issuer, api, targets, name, identity)] as const
  }))
  return Object.fromEntries(logins)
}

async function makeLogin(
  issuer: string, api: string, targets: readonly string[], name: string, { client, parameters }: RunningDemo['identities'][string],
): Promise<Login> {
  const basic = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')
  const identity = await post(`${issuer}/token`, parameters, { authorization: `Basic ${basic}` })
  const { access_token: subjectToken } = z.object({ access_token: z.string() }).parse(identity)
  const session = TokenExchangeResponse.parse(await post(new URL(routes.token, api).href, {
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token: subjectToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    audience: targets,
    purpose: 'tries the demo',
  }))
  return { user: name, password: session.access_token, expiresAt: new Date(Date.now() + session.expires_in * 1_000).toISOString() }
}

async function post(url: string, form: Record<string, string | readonly string[]>, headers: Record<string, string> = {}): Promise<unknown> {
  const body = new URLSearchParams(Object.entries(form).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one])))
  const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(TIMEOUT_MS) })
  const answer: unknown = await response.json()
  if (!response.ok) throw new Error(`${new URL(url).pathname} answered ${response.status}: ${JSON.stringify(answer)}`)
  return answer
}
