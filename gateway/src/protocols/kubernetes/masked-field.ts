/** Fields of objects whose values the agent does not see. */

/** One field: `configmaps:data.password`, `pods:spec.containers[*].env[*].value`, `configmaps:data["app.properties"]`. */
export interface MaskedField {
  /** `configmaps`, `deployments.apps`. */
  readonly resource: string
  /** Names; `*` for any name, `[*]` for every item. */
  readonly path: readonly string[]
}

export class FieldSyntaxError extends Error {
  override readonly name = 'FieldSyntaxError'
}

const FIELD = /^([a-z0-9][a-z0-9.-]*):(.+)$/
const PART = /^(?:\.?([A-Za-z0-9_*-]+)|(\[\*\])|\["([^"\\\p{Cc}]+)"\])/u
const MAX_PARTS = 32
export const EVERY_ITEM = '[*]'

/** @throws FieldSyntaxError */
export function readField(text: string): MaskedField {
  const [, resource = '', places = ''] = FIELD.exec(text) ?? []
  const path: string[] = []
  let rest = places
  while (rest !== '') {
    const match = PART.exec(rest)
    const begins = path.length === 0 ? !rest.startsWith('.') : /^[.[]/.test(rest)
    if (match === null || !begins) break
    path.push(match[1] ?? match[2] ?? match[3] ?? '')
    rest = rest.slice(match[0].length)
  }
  if (rest !== '' || path.length === 0 || path.length > MAX_PARTS) {
    throw new FieldSyntaxError('expected RESOURCE:PATH, such as configmaps:data.password or deployments.apps:spec.template.spec.containers[*].env[*].value')
  }
  return { resource, path }
}
