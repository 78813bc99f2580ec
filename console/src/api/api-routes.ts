// Made of the gateway's OpenAPI document, and compared with it by console/test/api-routes.test.ts (WRITE_REFERENCE=1 writes it anew).
import type * as contract from '@sallyport/contract'

/** Every route of the control API: what is sent, what is answered, and what each line of an answer is. */
export type ApiRoute =
  | { readonly method: 'GET'; readonly path: '/api/v1/targets'; readonly answer: contract.TargetList }
  | { readonly method: 'POST'; readonly path: '/api/v1/targets'; readonly body: contract.Sent<typeof contract.TargetRequest>; readonly answer: contract.TargetChange }
  | { readonly method: 'POST'; readonly path: '/api/v1/targets/test'; readonly body: contract.Sent<typeof contract.TargetTestRequest>; readonly answer: contract.TargetTest }
  | { readonly method: 'GET'; readonly path: '/api/v1/targets/use'; readonly answer: contract.TargetUseList }
  | { readonly method: 'GET'; readonly path: '/api/v1/targets/catalogs'; readonly answer: contract.TargetCatalogList }
  | { readonly method: 'GET'; readonly path: '/api/v1/protocols'; readonly answer: contract.ProtocolList }
  | { readonly method: 'GET'; readonly path: '/api/v1/sessions'; readonly answer: contract.SessionList }
  | { readonly method: 'GET'; readonly path: '/api/v1/sessions/search'; readonly answer: contract.SearchAnswer }
  | { readonly method: 'GET'; readonly path: `/api/v1/sessions/${string}`; readonly answer: contract.SessionDetail }
  | { readonly method: 'DELETE'; readonly path: `/api/v1/sessions/${string}`; readonly answer: undefined }
  | { readonly method: 'GET'; readonly path: `/api/v1/sessions/${string}/operations`; readonly answer: contract.OperationList }
  | { readonly method: 'GET'; readonly path: `/api/v1/sessions/${string}/replay`; readonly answer: undefined; readonly line: contract.ReplayLine }
  | { readonly method: 'GET'; readonly path: `/api/v1/sessions/${string}/events`; readonly answer: undefined; readonly line: contract.ReplayLine }
  | { readonly method: 'GET'; readonly path: `/api/v1/sessions/${string}/export`; readonly answer: undefined }
  | { readonly method: 'GET'; readonly path: `/api/v1/sessions/${string}/originals`; readonly answer: undefined; readonly line: contract.SealedOriginals }
  | { readonly method: 'GET'; readonly path: '/api/v1/locks'; readonly answer: contract.LockList }
  | { readonly method: 'POST'; readonly path: '/api/v1/locks'; readonly body: contract.Sent<typeof contract.LockRequest>; readonly answer: contract.Lock }
  | { readonly method: 'DELETE'; readonly path: `/api/v1/locks/${string}/${string}`; readonly answer: undefined }
  | { readonly method: 'GET'; readonly path: '/api/v1/holds'; readonly answer: contract.HoldList }
  | { readonly method: 'POST'; readonly path: '/api/v1/holds'; readonly body: contract.Sent<typeof contract.HoldRequest>; readonly answer: contract.Hold }
  | { readonly method: 'DELETE'; readonly path: `/api/v1/holds/${string}/${string}`; readonly answer: undefined }
  | { readonly method: 'GET'; readonly path: '/api/v1/reviews'; readonly answer: contract.ReviewList }
  | { readonly method: 'GET'; readonly path: '/api/v1/reviews/events'; readonly answer: undefined; readonly line: contract.ReviewLine }
  | { readonly method: 'GET'; readonly path: '/api/v1/reviews/channels'; readonly answer: contract.ChannelList }
  | { readonly method: 'POST'; readonly path: `/api/v1/reviews/channels/${string}/test`; readonly answer: contract.ChannelTest }
  | { readonly method: 'GET'; readonly path: `/api/v1/reviews/${string}`; readonly answer: contract.Review }
  | { readonly method: 'DELETE'; readonly path: `/api/v1/reviews/${string}`; readonly answer: contract.Review }
  | { readonly method: 'POST'; readonly path: `/api/v1/reviews/${string}/answers`; readonly body: contract.Sent<typeof contract.AnswerRequest>; readonly answer: contract.Review }
  | { readonly method: 'GET'; readonly path: '/api/v1/access'; readonly answer: contract.GrantList }
  | { readonly method: 'POST'; readonly path: '/api/v1/access'; readonly body: contract.Sent<typeof contract.AccessRequest>; readonly answer: contract.Review }
  | { readonly method: 'POST'; readonly path: '/api/v1/access/break-glass'; readonly body: contract.Sent<typeof contract.AccessRequest>; readonly answer: contract.Grant }
  | { readonly method: 'DELETE'; readonly path: `/api/v1/access/${string}`; readonly answer: contract.Grant }
  | { readonly method: 'GET'; readonly path: '/api/v1/agents'; readonly answer: contract.AgentList }
  | { readonly method: 'POST'; readonly path: '/api/v1/agents'; readonly body: contract.Sent<typeof contract.AgentRequest>; readonly answer: contract.AgentChange }
  | { readonly method: 'POST'; readonly path: '/api/v1/agents/prune'; readonly body: contract.Sent<typeof contract.PruneRequest>; readonly answer: contract.AgentChange }
  | { readonly method: 'GET'; readonly path: `/api/v1/agents/${string}`; readonly answer: contract.Agent }
  | { readonly method: 'DELETE'; readonly path: `/api/v1/agents/${string}`; readonly answer: contract.AgentChange }
  | { readonly method: 'GET'; readonly path: '/api/v1/campaigns'; readonly answer: contract.CampaignList }
  | { readonly method: 'POST'; readonly path: '/api/v1/campaigns'; readonly body: contract.Sent<typeof contract.CampaignRequest>; readonly answer: contract.Campaign }
  | { readonly method: 'GET'; readonly path: `/api/v1/campaigns/${string}`; readonly answer: contract.Campaign }
  | { readonly method: 'POST'; readonly path: `/api/v1/campaigns/${string}/decisions`; readonly body: contract.Sent<typeof contract.CampaignDecision>; readonly answer: contract.Campaign }
  | { readonly method: 'POST'; readonly path: `/api/v1/campaigns/${string}/close`; readonly body: contract.Sent<typeof contract.CampaignClosing>; readonly answer: contract.Campaign }
  | { readonly method: 'POST'; readonly path: `/api/v1/campaigns/${string}/apply`; readonly body: contract.Sent<typeof contract.CampaignApplication>; readonly answer: contract.AgentChange }
  | { readonly method: 'GET'; readonly path: '/ledger/checkpoint'; readonly answer: undefined }
  | { readonly method: 'GET'; readonly path: '/ledger/verifier.pub'; readonly answer: undefined }
  | { readonly method: 'GET'; readonly path: `/ledger/tile/${string}`; readonly answer: undefined }
  | { readonly method: 'GET'; readonly path: '/ledger/proof/inclusion'; readonly answer: contract.InclusionProof }
  | { readonly method: 'GET'; readonly path: '/ledger/proof/consistency'; readonly answer: contract.ConsistencyProof }
  | { readonly method: 'GET'; readonly path: `/ledger/bundle/${string}`; readonly answer: undefined }
  | { readonly method: 'GET'; readonly path: '/api/v1/ledger/status'; readonly answer: contract.LedgerStatus }
  | { readonly method: 'POST'; readonly path: '/oauth/token'; readonly answer: contract.TokenExchangeResponse }
  | { readonly method: 'POST'; readonly path: '/oauth/revoke'; readonly answer: undefined }
  | { readonly method: 'POST'; readonly path: `/api/v1/tokens/${string}/revoke`; readonly answer: contract.TokenRevocation }
  | { readonly method: 'GET'; readonly path: '/api/v1/login'; readonly answer: contract.LoginOffer }
  | { readonly method: 'GET'; readonly path: '/api/v1/whoami'; readonly answer: contract.WhoAmI }
  | { readonly method: 'GET'; readonly path: '/api/v1/ssh/authorities'; readonly answer: contract.SshAuthorities }
  | { readonly method: 'POST'; readonly path: '/api/v1/ssh/certificates'; readonly body: contract.Sent<typeof contract.SshCertificateRequest>; readonly answer: contract.SshCertificate }
  | { readonly method: 'GET'; readonly path: '/auth/providers'; readonly answer: contract.LoginProviders }
  | { readonly method: 'GET'; readonly path: `/auth/login/${string}`; readonly answer: undefined }
  | { readonly method: 'GET'; readonly path: `/auth/callback/${string}`; readonly answer: undefined }
  | { readonly method: 'POST'; readonly path: `/auth/callback/${string}`; readonly answer: undefined }
  | { readonly method: 'GET'; readonly path: `/auth/saml/${string}/login`; readonly answer: undefined }
  | { readonly method: 'POST'; readonly path: `/auth/saml/${string}/acs`; readonly answer: undefined }
  | { readonly method: 'GET'; readonly path: `/auth/saml/${string}/metadata`; readonly answer: undefined }
  | { readonly method: 'GET'; readonly path: '/auth/session'; readonly answer: contract.WebSession }
  | { readonly method: 'POST'; readonly path: '/auth/logout'; readonly answer: contract.LoggedOut }
  | { readonly method: 'GET'; readonly path: '/healthz'; readonly answer: contract.Health }
  | { readonly method: 'GET'; readonly path: '/api/v1/version'; readonly answer: contract.Version }
  | { readonly method: 'GET'; readonly path: '/api/v1/gateways'; readonly answer: contract.GatewayList }
  | { readonly method: 'GET'; readonly path: '/api/v1/issuers'; readonly answer: contract.IssuerList }
  | { readonly method: 'GET'; readonly path: '/api/v1/openapi.json'; readonly answer: unknown }
  | { readonly method: 'GET'; readonly path: '/api/v1/policy'; readonly answer: contract.PolicyVersion }
  | { readonly method: 'POST'; readonly path: '/api/v1/policy'; readonly body: string; readonly answer: contract.PolicyApplied }
  | { readonly method: 'GET'; readonly path: '/api/v1/policy/schema'; readonly answer: contract.PolicySchema }
  | { readonly method: 'POST'; readonly path: '/api/v1/policy/masks/preview'; readonly body: contract.Sent<typeof contract.MaskPreviewRequest>; readonly answer: contract.MaskPreviewList }
  | { readonly method: 'POST'; readonly path: '/api/v1/policy/check'; readonly body: string; readonly answer: contract.PolicyCheck }
  | { readonly method: 'GET'; readonly path: '/api/v1/policy/versions'; readonly answer: contract.PolicyVersionList }
  | { readonly method: 'GET'; readonly path: `/api/v1/policy/versions/${string}`; readonly answer: contract.PolicyVersion }
