import { type GatewayList, type GatewayStatus, type IssuerList, type IssuerStatus, routes, type SamlCertificate } from '@sallyport/contract'
import type { Hono } from 'hono'
import type { GatewayState } from '../governance/gateway-state.ts'
import type { IssuerKeyState } from '../governance/issuer-key-state.ts'
import type { SamlCertificateState } from '../governance/saml-login.ts'
import type { ApiServices } from './api-services.ts'
import { callerOf } from './caller.ts'

const READERS = ['auditor', 'operator', 'administrator'] as const
/** A gateway tells of itself every 10 seconds; clocks of machines differ a little. */
const SILENT_AFTER_MS = 35_000

/** What the installation is made of: gateways that share the state, and those who vouch for identities. */
export function serveInstallation(api: Hono, services: ApiServices): void {
  api.get(routes.gateways, async (context) => {
    const caller = await callerOf(context, services)
    caller.require(...READERS)
    const known = await services.gateways.list()
    const gateways = known.map((one) => toGateway(one, services.gateways.self, Date.now()))
    return context.json({ gateways, policyVersion: services.policies.current.version } satisfies GatewayList)
  })

  api.get(routes.issuers, async (context) => {
    const caller = await callerOf(context, services)
    caller.require(...READERS)
    const { issuers, saml = [] } = services.policies.current.document
    const list: IssuerStatus[] = [
      ...issuers.map(({ name, issuer, audience, cli, console }): IssuerStatus => ({
        name, kind: 'oidc', issuer, audience, logins: [...(console === undefined ? [] : ['console' as const]), ...(cli === undefined ? [] : ['terminal' as const])],
        keys: toKeys(services.issuerKeys(issuer)), certificates: [],
      })),
      ...await Promise.all(saml.map(async ({ name, issuer, audience }): Promise<IssuerStatus> => ({
        name, kind: 'saml', issuer, audience, logins: ['console'], keys: null, certificates: (await services.samlLogin?.certificates(name) ?? []).map(toCertificate),
      }))),
    ]
    return context.json({ issuers: list } satisfies IssuerList)
  })
}

function toGateway({ id, host, version, policyVersion, startedAtMs, seenAtMs, stoppedAtMs, openSessions }: GatewayState, self: string, nowMs: number): GatewayStatus {
  return {
    id, host, version, policyVersion, startedAt: new Date(startedAtMs).toISOString(), seenAt: new Date(seenAtMs).toISOString(),
    state: stoppedAtMs !== undefined ? 'stopped' : nowMs - seenAtMs > SILENT_AFTER_MS ? 'silent' : 'running', openSessions, self: id === self,
  }
}

function toKeys(state: IssuerKeyState | undefined): IssuerStatus['keys'] {
  if (state === undefined) return { state: 'not-asked', fetchedAt: null, failure: null }
  const { fetchedAtMs, failure } = state
  return { state: failure === undefined ? 'reachable' : 'failing', fetchedAt: fetchedAtMs === undefined ? null : new Date(fetchedAtMs).toISOString(), failure: failure ?? null }
}

function toCertificate({ use, from, endsAtMs, failure }: SamlCertificateState): SamlCertificate {
  return { use, from, endsAt: endsAtMs === undefined ? null : new Date(endsAtMs).toISOString(), failure: failure ?? null }
}
