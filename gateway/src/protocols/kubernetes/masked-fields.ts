import { REDACTED } from '../../governance/masking/apply-mask.ts'
import type { MaskTree, Replacement } from './wire/mask-json.ts'

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
const EVERY_ITEM = '[*]'

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

/** Secret data is base64: what replaces it must be too, or no client can read the object. */
export const REDACTED_BASE64 = Buffer.from(REDACTED).toString('base64')
const redact: Replacement = () => REDACTED
const redactBase64: Replacement = () => REDACTED_BASE64

/** kubectl keeps the whole object as it was applied in here. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** What is masked in objects of one target, by resource. */
export class FieldMasks {
  readonly #trees = new Map<string, readonly MaskTree[]>()

  constructor(fields: readonly MaskedField[], secrets: 'masked' | 'readable') {
    const places = new Map<string, MaskTree[]>()
    const add = (resource: string, tree: MaskTree): void => void places.set(resource, [...(places.get(resource) ?? []), tree])
    if (secrets === 'masked') {
      add('secrets', { names: new Map([['data', { anyName: { replace: redactBase64 } }], ['stringData', { anyName: { replace: redact } }]]) })
    }
    for (const { resource, path } of fields) add(resource, treeOf(path, resource === 'secrets' && path[0] === 'data' ? redactBase64 : redact))
    for (const [resource, trees] of places) this.#trees.set(resource, objectTrees(trees))
  }

  /** Trees for one object of a resource, such as `secrets` or `deployments.apps`; undefined when nothing of it is masked. */
  forObject(resource: string): readonly MaskTree[] | undefined {
    return this.#trees.get(resource)
  }

  /** Trees for any answer about a resource: an object, a list, a table, or an event of a watch on one of these. */
  forAnswer(resource: string): readonly MaskTree[] | undefined {
    const trees = this.#trees.get(resource)
    if (trees === undefined) return undefined
    const inside = trees.flatMap((tree): MaskTree[] => [
      { names: new Map([['items', { items: tree }]]) },
      { names: new Map([['rows', { items: { names: new Map([['object', tree]]) } }]]) },
    ])
    const whole = [...trees, ...inside]
    return [...whole, ...whole.map((tree): MaskTree => ({ names: new Map([['object', tree]]) }))]
  }
}

function objectTrees(trees: readonly MaskTree[]): readonly MaskTree[] {
  const annotation = trees.map((tree): MaskTree => ({ names: new Map([['metadata', { names: new Map([['annotations', { names: new Map([[LAST_APPLIED, { embedded: tree }]]) }]]) }]]) }))
  return [...trees, ...annotation]
}

function treeOf(path: readonly string[], replace: Replacement): MaskTree {
  return path.toReversed().reduce<MaskTree>((below, part) => {
    if (part === EVERY_ITEM) return { items: below }
    return part === '*' ? { anyName: below } : { names: new Map([[part, below]]) }
  }, { replace })
}
