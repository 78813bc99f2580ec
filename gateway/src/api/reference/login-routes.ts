import { ISSUED_TOKEN_TYPE, TOKEN_EXCHANGE_GRANT } from '@sallyport/contract'
import { form, json, type RouteGroup, text } from './described-route.ts'
import { at, later } from './examples.ts'

const ANYBODY = 'anybody'
const WATCH = 'auditor, operator, administrator'
const BROWSER = 'a browser'
const POLICY = 'reviewer, auditor, operator, administrator'
const NEXT = { next: 'a path of this gateway, where the login leads' }

export const loginGroup: RouteGroup = {
  name: 'Logins', about: 'Tokens for programs, certificates for SSH, and sessions of people at the console.',
  routes: [
    { method: 'post', path: '/oauth/token', id: 'exchangeToken', summary: 'A session token for an identity token (RFC 8693)', who: 'holder of an identity token', open: true, body: form('TokenExchangeRequest', { grant_type: TOKEN_EXCHANGE_GRANT, subject_token: 'eyJhbGciOi…', subject_token_type: 'urn:ietf:params:oauth:token-type:jwt', audience: ['shop'], purpose: 'answers ticket 4711' }), answer: json('TokenExchangeResponse', { access_token: 'slp_…', issued_token_type: ISSUED_TOKEN_TYPE, token_type: 'Bearer', expires_in: 600 }) },
    { method: 'post', path: '/oauth/revoke', id: 'revokeHeldToken', summary: 'Ends a session token and its sessions (RFC 7009)', who: 'holder of a session token', open: true, body: form('RevocationRequest', { token: 'slp_…' }) },
    { method: 'post', path: '/api/v1/tokens/{id}/revoke', id: 'revokeToken', summary: 'Makes a token unusable, with all that were exchanged for it', who: 'operator, administrator', answer: json('TokenRevocation', { id: 'tk_5', derived: ['tk_6'] }) },
    { method: 'get', path: '/api/v1/login', id: 'offerLogin', summary: 'Where people may log in with the CLI', who: ANYBODY, open: true, answer: json('LoginOffer', { issuers: [{ name: 'corp', issuer: 'https://login.example.com', audience: 'sallyport', clientId: 'sallyport-cli', scopes: ['openid'], verificationHosts: [] }] }) },
    { method: 'get', path: '/api/v1/whoami', id: 'whoAmI', summary: 'Who the caller is under the policy in force', who: 'everybody', answer: json('WhoAmI', { name: 'dana', kind: 'person', issuer: 'corp', subject: 'u-17', groups: ['dba'], actors: [], roles: ['reviewer'], credential: 'identity-token', tokenId: 'tk_4', expiresAt: later }) },
    { method: 'get', path: '/api/v1/ssh/authorities', id: 'sshAuthorities', summary: 'Whom clients and targets of SSH trust', who: ANYBODY, open: true, answer: json('SshAuthorities', { hostAuthority: 'ssh-ed25519 AAAA…', knownHosts: '@cert-authority gateway.example.com ssh-ed25519 AAAA…', hostKey: 'ssh-ed25519 AAAA…', targetAuthority: 'ssh-ed25519 AAAA…' }) },
    { method: 'post', path: '/api/v1/ssh/certificates', id: 'issueSshCertificate', summary: 'An OpenSSH certificate over a public key', who: 'holder of an identity token or a session token', body: json('SshCertificateRequest', { publicKey: 'ssh-ed25519 AAAA… dana', targets: ['web-1'] }), status: 201, answer: json('SshCertificate', { certificate: 'ssh-ed25519-cert-v01@openssh.com AAAA…', tokenId: 'tk_7', targets: ['web-1'], expiresAt: later }) },
    { method: 'get', path: '/auth/providers', id: 'listProviders', summary: 'Where people can log in at the console', who: ANYBODY, open: true, answer: json('LoginProviders', { providers: [{ name: 'corp', kind: 'oidc', login: '/auth/login/corp' }] }) },
    { method: 'get', path: '/auth/login/{issuer}', id: 'beginLogin', summary: 'To an OpenID Connect issuer, and back', who: BROWSER, open: true, parameters: NEXT, status: 302 },
    { method: 'get', path: '/auth/callback/{issuer}', id: 'finishLogin', summary: 'The issuer\'s answer: a session\'s cookie', who: BROWSER, open: true, parameters: { code: 'of the issuer', state: 'as it was given' }, status: 302 },
    { method: 'post', path: '/auth/callback/{issuer}', id: 'refuseForm', summary: 'Always refused: no form was asked for', who: 'nobody', open: true, status: 400 },
    { method: 'get', path: '/auth/saml/{name}/login', id: 'beginSamlLogin', summary: 'To a SAML provider, and back', who: BROWSER, open: true, parameters: NEXT, status: 302 },
    { method: 'post', path: '/auth/saml/{name}/acs', id: 'finishSamlLogin', summary: 'The provider\'s answer: a session\'s cookie', who: 'a browser, from the provider\'s page', open: true, body: text('application/x-www-form-urlencoded', 'SAMLResponse=…&RelayState=…'), status: 303 },
    { method: 'get', path: '/auth/saml/{name}/metadata', id: 'samlMetadata', summary: 'Our SAML metadata, for the provider', who: ANYBODY, open: true, answer: { kind: 'bytes', type: 'application/samlmetadata+xml' } },
    { method: 'get', path: '/auth/session', id: 'showWebSession', summary: 'Who is logged in at the console', who: 'whoever is logged in there', answer: json('WebSession', { name: 'dana', issuer: 'corp', groups: ['dba'], roles: ['reviewer'], csrf: 'b64…', idleEndsAt: later, endsAt: later }) },
    { method: 'post', path: '/auth/logout', id: 'logOut', summary: 'Ends that session', who: 'whoever is logged in there', answer: json('LoggedOut', { location: null }) },
  ],
}

export const serviceGroup: RouteGroup = {
  name: 'Service', about: 'This gateway itself.',
  routes: [
    { method: 'get', path: '/healthz', id: 'health', summary: 'That it answers', who: ANYBODY, open: true, answer: json('Health', { status: 'ok' }) },
    { method: 'get', path: '/api/v1/version', id: 'version', summary: 'Name and version', who: ANYBODY, open: true, answer: json('Version', { name: 'sallyport', version: '0.1.0' }) },
    { method: 'get', path: '/api/v1/gateways', id: 'listGateways', summary: 'Gateways that share the state, and when each was last heard of', who: WATCH, answer: json('GatewayList', { policyVersion: 7, gateways: [{ id: '5b3e1c7a-8d20-4f6b-9a11-2c3d4e5f6071', host: 'gateway-1', version: '0.1.0', policyVersion: 7, startedAt: at, seenAt: later, state: 'running', openSessions: 3, self: true }] }) },
    { method: 'get', path: '/api/v1/issuers', id: 'listIssuers', summary: 'Who vouches for identities, whether this gateway has their keys, and when their certificates end', who: WATCH, answer: json('IssuerList', { issuers: [{ name: 'corp', kind: 'oidc', issuer: 'https://login.example.com', audience: 'sallyport', logins: ['console', 'terminal'], keys: { state: 'reachable', fetchedAt: at, failure: null }, certificates: [] }, { name: 'sso', kind: 'saml', issuer: 'https://idp.example.com', audience: 'https://sallyport.example.com', logins: ['console'], keys: null, certificates: [{ use: 'provider', from: 'file:/etc/sallyport/idp.crt', endsAt: '2027-03-31T00:00:00.000Z', failure: null }] }] }) },
    { method: 'get', path: '/api/v1/openapi.json', id: 'openApiDocument', summary: 'This document', who: ANYBODY, open: true, answer: { kind: 'bytes', type: 'application/json' } },
    { method: 'get', path: '/api/v1/policy', id: 'showPolicy', summary: 'The policy in force, as it was written', who: POLICY, answer: json('PolicyVersion', { version: 7, appliedAt: at, appliedBy: 'avery', text: 'version: 1\n' }) },
    { method: 'post', path: '/api/v1/policy', id: 'applyPolicy', summary: 'Puts a document in force; a wrong one changes nothing and is answered with its problems', who: 'administrator', body: text('application/yaml', 'version: 1\n'), answer: json('PolicyApplied', { version: 8, changed: true }) },
    { method: 'get', path: '/api/v1/policy/schema', id: 'showPolicySchema', summary: 'The document as JSON Schema, for editors', who: POLICY, answer: json('PolicySchema', { type: 'object', properties: { version: { type: 'number', const: 1 } } }) },
    { method: 'post', path: '/api/v1/policy/masks/preview', id: 'previewMasks', summary: 'What masks make of values that are sent; nothing of them is kept', who: POLICY, body: json('MaskPreviewRequest', { samples: ['dana@example.com'] }), answer: json('MaskPreviewList', { masks: [{ name: 'personal', method: 'redact', keep: null, columns: ['customers.email'], finds: null, targets: null, unless: null, masked: ['[redacted]'] }] }) },
    { method: 'post', path: '/api/v1/policy/check', id: 'checkPolicy', summary: 'What would keep a document from coming into force; nothing is applied', who: 'administrator', body: text('application/yaml', 'version: 1\nrulez: []\n'), answer: json('PolicyCheck', { problems: [{ line: 2, column: 1, message: 'unknown key "rulez"' }] }) },
    { method: 'get', path: '/api/v1/policy/versions', id: 'listPolicyVersions', summary: 'Every version that was applied, the newest first', who: POLICY, query: 'PolicyVersionQuery', answer: json('PolicyVersionList', { versions: [{ version: 7, appliedAt: at, appliedBy: 'avery' }], next: null }) },
    { method: 'get', path: '/api/v1/policy/versions/{version}', id: 'showPolicyVersion', summary: 'One version, as it was written', who: POLICY, answer: json('PolicyVersion', { version: 6, appliedAt: at, appliedBy: 'file', text: 'version: 1\n' }) },
  ],
}
