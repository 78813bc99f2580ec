import * as example from './examples.ts'
import { json, lines, live, type RouteGroup } from './described-route.ts'

const OWN_OR_ALL = 'everybody their own; auditor, operator, administrator all'
const END = 'operator, administrator'

export const sessionGroup: RouteGroup = {
  name: 'Sessions', about: 'What identities did at targets, as the ledger has it.',
  routes: [
    { method: 'get', path: '/api/v1/targets', id: 'listTargets', summary: 'What the caller may open, and where', who: 'everybody', answer: json('TargetList', { targets: [{ name: 'shop', protocol: 'postgres', host: 'gateway.example.com', port: 5432, database: 'shop', tls: true, labels: { tier: 'production' } }] }) },
    { method: 'post', path: '/api/v1/targets', id: 'addTarget', summary: 'Adds a target: a new version of the policy; a dry run first says what would be wrong', who: 'administrator', body: json('TargetRequest', { entry: example.targetEntry, dryRun: false, policyVersion: 7 }), status: 201, answer: json('TargetChange', { policyVersion: 8, dryRun: false, problems: [], text: '  - name: shop\n    protocol: postgres\n    …\n' }), also: { 200: 'the dry run' } },
    { method: 'post', path: '/api/v1/targets/test', id: 'testTarget', summary: 'Connects to a target from the gateway and logs in, within 10 seconds; on record first', who: 'administrator; operator for a target that is in the document', body: json('TargetTestRequest', { entry: example.targetEntry }), answer: json('TargetTest', { reached: true, words: 'PostgreSQL 18.1 let "sallyport" into "shop" (login: scram-sha-256; TLS: verified)', tookMs: 41, problems: [] }) },
    { method: 'get', path: '/api/v1/targets/use', id: 'listTargetUse', summary: 'What goes on at targets now', who: 'auditor, operator, administrator', answer: json('TargetUseList', { targets: [{ name: 'shop', openSessions: 3, logins: 3 }] }) },
    { method: 'get', path: '/api/v1/protocols', id: 'listProtocols', summary: 'Protocols of targets, with the JSON Schema of an entry', who: 'administrator', answer: json('ProtocolList', { protocols: [{ name: 'postgres', defaultPort: 5432, testable: true, schema: { type: 'object', properties: { name: { type: 'string' } } } }] }) },
    { method: 'get', path: '/api/v1/sessions', id: 'listSessions', summary: 'Sessions, the newest first', who: `${OWN_OR_ALL}; viewer the list of all`, query: 'SessionQuery', answer: json('SessionList', { sessions: [example.session], next: null }) },
    { method: 'get', path: '/api/v1/sessions/search', id: 'searchOperations', summary: 'Operations that a query finds, the newest first', who: OWN_OR_ALL, query: 'SearchRequest', answer: json('SearchAnswer', { operations: [example.found], next: null, complete: true, indexed: 812, entries: 812 }) },
    { method: 'get', path: '/api/v1/sessions/{id}', id: 'showSession', summary: 'One session with its operations', who: OWN_OR_ALL, answer: json('SessionDetail', { ...example.session, log: [example.operation], truncated: false }) },
    { method: 'delete', path: '/api/v1/sessions/{id}', id: 'endSession', summary: 'Ends a session, with what it runs on its target', who: END, status: 204, also: { 202: 'asked for; its gateway has not confirmed it within two seconds' } },
    { method: 'get', path: '/api/v1/sessions/{id}/operations', id: 'listOperations', summary: 'Operations of a session in order, page by page', who: OWN_OR_ALL, query: 'OperationsRequest', answer: json('OperationList', { operations: [example.operation], next: null }) },
    { method: 'get', path: '/api/v1/sessions/{id}/replay', id: 'replaySession', summary: 'All of a session with what the agent got; on record first', who: OWN_OR_ALL, answer: lines('ReplayLine', { type: 'row', operation: 1, atMs: 12.5, values: ['77', '[redacted]'] }) },
    { method: 'get', path: '/api/v1/sessions/{id}/events', id: 'followSession', summary: 'Operations and outcomes as they happen, with `output=lines` or `asciicast` what the agent gets, which is on record first; empty lines while nothing happens', who: OWN_OR_ALL, query: 'FollowRequest', answer: live('ReplayLine', { type: 'outcome', operation: 1, outcome: example.operation.outcome }) },
    { method: 'get', path: '/api/v1/sessions/{id}/export', id: 'exportSession', summary: 'A session as asciicast v3, CSV, JSON lines or OCSF; on record first', who: OWN_OR_ALL, query: 'ExportRequest', answer: { kind: 'bytes', type: 'application/octet-stream' } },
    { method: 'get', path: '/api/v1/sessions/{id}/originals', id: 'downloadOriginals', summary: 'Masked values, sealed to the auditor\'s public key; on record first', who: 'auditor', answer: lines('SealedOriginals', { sealed: 'c2VhbGVk' }) },
    { method: 'get', path: '/api/v1/locks', id: 'listLocks', summary: 'What is locked', who: 'auditor, operator, administrator', answer: json('LockList', { locks: [example.lock] }) },
    { method: 'post', path: '/api/v1/locks', id: 'placeLock', summary: 'Locks an identity, an agent or a target, and ends their sessions', who: END, body: json('LockRequest', { kind: 'agent', name: 'support-bot', reason: 'incident 12' }), status: 201, answer: json('Lock', example.lock), also: { 200: 'the lock that was there' } },
    { method: 'delete', path: '/api/v1/locks/{kind}/{name}', id: 'liftLock', summary: 'Lifts a lock', who: END, query: 'LockLift', status: 204 },
    { method: 'get', path: '/api/v1/holds', id: 'listHolds', summary: 'What is kept whatever its retention says', who: 'auditor, administrator', answer: json('HoldList', { holds: [example.hold] }) },
    { method: 'post', path: '/api/v1/holds', id: 'placeHold', summary: 'Keeps a session, or all of an identity', who: 'auditor, administrator', body: json('HoldRequest', { kind: 'session', subject: example.session.id, reason: 'case 2026-3' }), status: 201, answer: json('Hold', example.hold), also: { 200: 'the hold that was there' } },
    { method: 'delete', path: '/api/v1/holds/{kind}/{subject}', id: 'releaseHold', summary: 'Ends a hold', who: 'auditor, administrator', query: 'HoldRelease', status: 204 },
  ],
}
