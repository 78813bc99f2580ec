import { createHash } from 'node:crypto'
import { type MaskPreview, type MaskPreviewList, MaskPreviewRequest, type PolicyApplied, type PolicyCheck, type PolicyVersionList, PolicyVersionQuery, routes } from '@sallyport/contract'
import type { Context, Hono, MiddlewareHandler } from 'hono'
import { previewMask } from '../governance/masking/preview-masks.ts'
import type { DetectorMask, MaskEntry } from '../governance/policy/policy-document.ts'
import { encodeAdministratorActed, encodePolicyApplied } from '../governance/recording/events.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { calledWith, callerOf } from './caller.ts'
import { recordEvent } from './record-event.ts'

/** RFC 9512, and what was usual before it. */
const YAML = /^(application\/(x-)?yaml|text\/(x-)?yaml|text\/plain)(\s*;|$)/i

const READERS = ['reviewer', 'auditor', 'operator', 'administrator'] as const
const MAX_PROBLEMS = 100
const MAX_PREVIEWED = 200

/** The document in force, those before it, and what would be wrong with another. */
export function servePolicy(api: Hono, services: ApiServices, limit: MiddlewareHandler): void {
  api.get(routes.policy, (context) => showPolicy(context, services))
  api.post(routes.policy, limit, (context) => applyPolicy(context, services))
  api.post(routes.policyCheck, limit, (context) => checkPolicy(context, services))
  api.post(routes.maskPreview, limit, (context) => previewMasks(context, services))
  api.get(routes.policySchema, (context) => showSchema(context, services))
  api.get(routes.policyVersions, (context) => listVersions(context, services))
  api.get(`${routes.policyVersions}/:version`, (context) => showVersion(context, services, context.req.param('version')))
}

async function showPolicy(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  caller.require(...READERS)
  const version = await services.policyAdministration.read()
  if (version === undefined) throw new ApiFailure('not-found', 'no policy was applied yet', 'Apply one with `sallyport policy apply`.')
  return context.json(version)
}

async function listVersions(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  caller.require(...READERS)
  const query = PolicyVersionQuery.safeParse(context.req.query())
  if (!query.success) throw new ApiFailure('invalid-request', 'limit or before is wrong', 'Give a limit from 1 to 200; before is the `next` of the page before.')
  const { limit, before } = query.data
  const found = await services.policyAdministration.list({ limit: limit + 1, ...(before === undefined ? {} : { before }) })
  const versions = found.slice(0, limit)
  return context.json({ versions, next: found.length > limit ? (versions.at(-1)?.version ?? null) : null } satisfies PolicyVersionList)
}

async function showVersion(context: Context, services: ApiServices, number: string): Promise<Response> {
  const caller = await callerOf(context, services)
  caller.require(...READERS)
  const version = /^[1-9]\d{0,8}$/.test(number) ? await services.policyAdministration.read(Number(number)) : undefined
  if (version === undefined) throw new ApiFailure('not-found', 'there is no such version of the policy', 'GET /api/v1/policy/versions lists those that there are.')
  return context.json(version)
}

async function showSchema(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  caller.require(...READERS)
  return context.json(services.policyAdministration.schema())
}

/** Of values that the caller brings: no target is asked, and nothing is kept. */
async function previewMasks(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  caller.require(...READERS)
  const request = MaskPreviewRequest.safeParse(await context.req.json().catch(() => undefined))
  if (!request.success) throw new ApiFailure('invalid-request', 'the request is no preview of masks', 'Send {"samples": ["…"]}: 1 to 20 samples of at most 1000 characters.')
  const masks = services.policyAdministration.masks(request.data.document)
  if (masks === undefined) throw new ApiFailure('invalid-policy', 'the document is wrong, so its masks cannot be shown', 'Correct it first; the policy in force stays.')
  return context.json({ masks: masks.slice(0, MAX_PREVIEWED).map((mask) => previewOf(mask, request.data.samples)) } satisfies MaskPreviewList)
}

function previewOf(mask: MaskEntry | DetectorMask, samples: readonly string[]): MaskPreview {
  const { name, method, keep = null, targets, unless = null } = mask
  const inColumns = 'columns' in mask
  return {
    name, method, keep, unless, targets: targets === undefined ? null : [...targets], columns: inColumns ? [...mask.columns] : null,
    finds: inColumns ? null : [...mask.detect ?? [], ...mask.patterns ?? []], masked: [...previewMask(mask, samples)],
  }
}

/** Nothing comes of it, so nothing goes on record. */
async function checkPolicy(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  caller.require('administrator')
  const problems = services.policyAdministration.check(await documentIn(context))
  return context.json({ problems: problems.slice(0, MAX_PROBLEMS) } satisfies PolicyCheck)
}

/** The attempt goes on record before it takes effect, what became of it after. */
async function applyPolicy(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  caller.require('administrator')
  const text = await documentIn(context)
  const sha256 = createHash('sha256').update(text).digest('hex')
  const before = services.policies.current.version
  const by = caller.identity.name
  const attempt = { by, action: 'policy.apply', subject: `document sha256:${sha256}`, reason: calledWith(caller) }
  await recordEvent(services.ledger, encodeAdministratorActed(attempt, Date.now()))
  const result = await services.policyAdministration.apply(text, by)
  if (!result.applied) {
    const rejection = { ...attempt, action: 'policy.reject', reason: `${result.problems.length} problems` }
    await recordEvent(services.ledger, encodeAdministratorActed(rejection, Date.now()), 'the document is wrong, and that could not be put on record')
    throw new ApiFailure(
      'invalid-policy', 'the document is wrong; the policy in force stays', 'correct it; sallyport policy check FILE shows the same without applying it',
      result.problems.slice(0, MAX_PROBLEMS),
    )
  }
  const { version } = result
  services.log.info({ version, by }, 'a policy was applied through the control API')
  await recordEvent(services.ledger, encodePolicyApplied(version, sha256, by, Date.now()), 'the policy is in force, but that could not be put on record')
  const body: PolicyApplied = { version, changed: version !== before }
  return context.json(body)
}

/** @throws ApiFailure when the body is no text that is declared as YAML */
async function documentIn(context: Context): Promise<string> {
  if (!YAML.test(context.req.header('content-type') ?? '')) {
    throw new ApiFailure('unsupported-media-type', 'the body is not declared as YAML', 'Send the document with content-type application/yaml.')
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await context.req.arrayBuffer())
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new ApiFailure('invalid-request', 'the document is not UTF-8', 'Save it as UTF-8.')
  }
}
