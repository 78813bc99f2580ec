import { createHash } from 'node:crypto'
import type { PolicyApplied } from '@sallyport/contract'
import type { Context } from 'hono'
import { encodeAdministratorActed, encodePolicyApplied } from '../governance/recording/events.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { calledWith, callerOf } from './caller.ts'
import { recordEvent } from './record-event.ts'

/** RFC 9512, and what was usual before it. */
const YAML = /^(application\/(x-)?yaml|text\/(x-)?yaml|text\/plain)(\s*;|$)/i

export async function showPolicy(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  caller.require('reviewer', 'auditor', 'operator', 'administrator')
  const version = await services.policyAdministration.read()
  if (version === undefined) throw new ApiFailure('not-found', 'no policy was applied yet', 'Apply one with `sallyport policy apply`.')
  return context.json(version)
}

/** The attempt goes on record before it takes effect, what became of it after. */
export async function applyPolicy(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  caller.require('administrator')
  if (!YAML.test(context.req.header('content-type') ?? '')) {
    throw new ApiFailure('unsupported-media-type', 'the body is not declared as YAML', 'Send the document with content-type application/yaml.')
  }
  const text = documentText(await context.req.arrayBuffer())
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
      result.problems.slice(0, 100),
    )
  }
  const { version } = result
  services.log.info({ version, by }, 'a policy was applied through the control API')
  await recordEvent(services.ledger, encodePolicyApplied(version, sha256, by, Date.now()), 'the policy is in force, but that could not be put on record')
  const body: PolicyApplied = { version, changed: version !== before }
  return context.json(body)
}

function documentText(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ApiFailure('invalid-request', 'the document is not UTF-8', 'Save it as UTF-8.')
  }
}
