/** What the examples of the OpenAPI document tell of: a support bot, the shop's database, and those who answer for both. */
const AT = '2026-03-02T09:14:07.000Z'
const LATER = '2026-03-02T09:29:07.000Z'
export const DIGEST = 'a3f1c2d4e5b60718293a4b5c6d7e8f90a3f1c2d4e5b60718293a4b5c6d7e8f90'
export const at = AT
export const later = LATER

const bot = { kind: 'agent', name: 'support-bot', issuer: 'corp' }
const decision = { effect: 'allow', rule: 'reads', policyVersion: 7 }
const text = 'select id, email from customers where id = 77'

export const session = {
  id: 's_0193f5a2', state: 'open', identity: bot, actors: [], target: 'shop', protocol: 'postgres', purpose: 'answers ticket 4711',
  clientAddress: '192.0.2.7', application: 'psql', openedAt: AT, closedAt: null, reason: null, operations: 1, refused: 0,
}

export const operation = {
  number: 1, at: AT, text, textTruncated: false, actions: ['select'], objects: ['public.customers'], decision,
  outcome: { result: 'completed', rows: 1, bytes: 64, masked: 1, code: null, durationMs: 2.5 },
}

export const found = {
  session: session.id, identity: bot, actors: [], target: 'shop', protocol: 'postgres', purpose: session.purpose, text, textTruncated: false,
  actions: ['select'], objects: ['public.customers'], decision, count: 1, first: { number: 1, at: AT }, last: { number: 1, at: AT },
  outcomes: { completed: 1, failed: 0, aborted: 0 }, rows: 1, masked: 1, codes: [],
}

export const targetEntry = { name: 'shop', protocol: 'postgres', host: 'db.internal', database: 'shop', credential: { user: 'sallyport', password: 'vault:shop' } }

const entry = { name: 'support-bot', issuer: 'corp', match: { azp: 'support-bot' }, owner: 'dana', purpose: 'answers tickets', targets: ['shop'] }
export const agentEntry = entry
export const agent = {
  ...entry, expired: false, lastSeenAt: AT, sessions: 12, asActor: 0, live: 1, operations: 340, refused: 2, unusedTargets: [], unusedRules: ['drops'],
  rulesComplete: true, ownerState: 'seen', ownerLastSeenAt: AT, ownerWords: 'seen today',
}
export const agentChange = { policyVersion: 8, agents: ['old-bot'], dryRun: false, left: [] }

const summary = {
  id: 'cp_7Yk2', state: 'open', openedBy: 'robin', openedAt: AT, dueAt: '2026-03-16T09:14:07.000Z', independent: false, reviewers: null, reason: 'first quarter',
  policyVersion: 7, closedBy: null, closedAt: null, appliedVersion: null, agents: 1, kept: 1, removed: 0,
}
export const campaignSummary = summary
export const campaign = { ...summary, items: [{ agent, decision: 'keep', decidedBy: 'dana', decidedAt: AT, reason: 'in use', mayDecide: true }] }

export const review = {
  id: 'rv_JfzOxQ3CsJAdU6v74tUvGw', state: 'open', requester: { ...bot, actors: [] }, target: 'shop', labels: { tier: 'production' }, purpose: session.purpose, digest: DIGEST,
  demands: [{ rule: 'writes', reviewers: ['dba'], approvals: 1, missing: 1 }], policyVersion: 7, createdAt: AT, expiresAt: LATER, answers: [], mayAnswer: true,
  kind: 'operation', session: session.id, operation: 2, protocol: 'postgres',
  card: {
    text: "update orders set status = 'paid' where id = 9", textTruncated: false, definitions: [], parameters: [], actions: ['update'], objects: ['public.orders'], filtered: true,
    inTransaction: false, risk: null,
    preview: {
      method: 'rehearsed', rows: 1, atMost: false, tables: [{ table: 'public.orders', inserted: 0, updated: 1, deleted: 0 }],
      sample: [{ before: { id: '9', status: 'open' }, after: { id: '9', status: 'paid' } }], notes: [],
    },
  },
  rowLimit: 1,
}
export const grant = {
  id: 'gr_2mQ9', kind: 'access', requester: { kind: 'person', name: 'dana', issuer: 'corp', actors: [] }, target: 'shop', rules: ['night-shift'], reason: 'incident 12', from: AT, until: LATER,
}
export const accessReview = {
  id: 'rv_8sT1', state: 'open', requester: grant.requester, target: 'shop', labels: {}, purpose: 'incident 12', digest: DIGEST,
  demands: [{ rule: 'night-shift', reviewers: ['dba'], approvals: 1, missing: 1 }], policyVersion: 7, createdAt: AT, expiresAt: LATER, answers: [], mayAnswer: false,
  kind: 'access', rule: 'night-shift', minutes: 60, reason: 'incident 12',
}

export const lock = { kind: 'agent', name: 'support-bot', by: 'avery', reason: 'incident 12', placedAt: AT }
export const hold = { kind: 'session', subject: session.id, by: 'robin', reason: 'case 2026-3', placedAt: AT }
export const NODE_HASH = `${'A'.repeat(43)}=`
