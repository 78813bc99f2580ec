/**
 * Paths of the control API. Every path under `/api/v1` but `version`, `openapi.json`, `login` and `ssh/authorities` wants `Authorization: Bearer <token>`:
 * an identity token of a configured issuer, or a session token.
 *
 * | request | who | answer |
 * | --- | --- | --- |
 * | POST token | holder of an identity token (form-encoded, RFC 8693) | TokenExchangeResponse, else OAuthError |
 * | GET login | anybody, without a token | LoginOffer: where a person may log in with the CLI |
 * | GET whoami | everybody | WhoAmI |
 * | POST revocation | holder of a session token (form-encoded, RFC 7009) | 200, else OAuthError |
 * | GET sshAuthorities | anybody, without a token | SshAuthorities |
 * | POST sshCertificates | holder of an identity token or a session token; SshCertificateRequest | SshCertificate, 201 |
 * | GET targets | everybody | TargetList: what the caller may open |
 * | GET targetUse | auditor, operator, administrator | TargetUseList |
 * | GET targetCatalogs | everybody | TargetCatalogList: of what the caller may open |
 * | GET protocols | administrator | ProtocolList |
 * | POST targets | administrator; TargetRequest | TargetChange, 201; 200 with `dryRun`; 409 when another version is the newest |
 * | POST targetTest | administrator, operator for a target that is in the document; TargetTestRequest | TargetTest |
 * | GET sessions?limit&after | everybody their own; auditor, operator, administrator all | SessionList |
 * | GET search?q&limit&after | as above | SearchAnswer |
 * | GET session(id) | as above | SessionDetail |
 * | GET sessionOperations(id)?limit&after | as above | OperationList |
 * | GET sessionReplay(id) | as above | newline-delimited JSON, each line a ReplayLine |
 * | GET sessionEvents(id) | as above | the same, as it happens; empty lines while nothing does. With `Accept: text/event-stream` server-sent events |
 * | GET sessionExport(id)?format&operation | as above | asciicast v3, CSV, JSON lines or OCSF as JSON lines |
 * | DELETE session(id) | operator, administrator | 204 when it is ended; 202 when its gateway has not confirmed that yet |
 * | POST tokenRevocation(id) | operator, administrator | TokenRevocation |
 * | GET locks | auditor, operator, administrator | LockList |
 * | POST locks, DELETE lock(kind, name)?reason | operator, administrator; LockRequest | Lock, 201 when it is new; 204 |
 * | GET sessionOriginals(id) | auditor | JSON lines of SealedOriginals |
 * | GET agents?unused&expiring&orphaned&ownerUnseen | auditor, operator, administrator all; a person those that they own | AgentList |
 * | GET agent(name) | as above | Agent |
 * | POST agents | administrator; AgentRequest | AgentChange, 201; 409 when another version is the newest |
 * | DELETE agent(name)?policyVersion | administrator | AgentChange |
 * | POST agentPrune | administrator; PruneRequest | AgentChange |
 * | GET campaigns | auditor, operator, administrator all; a person those with agents that they own or may decide on | CampaignList |
 * | POST campaigns | auditor, administrator, with an identity token; CampaignRequest | Campaign, 201 |
 * | GET campaign(id) | who may see it in the list | Campaign |
 * | POST campaignDecisions(id) | who may decide, with an identity token; CampaignDecision | Campaign |
 * | POST campaignClosing(id) | auditor, administrator, with an identity token; CampaignClosing | Campaign |
 * | POST campaignApplication(id) | administrator, with an identity token; CampaignApplication | AgentChange |
 * | GET holds, POST holds, DELETE hold(kind, subject)?reason | auditor, administrator | HoldList; Hold, 201 when it is new; 204 |
 * | GET reviews?state&limit&after | everybody their own, and those that they may answer; auditor, operator, administrator all | ReviewList |
 * | GET reviewEvents | as above | newline-delimited JSON, each line a ReviewLine, as it happens; empty lines while nothing does. With `Accept: text/event-stream` server-sent events |
 * | GET reviewChannels | reviewer, operator, administrator | ChannelList |
 * | POST reviewChannelTest(name) | as above | ChannelTest |
 * | GET review(id) | who may see it in the list | Review |
 * | POST reviewAnswers(id) | who may answer, with an identity token; AnswerRequest | Review |
 * | DELETE review(id) | the requester | Review, withdrawn |
 * | GET access | everybody their own; auditor, operator, administrator all | GrantList |
 * | POST access | everybody; AccessRequest | Review, 201 |
 * | POST breakGlass | people of a group named for it, with an identity token; AccessRequest | Grant, 201 |
 * | DELETE grant(id) | its requester, operator, administrator | Grant, as it ended |
 * | GET policy | reviewer, auditor, operator, administrator | PolicyVersion |
 * | POST policy | administrator; body is the YAML text (`application/yaml`) | PolicyApplied; 422 with `problems` |
 * | GET policyVersions?limit&before, GET policyVersion(number) | as GET policy | PolicyVersionList, PolicyVersion |
 * | POST policyCheck | administrator; body as of POST policy | PolicyCheck; nothing is applied |
 * | GET policySchema | as GET policy | PolicySchema |
 * | POST maskPreview | as GET policy; MaskPreviewRequest | MaskPreviewList; nothing is kept |
 * | GET checkpoint | anybody, without a token | text/plain, a C2SP signed note |
 * | GET verifier | anybody, without a token | text/plain, the C2SP verifier key |
 * | GET tiles/… | anybody, without a token; `entries/…` auditor, operator, administrator | as C2SP tlog-tiles says |
 * | GET bundle(session)?key=none | auditor, administrator | application/x-tar: what `sallyport audit verify` proves offline |
 * | GET inclusionProof?index&size, consistencyProof?first&second | anybody, without a token | InclusionProof, ConsistencyProof |
 * | GET ledgerStatus | auditor, operator, administrator | LedgerStatus |
 * | GET loginProviders | anybody, without a token | LoginProviders |
 * | GET webSession | whoever is logged in at the console | WebSession |
 * | POST logout | the same | LoggedOut |
 * | GET openApi | anybody, without a token | the OpenAPI 3.1 document of all of this |
 * | GET gateways | auditor, operator, administrator | GatewayList |
 * | GET issuers | auditor, operator, administrator | IssuerList |
 * | GET health, GET version | anybody, without a token | Health, Version |
 */
export const routes = {
  token: '/oauth/token',
  loginProviders: '/auth/providers',
  webSession: '/auth/session',
  logout: '/auth/logout',
  login: '/api/v1/login',
  whoami: '/api/v1/whoami',
  revocation: '/oauth/revoke',
  protocols: '/api/v1/protocols',
  targets: '/api/v1/targets',
  targetTest: '/api/v1/targets/test',
  targetCatalogs: '/api/v1/targets/catalogs',
  targetUse: '/api/v1/targets/use',
  sshAuthorities: '/api/v1/ssh/authorities',
  sshCertificates: '/api/v1/ssh/certificates',
  tokens: '/api/v1/tokens',
  tokenRevocation: (id: string) => `/api/v1/tokens/${encodeURIComponent(id)}/revoke`,
  locks: '/api/v1/locks',
  lock: (kind: 'identity' | 'agent' | 'target', name: string) => `/api/v1/locks/${kind}/${encodeURIComponent(name)}`,
  sessions: '/api/v1/sessions',
  search: '/api/v1/sessions/search',
  session: (id: string) => `/api/v1/sessions/${encodeURIComponent(id)}`,
  sessionOperations: (id: string) => `/api/v1/sessions/${encodeURIComponent(id)}/operations`,
  sessionReplay: (id: string) => `/api/v1/sessions/${encodeURIComponent(id)}/replay`,
  sessionEvents: (id: string) => `/api/v1/sessions/${encodeURIComponent(id)}/events`,
  sessionExport: (id: string) => `/api/v1/sessions/${encodeURIComponent(id)}/export`,
  sessionOriginals: (id: string) => `/api/v1/sessions/${encodeURIComponent(id)}/originals`,
  agents: '/api/v1/agents',
  agent: (name: string) => `/api/v1/agents/${encodeURIComponent(name)}`,
  agentPrune: '/api/v1/agents/prune',
  campaigns: '/api/v1/campaigns',
  campaign: (id: string) => `/api/v1/campaigns/${encodeURIComponent(id)}`,
  campaignDecisions: (id: string) => `/api/v1/campaigns/${encodeURIComponent(id)}/decisions`,
  campaignClosing: (id: string) => `/api/v1/campaigns/${encodeURIComponent(id)}/close`,
  campaignApplication: (id: string) => `/api/v1/campaigns/${encodeURIComponent(id)}/apply`,
  holds: '/api/v1/holds',
  hold: (kind: 'session' | 'identity', subject: string) => `/api/v1/holds/${kind}/${encodeURIComponent(subject)}`,
  reviews: '/api/v1/reviews',
  reviewEvents: '/api/v1/reviews/events',
  reviewChannels: '/api/v1/reviews/channels',
  reviewChannelTest: (name: string) => `/api/v1/reviews/channels/${encodeURIComponent(name)}/test`,
  review: (id: string) => `/api/v1/reviews/${encodeURIComponent(id)}`,
  reviewAnswers: (id: string) => `/api/v1/reviews/${encodeURIComponent(id)}/answers`,
  access: '/api/v1/access',
  breakGlass: '/api/v1/access/break-glass',
  grant: (id: string) => `/api/v1/access/${encodeURIComponent(id)}`,
  policy: '/api/v1/policy',
  policyVersions: '/api/v1/policy/versions',
  policyVersion: (version: number) => `/api/v1/policy/versions/${version}`,
  policyCheck: '/api/v1/policy/check',
  policySchema: '/api/v1/policy/schema',
  maskPreview: '/api/v1/policy/masks/preview',
  checkpoint: '/ledger/checkpoint',
  verifier: '/ledger/verifier.pub',
  tiles: '/ledger/tile',
  inclusionProof: '/ledger/proof/inclusion',
  consistencyProof: '/ledger/proof/consistency',
  bundles: '/ledger/bundle',
  bundle: (session: string) => `/ledger/bundle/${encodeURIComponent(session)}`,
  ledgerStatus: '/api/v1/ledger/status',
  gateways: '/api/v1/gateways',
  issuers: '/api/v1/issuers',
  version: '/api/v1/version',
  openApi: '/api/v1/openapi.json',
  health: '/healthz',
} as const
