import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ledgerEvents } from '@sallyport/contract/events'
import type { OperationDecided, RecordedEvent, SessionOpened } from '../src/governance/recording/event-schema.ts'
import { type OcsfEvent, toOcsf } from '../src/governance/recording/ocsf.ts'

/** Of OCSF 1.5.0, from https://schema.ocsf.io/1.5.0: which members a class has, which it must have, which activities. */
interface ClassRules {
  readonly members: readonly string[]
  readonly required: readonly string[]
  readonly oneOf?: readonly string[]
  readonly activities: readonly number[]
  readonly statuses?: readonly number[]
}

const BASE = [
  'activity_id', 'activity_name', 'category_name', 'category_uid', 'class_name', 'class_uid', 'count', 'duration', 'end_time', 'enrichments', 'message',
  'metadata', 'observables', 'raw_data', 'raw_data_size', 'severity', 'severity_id', 'start_time', 'status', 'status_code', 'status_detail', 'status_id',
  'time', 'timezone_offset', 'type_name', 'type_uid', 'unmapped',
]
const REQUIRED = ['activity_id', 'category_uid', 'class_uid', 'metadata', 'severity_id', 'time', 'type_uid']
const IAM = ['actor', 'http_request', 'http_response', 'src_endpoint']
const SECURITY_CONTROL = ['action', 'action_id', 'disposition', 'disposition_id', 'policy']
const CLASSES: Readonly<Record<number, ClassRules>> = {
  2004: { members: ['finding_info', 'is_alert', 'confidence_id', 'resources'], required: ['finding_info'], activities: [0, 1, 2, 3, 99], statuses: [0, 1, 2, 3, 4, 5, 99] },
  3001: { members: [...IAM, 'user', 'user_result'], required: ['user'], activities: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 99] },
  3002: {
    members: [...IAM, 'auth_protocol', 'auth_protocol_id', 'dst_endpoint', 'is_cleartext', 'is_mfa', 'is_remote', 'logon_type_id', 'service', 'session', 'user'],
    required: ['user'], oneOf: ['service', 'dst_endpoint'], activities: [0, 1, 2, 3, 4, 5, 6, 99],
  },
  3004: { members: [...IAM, 'comment', 'entity', 'entity_result'], required: ['entity'], activities: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 99] },
  6002: { members: ['app'], required: ['app'], activities: [0, 1, 2, 3, 4, 5, 6, 7, 8, 99] },
  6005: {
    members: ['actor', 'database', 'databucket', 'dst_endpoint', 'query_info', 'src_endpoint', 'table', 'type', 'type_id'],
    required: ['actor', 'src_endpoint'], oneOf: ['database', 'databucket', 'table'], activities: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 99],
  },
}
/** By name of the member: what the object in it must have, and of what at least one. */
const OBJECTS: Readonly<Record<string, { required?: readonly string[]; oneOf?: readonly string[]; members: readonly string[] }>> = {
  metadata: { required: ['product', 'version'], members: ['product', 'version', 'event_code', 'log_name', 'log_version', 'original_time', 'correlation_uid', 'profiles'] },
  user: { oneOf: ['account', 'name', 'uid'], members: ['name', 'uid', 'domain', 'groups', 'type', 'type_id', 'credential_uid'] },
  actor: { oneOf: ['process', 'user', 'session', 'app_name', 'app_uid'], members: ['user', 'session', 'app_name'] },
  session: { members: ['uid', 'is_remote', 'created_time', 'credential_uid', 'issuer'] },
  service: { oneOf: ['name', 'uid'], members: ['name', 'labels'] },
  src_endpoint: { oneOf: ['ip', 'uid', 'name', 'hostname', 'svc_name', 'instance_uid', 'interface_uid', 'interface_name', 'domain'], members: ['ip', 'name'] },
  database: { required: ['type_id'], oneOf: ['name', 'uid'], members: ['name', 'type', 'type_id'] },
  query_info: { required: ['query_string'], members: ['uid', 'query_string', 'bytes'] },
  entity: { oneOf: ['name', 'uid', 'device', 'group', 'org', 'policy', 'user', 'email'], members: ['type', 'uid', 'version'] },
  finding_info: { required: ['uid'], members: ['uid', 'title', 'desc', 'created_time', 'first_seen_time'] },
  product: { oneOf: ['name', 'uid'], members: ['name', 'vendor_name'] },
  app: { oneOf: ['name', 'uid'], members: ['name', 'vendor_name'] },
  policy: { oneOf: ['name', 'uid'], members: ['name', 'version'] },
}

const examples = ledgerEvents.flatMap((schema) => (schema.meta()?.['examples'] ?? []) as RecordedEvent[])
const find = <Event extends RecordedEvent>(name: Event['event']): Event => (examples.find((event) => event.event === name) ?? assert.fail(name)) as Event
const opened = find<SessionOpened>('session.opened')
const decided = find<OperationDecided>('operation.decided')

function check(event: OcsfEvent): void {
  const rules = CLASSES[event.class_uid] ?? assert.fail(`no class ${event.class_uid}`)
  assert.equal(event.type_uid, event.class_uid * 100 + event.activity_id)
  assert.equal(event.category_uid, Math.floor(event.class_uid / 1000))
  assert.ok(rules.activities.includes(event.activity_id), `activity ${event.activity_id}`)
  // What is "Other" must be told in the source's own word.
  assert.ok(String(event['activity_name']).length > 0 && event['activity_name'] !== 'Other')
  assert.ok([1, 2, 3, 4, 5, 6].includes(event.severity_id))
  const status = event['status_id']
  assert.ok(status === undefined || (rules.statuses ?? [0, 1, 2, 99]).includes(status as number), `status ${String(status)}`)
  for (const name of [...REQUIRED, ...rules.required]) assert.notEqual(event[name], undefined, name)
  if (rules.oneOf) assert.ok(rules.oneOf.some((name) => event[name] !== undefined), `one of ${rules.oneOf.join()}`)
  const profiles = (event.metadata['profiles'] ?? []) as readonly string[]
  const allowed = new Set([...BASE, ...rules.members, ...(profiles.includes('security_control') ? SECURITY_CONTROL : [])])
  for (const name of Object.keys(event)) assert.ok(allowed.has(name), `class ${event.class_uid} has no ${name}`)
  for (const time of [event.time, event['start_time'], event['end_time']]) if (time !== undefined) assertTime(time)
  checkObjects(event)
}

function checkObjects(parent: object): void {
  for (const [name, value] of Object.entries(parent)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || name === 'unmapped') continue
    const rules = OBJECTS[name] ?? assert.fail(`no object ${name}`)
    for (const member of rules.required ?? []) assert.notEqual((value as Record<string, unknown>)[member], undefined, `${name}.${member}`)
    if (rules.oneOf) assert.ok(rules.oneOf.some((member) => Boolean((value as Record<string, unknown>)[member])), `${name}: one of ${rules.oneOf.join()}`)
    for (const member of Object.keys(value)) assert.ok(rules.members.includes(member), `${name} has no ${member}`)
    checkObjects(value)
  }
}

/** Milliseconds of our days: neither seconds nor microseconds. */
function assertTime(time: unknown): void {
  assert.ok(Number.isInteger(time) && (time as number) > 1e12 && (time as number) < 1e13, String(time))
}

describe('the mapping to OCSF', () => {
  for (const event of examples) {
    test(`gives ${event.event} what its class requires, with its session at hand and without`, () => {
      check(toOcsf(event, opened, decided))
      check(toOcsf(event))
      assert.equal(toOcsf(event).metadata['event_code'], event.event)
    })
  }

  test('puts events into the classes that say what they are', () => {
    const type = (event: RecordedEvent): number => toOcsf(event, opened, decided).type_uid
    assert.equal(type(opened), 300_201)
    assert.equal(type(find('session.closed')), 300_202)
    assert.equal(toOcsf(find('login.refused'))['status_id'], 2)
    assert.equal(type(decided), 600_502)
    assert.equal(type(find('operation.finished')), 600_502)
    assert.equal(type(find('gateway.started')), 600_203)
    assert.equal(type(find('verification.failed')), 200_401)
    assert.equal(type(find('agent.revoked')), 300_106)
    assert.equal(type(find('recording.destroyed')), 300_404)
  })

  for (const [actions, activity, name] of [
    [['select'], 4, 'Query'], [['insert'], 6, 'Create'], [['update'], 2, 'Update'], [['delete'], 7, 'Delete'], [['delete', 'truncate'], 7, 'Delete'],
    [['select', 'update'], 99, 'select, update'], [['drop'], 99, 'drop'], [['select', 'unknown'], 0, 'Unknown'], [[], 0, 'Unknown'],
  ] as const) {
    test(`calls an operation of ${actions.join(' and ') || 'nothing'} "${name}"`, () => {
      const event = toOcsf({ ...decided, actions })
      assert.deepEqual([event.activity_id, event['activity_name']], [activity, name])
      check(event)
    })
  }

  for (const [decision, action, disposition] of [['allow', 1, 1], ['deny', 2, 2], ['review', 2, 99]] as const) {
    test(`says of a decision to ${decision} what was done`, () => {
      const event = toOcsf({ ...decided, decision }, opened)
      assert.deepEqual([event['action_id'], event['disposition_id'], event['status_id']], [action, disposition, decision === 'allow' ? undefined : 2])
    })
  }

  test('says who, for whom, from where and to what', () => {
    const event = toOcsf(decided, { ...opened, identity: { ...opened.identity, groups: ['bots'], actors: ['dana'] } })
    const { user, session } = event['actor'] as { user: Record<string, unknown>; session: Record<string, unknown> }
    assert.deepEqual([user['name'], user['domain'], user['groups'], session['uid']], ['support-bot', 'corp', [{ name: 'bots' }], decided.session])
    assert.deepEqual((event['unmapped'] as { actors: unknown }).actors, ['dana'])
    assert.deepEqual(event['src_endpoint'], { ip: '192.0.2.7' })
    assert.equal((event['database'] as { name: string }).name, 'shop')
  })

  test('closes the finding that a failed anchor or channel opened', () => {
    const uid = (event: RecordedEvent): string => (toOcsf(event)['finding_info'] as { uid: string }).uid
    assert.equal(uid(find('anchor.failed')), uid(find('anchor.recovered')))
    assert.equal(uid(find('channel.failed')), uid(find('channel.recovered')))
  })
})
