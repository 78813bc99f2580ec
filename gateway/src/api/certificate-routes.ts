import { SshCertificateRequest, type SshAuthorities, type SshCertificate } from '@sallyport/contract'
import type { Context } from 'hono'
import { type Certification, UnusableKey } from '../governance/certificates/certificate-writer.ts'
import { encodeCertificateIssued, encodeTokenIssued } from '../governance/recording/token-issued.ts'
import { TokenExchangeError } from '../governance/token-exchange.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices, ProtocolListener } from './api-services.ts'
import { type Caller, callerOf, tokenOf } from './caller.ts'
import { recordEvent } from './record-event.ts'

const PROTOCOL = 'ssh'
const SSH_PORT = 22
/** However long its session token lasts. */
const LONGEST_MS = 15 * 60_000
/** The clock of the gateway that checks it may be behind this one's. */
const EARLIER_MS = 60_000

/** For everybody: whom to trust, before there is anything to trust with. */
export function showSshAuthorities(context: Context, services: ApiServices): Response {
  const { certificates, listener } = sshOf(services)
  const { hostKey, host, target } = certificates.publicKeys()
  const names = listener.names.map((name) => (listener.port === SSH_PORT ? name : `[${name}]:${listener.port}`))
  return context.json({ hostAuthority: host, hostKey, knownHosts: `@cert-authority ${names.join(',')} ${host}`, targetAuthority: target } satisfies SshAuthorities)
}

/** Token and certificate are on record before either can be used. */
export async function issueSshCertificate(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  const read = SshCertificateRequest.safeParse(await context.req.json().catch(() => undefined))
  if (!read.success) throw new ApiFailure('invalid-request', 'this asks for no certificate', 'Send {"publicKey": "ssh-ed25519 …", "targets": [which]}, and "purpose" if you like.')
  const { certificates } = sshOf(services)
  const fingerprint = fingerprintOf(certificates, read.data.publicKey)
  const token = await tokenFor(context, caller, read.data, services)
  const nowMs = Date.now()
  const expiresAtMs = Math.min(token.expiresAtMs, nowMs + LONGEST_MS)
  const { tokenId, targets } = token
  const certificate = certificates.writeLogin({ publicKey: read.data.publicKey, tokenId, targets, notBeforeMs: nowMs - EARLIER_MS, notAfterMs: expiresAtMs })
  const issued = { identity: caller.identity, tokenId, protocol: PROTOCOL, targets, fingerprint, expiresAtMs }
  await recordEvent(services.ledger, encodeCertificateIssued(issued, nowMs))
  services.log.info({ identity: caller.identity.name, token: tokenId, fingerprint }, 'a certificate was issued')
  return context.json({ certificate, tokenId, targets: [...targets], expiresAt: new Date(expiresAtMs).toISOString() } satisfies SshCertificate, 201)
}

interface TokenFacts {
  readonly tokenId: string
  readonly targets: readonly string[]
  readonly expiresAtMs: number
}

/** The caller's session token, or one that is made for the certificate: its secret goes nowhere. @throws ApiFailure */
async function tokenFor(context: Context, caller: Caller, request: SshCertificateRequest, services: ApiServices): Promise<TokenFacts> {
  const targets = [...new Set(request.targets)]
  const known = services.policies.current.document.targets.filter(({ protocol }) => protocol === PROTOCOL)
  if (!targets.every((target) => caller.mayOpen(target) && known.some(({ name }) => name === target))) {
    throw new ApiFailure('not-found', 'a named target does not exist, is none of SSH, or may not be opened by you', 'GET /api/v1/targets lists what you may open.')
  }
  if (caller.credential === 'web-session') throw new ApiFailure('forbidden', 'a certificate is given for a token, not for the cookie of a session', 'Send Authorization: Bearer with a token.')
  if (caller.credential === 'session-token') {
    if (request.purpose !== undefined || request.singleUse !== undefined) {
      throw new ApiFailure('invalid-request', 'purpose and single use were settled with the session token', 'Leave them out, or send an identity token.')
    }
    return { tokenId: caller.tokenId, targets, expiresAtMs: caller.expiresAtMs }
  }
  try {
    const issued = await services.tokenExchange.exchange({
      subjectToken: tokenOf(context) ?? '', subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt', targets,
      ...(request.purpose === undefined ? {} : { purpose: request.purpose }), singleUse: request.singleUse === true,
    })
    await recordEvent(services.ledger, encodeTokenIssued(issued, Date.now())).catch(async (error: unknown) => {
      await services.revoke(issued.tokenId)
      throw error
    })
    return issued
  } catch (error) {
    if (!(error instanceof TokenExchangeError)) throw error
    throw new ApiFailure(error.code === 'temporarily_unavailable' ? 'unavailable' : error.code === 'invalid_target' ? 'not-found' : 'unauthenticated', error.message, error.hint)
  }
}

function fingerprintOf(certificates: Certification, publicKey: string): string {
  try {
    return certificates.fingerprint(publicKey)
  } catch (error) {
    if (!(error instanceof UnusableKey)) throw error
    throw new ApiFailure('invalid-request', error.message, 'Send a key that `ssh-keygen -t ed25519` makes: the line in its .pub file.')
  }
}

function sshOf(services: ApiServices): { readonly certificates: Certification; readonly listener: ProtocolListener } {
  const certificates = services.certification(PROTOCOL)
  const listener = services.listeners().find(({ protocol }) => protocol === PROTOCOL)
  if (certificates === undefined || listener === undefined) throw new ApiFailure('not-found', 'SSH is not spoken here', 'Ask an operator, or use another gateway.')
  return { certificates, listener }
}
