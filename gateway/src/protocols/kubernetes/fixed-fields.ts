import type { RequestBody } from './request-body.ts'
import { maskJson, type MaskTree } from './wire/mask-json.ts'
import { isObject, type Json } from './wire/strict-json.ts'

/**
 * Parts of objects that cannot be changed once they are made. The API server takes a change to them that is none, and
 * refuses any other: so it would tell whether a guess at what is masked there is right, as often as it is asked.
 */
const FIXED: Readonly<Record<string, string>> = {
  pods: 'spec', 'jobs.batch': 'spec', 'controllerrevisions.apps': 'data', persistentvolumes: 'spec', persistentvolumeclaims: 'spec',
  'storageclasses.storage.k8s.io': 'parameters', 'certificatesigningrequests.certificates.k8s.io': 'spec',
}
/** Objects that say themselves that they cannot be changed. */
const MAY_BE_IMMUTABLE: ReadonlySet<string> = new Set(['secrets', 'configmaps'])

/** Whether a change names something masked in a part that is fixed. */
export function touchesFixed(resource: string, body: RequestBody, trees: readonly MaskTree[]): boolean {
  const part = FIXED[resource]
  return part !== undefined && touches(body, trees, part)
}

/** Whether a change names something masked of an object that may be immutable. */
export function mayTellImmutable(resource: string, body: RequestBody, trees: readonly MaskTree[]): boolean {
  return MAY_BE_IMMUTABLE.has(resource) && touches(body, trees)
}

function touches({ json, isJsonPatch }: RequestBody, trees: readonly MaskTree[], part?: string): boolean {
  const changes = isJsonPatch && Array.isArray(json) ? (json as readonly Json[]).map(changeOf) : [json ?? null]
  return changes.some((change) => {
    if (change === undefined) return true
    const within = part === undefined || !isObject(change) ? change : part in change ? { [part]: change[part] ?? null } : {}
    const text = Buffer.from(JSON.stringify(within))
    return maskJson(text, trees) !== text
  })
}

/** The value of a step of a JSON patch at its place; undefined when that is not certain. */
function changeOf(step: Json): Json | undefined {
  if (!isObject(step) || typeof step['path'] !== 'string') return undefined
  const names = step['path'].split('/').slice(1).map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  // What is removed is something, and may be all.
  return names.toReversed().reduce<Json>((value, name) => (/^(?:\d+|-)$/.test(name) ? [value] : { [name]: value }), step['value'] ?? '')
}
