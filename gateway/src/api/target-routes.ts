import { type ProtocolList, routes, type Target, type TargetCatalogList, type TargetChange, type TargetList, TargetRequest, type TargetTest, TargetTestRequest, type TargetUseList } from '@sallyport/contract'
import type { Context, Hono, MiddlewareHandler } from 'hono'
import { encodeAdministratorActed, encodePolicyApplied } from '../governance/recording/events.ts'
import { refusing } from './agent-answers.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices, TargetTrial } from './api-services.ts'
import { type Caller, calledWith, callerOf } from './caller.ts'
import { recordEvent } from './record-event.ts'

/** What the record says of an entry, in characters: an entry of the right form holds no secret, and is rarely longer. */
const MAX_RECORDED = 2_000

/** What can be reached; for administrators also how a target is described, tried and added. */
export function serveTargets(api: Hono, services: ApiServices, limit: MiddlewareHandler): void {
  api.get(routes.targets, (context) => listTargets(context, services))
  api.post(routes.targets, limit, (context) => addTarget(context, services))
  api.post(routes.targetTest, limit, (context) => testTarget(context, services))
  api.get(routes.targetCatalogs, (context) => listCatalogs(context, services))
  api.get(routes.targetUse, async (context) => {
    const caller = await callerOf(context, services)
    caller.require('auditor', 'operator', 'administrator')
    const { openSessions, logins } = await services.targets.use()
    const targets = services.policies.current.document.targets.map(({ name }) => ({ name, openSessions: openSessions.get(name) ?? 0, logins: logins.get(name) ?? 0 }))
    return context.json({ targets } satisfies TargetUseList)
  })
  api.get(routes.protocols, async (context) => {
    const caller = await callerOf(context, services)
    caller.require('administrator')
    return context.json({ protocols: services.targets.protocols().map((kind) => ({ ...kind, schema: { ...kind.schema } })) } satisfies ProtocolList)
  })
}

async function listTargets(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  const listeners = services.listeners()
  const targets = services.policies.current.document.targets.filter((entry) => caller.mayOpen(entry.name)).flatMap((entry): Target[] => {
    const listener = listeners.find((one) => one.protocol === entry.protocol)
    if (listener === undefined) return []
    const { protocol, host, port, tls } = listener
    return [{ name: entry.name, database: entry.name, labels: { ...entry.labels }, protocol, host, port, tls }]
  })
  return context.json({ targets } satisfies TargetList)
}

async function listCatalogs(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  const known = services.targets.catalogs(services.policies.current.document.targets.filter(({ name }) => caller.mayOpen(name)))
  const targets = known.map(({ name, catalog }) => {
    if (catalog === undefined) return { name, catalog: null }
    const { readAtMs, masked, ...numbers } = catalog
    return { name, catalog: { ...numbers, masked: [...masked], readAt: new Date(readAtMs).toISOString() } }
  })
  return context.json({ targets } satisfies TargetCatalogList)
}

/** As `POST policy` with the document that has the entry: the attempt goes on record before, the version after. */
async function addTarget(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  caller.require('administrator')
  const request = TargetRequest.safeParse(await context.req.json().catch(() => undefined))
  if (!request.success) throw new ApiFailure('invalid-request', 'this is no target', 'Send {"entry": {"name", "protocol", …}, "dryRun": true}; GET /api/v1/protocols says what an entry of a protocol holds.')
  const { entry, dryRun, policyVersion } = request.data
  const draft = await services.targets.draft(entry)
  if (dryRun) return context.json({ policyVersion: draft.version, dryRun, problems: [...draft.problems], text: draft.text ?? null } satisfies TargetChange)
  if (draft.problems.length > 0) {
    const problems = draft.problems.map(({ path, message }) => ({ message: path === '' ? message : `${path}: ${message}` }))
    throw new ApiFailure('invalid-policy', 'the entry is wrong; the policy in force stays', 'Correct what is named, and add it again.', problems)
  }
  const by = caller.identity.name
  await onRecord('target.add', entry, caller, services)
  const { version, sha256 } = await refusing(() => services.targets.add(entry, by, policyVersion))
  services.log.info({ version, by }, 'a target was added through the control API')
  await recordEvent(services.ledger, encodePolicyApplied(version, sha256, by, Date.now()), 'the policy is in force, but that could not be put on record')
  return context.json({ policyVersion: version, dryRun, problems: [], text: draft.text ?? null } satisfies TargetChange, 201)
}

/** The gateway connects to where the caller says and shows a credential there, so it is on record first, and one at a time. */
async function testTarget(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  const request = TargetTestRequest.safeParse(await context.req.json().catch(() => undefined))
  if (!request.success) throw new ApiFailure('invalid-request', 'this names nothing that could be tried', 'Send {"target": NAME}, or {"entry": {"name", "protocol", …}}.')
  if ('target' in request.data) {
    caller.require('operator', 'administrator')
    const { target: name } = request.data
    const entry = services.policies.current.document.targets.find((one) => one.name === name)
    if (entry === undefined) throw new ApiFailure('not-found', 'there is no such target', 'See which there are in the policy document.')
    await onRecord('target.test', { name }, caller, services)
    return context.json(answerOf(await services.targets.test(entry)))
  }
  caller.require('administrator')
  const { entry } = request.data
  const read = services.targets.read(entry)
  if ('problems' in read) return context.json({ reached: false, words: 'the entry is wrong, so nothing was connected to', tookMs: 0, problems: [...read.problems] } satisfies TargetTest)
  await onRecord('target.test', entry, caller, services)
  return context.json(answerOf(await services.targets.test(read.entry)))
}

function answerOf(trial: TargetTrial | 'busy'): TargetTest {
  if (trial === 'busy') throw new ApiFailure('too-many-requests', 'another target is being tried just now', 'Try again in a moment.')
  return { ...trial, problems: [] }
}

async function onRecord(action: string, entry: Readonly<Record<string, unknown>>, caller: Caller, services: ApiServices): Promise<void> {
  const subject = JSON.stringify(entry).slice(0, MAX_RECORDED)
  await recordEvent(services.ledger, encodeAdministratorActed({ by: caller.identity.name, action, subject, reason: calledWith(caller) }, Date.now()))
}
