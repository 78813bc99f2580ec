import type {
  AnchorFailed, AnchorRecovered, AnswerVoided, CampaignClosed, CampaignDecided, CampaignOpened, ChannelFailed, ChannelRecovered, OperationDecided, OperationFinished, RecordedAgent, RecordedEvent,
  RecordedIdentity, ReviewAnswered, ReviewClosed, ReviewRequested, ReviewUsed, SessionOpened, VerificationFailed,
} from './event-schema.ts'
import {
  ACCOUNT_CHANGE, APPLICATION_LIFECYCLE, AUTHENTICATION, DATASTORE_ACTIVITY, DETECTION_FINDING, ENTITY_MANAGEMENT, FINDING_STATUSES,
  OCSF_VERSION, SEVERITIES, STATUSES, type OcsfClass,
} from './ocsf-classes.ts'

/** One event of OCSF 1.5.0. Members besides these belong to its class. */
export interface OcsfEvent {
  readonly category_uid: number
  readonly class_uid: number
  readonly activity_id: number
  /** `class_uid * 100 + activity_id`. */
  readonly type_uid: number
  readonly severity_id: number
  /** Unix milliseconds. */
  readonly time: number
  readonly metadata: { readonly version: string; readonly product: object; readonly [member: string]: unknown }
  readonly [member: string]: unknown
}

/**
 * Maps an event of the ledger to OCSF 1.5.0. What OCSF has no place for is under `unmapped`.
 * @param session the beginning of the session that the event belongs to: says who, from where, and to what
 * @param decided for `operation.finished`: its decision, which says what the operation was
 */
export function toOcsf(event: RecordedEvent, session?: SessionOpened, decided?: OperationDecided): OcsfEvent {
  switch (event.event) {
    case 'session.opened':
      return build(event, AUTHENTICATION, 1, {
        ...status(1), user: userOf(event.identity), session: sessionObject(event.session, event), actor: { user: userOf(event.identity) },
        ...placeOf(event), is_remote: true, message: event.purpose,
        unmapped: { actors: event.identity.actors, policy_version: event.policyVersion, token: event.tokenId },
      })
    case 'session.closed':
      return build(event, AUTHENTICATION, 2, {
        ...status(1), user: userOf(session?.identity), session: sessionObject(event.session, session), ...placeOf(session),
        status_detail: event.reason, unmapped: { operations: event.operations, refused: event.refused },
      })
    case 'login.refused':
      return build(event, AUTHENTICATION, 1, {
        ...status(2), severity: 2, user: UNKNOWN_USER, ...placeOf(event), is_remote: true, status_detail: event.reason,
      })
    case 'credential.used':
    case 'catalog.opened':
      return build(event, AUTHENTICATION, 1, {
        ...status(1), user: { name: event.user, type_id: 99, type: 'Login of the gateway', credential_uid: event.credential },
        service: { name: event.target }, auth_protocol_id: 99, auth_protocol: event.method, is_cleartext: event.tls === 'none' && event.method === 'password',
        ...('session' in event && { session: sessionObject(event.session, session), actor: { user: userOf(session?.identity) } }),
        unmapped: { tls: event.tls },
      })
    case 'login.made':
      return build(event, ACCOUNT_CHANGE, 1, {
        ...status(1), user: { name: event.user, type_id: 99, type: SESSION_LOGIN }, actor: { user: userOf(session?.identity), session: sessionObject(event.session, session) },
        unmapped: { target: event.target, role: event.role, use: event.use, valid_until: event.validUntil },
      })
    case 'login.removed':
      return build(event, ACCOUNT_CHANGE, 6, {
        ...status(1), user: { name: event.user, type_id: 99, type: SESSION_LOGIN }, status_detail: event.reason, unmapped: { target: event.target, connections: event.connections },
      })
    case 'login.remained':
      return build(event, ACCOUNT_CHANGE, 6, {
        ...status(2), severity: 3, user: { name: event.user, type_id: 99, type: SESSION_LOGIN }, status_detail: event.error, unmapped: { target: event.target },
      })
    case 'operation.decided':
      return decidedActivity(event, session)
    case 'operation.finished':
      return finishedActivity(event, session, decided)
    case 'token.issued':
      return entity(event, 1, 'session token', event.tokenId, {
        actor: { user: userOf(event.identity) }, comment: event.purpose, unmapped: { targets: event.targets, expires_at: event.expiresAt, ...(event.singleUse !== undefined && { single_use: event.singleUse }) },
      })
    case 'certificate.issued':
      return entity(event, 1, 'certificate', event.fingerprint, {
        actor: { user: userOf(event.identity) }, unmapped: { token: event.tokenId, protocol: event.protocol, targets: event.targets, expires_at: event.expiresAt },
      })
    case 'token.revoked':
      return entity(event, 11, 'session token', event.tokenId, { unmapped: { derived: event.derived, sessions: event.sessions } })
    case 'policy.applied':
      return entity(event, 3, 'policy', `sha256:${event.sha256}`, { actor: actorNamed(event.by) }, String(event.policyVersion))
    case 'administrator.acted':
      return entity(event, event.action, 'administration', event.subject, { actor: actorNamed(event.by), comment: event.reason })
    case 'agent.registered':
      return build(event, ACCOUNT_CHANGE, 1, { ...status(1), user: agentUser(event), unmapped: agentDetails(event) })
    case 'agent.changed':
      return build(event, ACCOUNT_CHANGE, 'Update', { ...status(1), user: agentUser(event), unmapped: { ...agentDetails(event), changed: event.changed } })
    case 'agent.revoked':
      return build(event, ACCOUNT_CHANGE, 6, { ...status(1), user: { name: event.agent, ...AGENT }, unmapped: { policy_version: event.policyVersion } })
    case 'segment.sealed': {
      const { bytes, sha256, firstOperation, lastOperation } = event
      return entity(event, 1, 'recording segment', `${event.session}/${event.segment}`, { unmapped: { bytes, sha256, first_operation: firstOperation, last_operation: lastOperation } })
    }
    case 'recording.limited':
      return entity(event, 'Limit', 'recording', event.session, { comment: event.limit, unmapped: { operation: event.n } })
    case 'recording.destroyed':
      return entity(event, 4, 'recording', event.session, { comment: event.reason, unmapped: { segments: event.segments } })
    case 'hold.placed':
    case 'hold.released':
      return entity(event, event.event === 'hold.placed' ? 1 : 4, 'legal hold', `${event.kind}:${event.subject}`, { actor: actorNamed(event.by), comment: event.reason })
    case 'lock.placed':
    case 'lock.lifted':
      return entity(event, event.event === 'lock.placed' ? 1 : 4, 'lock', `${event.kind}:${event.name}`, {
        actor: actorNamed(event.by), comment: event.reason, severity: event.event === 'lock.placed' ? 4 : 1,
      })
    case 'campaign.opened':
    case 'campaign.decided':
    case 'campaign.closed':
      return campaignManagement(event)
    case 'gateway.started':
      return build(event, APPLICATION_LIFECYCLE, 3, {
        ...status(1), app: PRODUCT, message: event.software, unmapped: { policy_version: event.policyVersion, adopted: event.adopted, torn_bytes: event.tornBytes },
      })
    case 'gateway.stopped':
      return build(event, APPLICATION_LIFECYCLE, 4, { ...status(1), app: PRODUCT, status_detail: event.reason })
    case 'ledger.recovered':
      return build(event, APPLICATION_LIFECYCLE, 'Resume', { ...status(1), severity: 4, app: PRODUCT, start_time: event.since, end_time: event.at, status_detail: event.error })
    case 'verification.failed':
    case 'anchor.failed':
    case 'anchor.recovered':
      return finding(event)
    case 'channel.failed':
    case 'channel.recovered':
      return channelFinding(event)
    case 'review.requested':
    case 'review.answered':
    case 'answer.voided':
    case 'review.closed':
    case 'review.used':
      return reviewManagement(event, session)
    case 'access.granted':
      return entity(event, 1, 'grant', event.grant, {
        actor: { user: userOf(event.identity) }, comment: event.reason, severity: event.kind === 'break-glass' ? 4 : 1,
        unmapped: { kind: event.kind, target: event.target, rules: event.rules, until: event.until, ...(event.review !== undefined && { review: event.review }) },
      })
    case 'access.ended':
      return entity(event, 11, 'grant', event.grant, { comment: event.reason })
    case 'break-glass.opened':
      return build(event, DETECTION_FINDING, 1, {
        severity: 4, ...findingStatus(1), is_alert: true,
        finding_info: { uid: `break-glass-${event.grant}`, title: 'Somebody passes without the review that rules want', desc: event.reason, created_time: event.at },
        unmapped: { identity: event.identity, target: event.target, until: event.until },
      })
  }
}

const PRODUCT = { name: 'Sallyport', vendor_name: 'Sallyport' } as const
/** 1.5.0 has no type for it. */
const AGENT = { type_id: 99, type: 'Agent' } as const
const SESSION_LOGIN = 'Login for one session'
const UNKNOWN_USER = { name: 'unknown', type_id: 0, type: 'Unknown' } as const

/** @param activity an id of the class, or the ledger's own word where the class has none */
function build(event: RecordedEvent, { activities, ...of }: OcsfClass, activity: number | string, members: Readonly<Record<string, unknown>>): OcsfEvent {
  const { severity = 1, profiles, ...rest } = members as { severity?: keyof typeof SEVERITIES; profiles?: readonly string[] }
  const activityId = typeof activity === 'number' ? activity : 99
  const activityName = typeof activity === 'number' ? (activities[activity] ?? 'Unknown') : activity
  return {
    ...of, activity_id: activityId, activity_name: activityName, type_uid: of.class_uid * 100 + activityId,
    type_name: `${of.class_name}: ${typeof activity === 'number' ? activityName : 'Other'}`,
    severity_id: severity, severity: SEVERITIES[severity], time: event.at,
    metadata: {
      version: OCSF_VERSION, product: PRODUCT, event_code: event.event, log_name: 'ledger', log_version: String(event.v), original_time: String(event.at),
      ...('session' in event && { correlation_uid: event.session }), ...(profiles !== undefined && { profiles }),
    },
    ...rest,
  }
}

function status(id: keyof typeof STATUSES): object {
  return { status_id: id, status: STATUSES[id] }
}

function userOf(identity: RecordedIdentity | undefined): object {
  if (identity === undefined) return UNKNOWN_USER
  const { kind, name, issuer, subject, groups } = identity
  return {
    name, uid: subject, domain: issuer, ...(kind === 'agent' ? AGENT : { type_id: 1, type: 'User' }),
    groups: groups.map((group) => ({ name: group })),
  }
}

function actorNamed(name: string): object {
  return { user: { name } }
}

function agentUser({ agent, issuer }: RecordedAgent): object {
  return { name: agent, domain: issuer, ...AGENT }
}

function agentDetails({ match, owner, purpose, expires, targets, policyVersion }: RecordedAgent): object {
  return { match, owner, purpose, ...(expires !== undefined && { expires }), ...(targets !== undefined && { targets }), policy_version: policyVersion }
}

function sessionObject(uid: string, opened: SessionOpened | undefined): object {
  return { uid, is_remote: true, ...(opened !== undefined && { created_time: opened.at, credential_uid: opened.tokenId, issuer: opened.identity.issuer }) }
}

/** Authentication wants the service or the endpoint; an endpoint wants at least one way to say which. */
function placeOf(place: { target: string; protocol: string; client: string } | undefined): object {
  if (place === undefined) return { service: { name: 'unknown' } }
  return { service: { name: place.target, labels: [place.protocol] }, src_endpoint: endpointOf(place) }
}

function endpointOf(place: { client: string } | undefined): object {
  return place === undefined || place.client === '' ? { name: 'unknown' } : { ip: place.client }
}

function activityOf(event: OperationDecided | undefined): number | string {
  if (event === undefined || event.actions.length === 0 || event.actions.includes('unknown')) return 0
  const [first = '', ...others] = event.actions
  const known = ACTIVITIES.get(first)
  return known !== undefined && others.every((action) => ACTIVITIES.get(action) === known) ? known : event.actions.join(', ')
}

const ACTIVITIES: ReadonlyMap<string, number> = new Map([['select', 4], ['insert', 6], ['update', 2], ['delete', 7], ['truncate', 7]])

function datastoreMembers(session: SessionOpened | undefined, sessionId: string): Record<string, unknown> {
  return {
    actor: { user: userOf(session?.identity), session: sessionObject(sessionId, session), ...(session !== undefined && { app_name: session.application }) },
    src_endpoint: endpointOf(session), database: databaseOf(session),
    type_id: 1, type: 'Database',
  }
}

function databaseOf(session: SessionOpened | undefined): object {
  if (session === undefined) return { name: 'unknown', type_id: 0, type: 'Unknown' }
  return { name: session.target, ...(session.protocol === 'postgres' ? { type_id: 1, type: 'Relational' } : { type_id: 99, type: session.protocol }) }
}

/** Who decides is a security control: it says what came of the request before the request runs. */
function decidedActivity(event: OperationDecided, session: SessionOpened | undefined): OcsfEvent {
  const { decision, rule } = event
  const outcome = {
    allow: { action_id: 1, action: 'Allowed', disposition_id: 1, disposition: 'Allowed' },
    deny: { action_id: 2, action: 'Denied', disposition_id: 2, disposition: 'Blocked', ...status(2), severity: 2 },
    review: { action_id: 2, action: 'Denied', disposition_id: 99, disposition: 'Review needed', ...status(2), severity: 2 },
  }[decision]
  const { parameters, actions, objects, functions, readOnly, textTruncated } = event
  return build(event, DATASTORE_ACTIVITY, activityOf(event), {
    ...datastoreMembers(session, event.session), profiles: ['security_control'], ...outcome,
    policy: { name: rule, version: String(event.policyVersion) },
    query_info: { uid: `${event.session}/${event.n}`, query_string: event.text },
    unmapped: {
      actions, objects, read_only: readOnly, ...(parameters !== undefined && { parameters }), ...(functions !== undefined && { functions }),
      ...(textTruncated !== undefined && { text_truncated: textTruncated }),
      ...(session !== undefined && session.identity.actors.length > 0 && { actors: session.identity.actors }),
    },
  })
}

function finishedActivity(event: OperationFinished, session: SessionOpened | undefined, decided: OperationDecided | undefined): OcsfEvent {
  const duration = Math.round(event.us / 1000)
  return build(event, DATASTORE_ACTIVITY, activityOf(decided), {
    ...datastoreMembers(session, event.session), ...(event.result === 'completed' ? status(1) : status(2)), status_detail: event.result,
    ...(event.code !== undefined && { status_code: event.code }), duration, start_time: event.at - duration, end_time: event.at,
    ...(decided !== undefined && { query_info: { uid: `${event.session}/${event.n}`, query_string: decided.text, bytes: event.bytes } }),
    unmapped: { operation: event.n, rows: event.rows, bytes: event.bytes },
  })
}

function reviewManagement(event: ReviewRequested | ReviewAnswered | AnswerVoided | ReviewClosed | ReviewUsed, session: SessionOpened | undefined): OcsfEvent {
  const of = (activity: number | string, members: object): OcsfEvent => entity(event, activity, 'review', event.review, members)
  switch (event.event) {
    case 'review.requested': {
      const { kind, target, digest, demands, preview, rule, minutes } = event
      const details = { kind, target, digest, demands, expires_at: event.expiresAt, policy_version: event.policyVersion }
      return of(1, {
        actor: { user: userOf(event.identity) }, comment: event.reason ?? event.purpose,
        unmapped: { ...details, ...(preview !== undefined && { preview }), ...(rule !== undefined && { rule }), ...(minutes !== undefined && { minutes }), ...(event.n !== undefined && { operation: event.n }) },
      })
    }
    case 'review.answered': {
      const { answer, reason, rows, minutes, digest, state } = event
      return of(answer, {
        actor: { user: userOf({ ...event.by, groups: event.groups, actors: [] }) }, ...(reason !== undefined && { comment: reason }),
        unmapped: { digest, state, ...(rows !== undefined && { rows }), ...(minutes !== undefined && { minutes }) },
      })
    }
    case 'answer.voided':
      return of('void', { actor: { user: userOf({ ...event.by, groups: [], actors: [] }) }, comment: event.reason })
    case 'review.closed':
      return of(11, { comment: event.reason, unmapped: { state: event.state } })
    case 'review.used':
      return of('use', {
        ...(session !== undefined && { actor: { user: userOf(session.identity) } }),
        unmapped: { operation: event.n, digest: event.digest, ...(event.rows !== undefined && { rows: event.rows }) },
      })
  }
}

function campaignManagement(event: CampaignOpened | CampaignDecided | CampaignClosed): OcsfEvent {
  const actor = { user: userOf({ ...event.by, groups: [], actors: [] }) }
  switch (event.event) {
    case 'campaign.opened': {
      const { agents, count, independent, dueAt, sha256, policyVersion } = event
      return entity(event, 1, 'access review of agents', event.campaign, {
        actor, comment: event.reason, unmapped: { agents, count, independent, due_at: dueAt, sha256, policy_version: policyVersion, ...(event.reviewers !== undefined && { reviewers: event.reviewers }) },
      })
    }
    case 'campaign.decided':
      return entity(event, event.decision, 'access review of agents', event.campaign, { actor, comment: event.reason, unmapped: { agent: event.agent } })
    case 'campaign.closed':
      return entity(event, 11, 'access review of agents', event.campaign, { actor, unmapped: { kept: event.kept, removed: event.removed, overdue: event.overdue } })
  }
}

function entity(event: RecordedEvent, activity: number | string, type: string, uid: string, members: object, version?: string): OcsfEvent {
  return build(event, ENTITY_MANAGEMENT, activity, { ...status(1), entity: { type, uid, ...(version !== undefined && { version }) }, ...members })
}

function finding(event: VerificationFailed | AnchorFailed | AnchorRecovered): OcsfEvent {
  if (event.event === 'verification.failed') {
    return build(event, DETECTION_FINDING, 1, {
      severity: 5, ...findingStatus(1), is_alert: true,
      finding_info: { uid: `verification-${event.at}`, title: 'The ledger is not what was signed', desc: event.finding, created_time: event.at },
      unmapped: { size: event.size },
    })
  }
  const failed = event.event === 'anchor.failed'
  return build(event, DETECTION_FINDING, failed ? 1 : 3, {
    severity: failed ? 4 : 1, ...findingStatus(failed ? 1 : 4), is_alert: failed,
    // The same for both, so that the end finds its beginning.
    finding_info: { uid: `anchor-${event.since}-${event.anchor}`, title: 'Checkpoints do not reach an anchor', ...(failed && { desc: event.error }), first_seen_time: event.since },
    ...(failed ? {} : { unmapped: { size: event.size } }),
  })
}

function channelFinding(event: ChannelFailed | ChannelRecovered): OcsfEvent {
  const failed = event.event === 'channel.failed'
  return build(event, DETECTION_FINDING, failed ? 1 : 3, {
    severity: failed ? 3 : 1, ...findingStatus(failed ? 1 : 4), is_alert: failed,
    finding_info: { uid: `channel-${event.since}-${event.channel}`, title: 'Nobody is told of reviews through a channel', ...(failed && { desc: event.error }), first_seen_time: event.since },
    ...(failed ? {} : { unmapped: { dropped: event.dropped } }),
  })
}

function findingStatus(id: keyof typeof FINDING_STATUSES): object {
  return { status_id: id, status: FINDING_STATUSES[id] }
}
