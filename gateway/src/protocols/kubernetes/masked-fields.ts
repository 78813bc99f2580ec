import { REDACTED } from '../../governance/masking/apply-mask.ts'
import { EVERY_ITEM, type MaskedField } from './masked-field.ts'
import { sameValues } from './same-values.ts'
import type { MaskTree, Replacement } from './wire/mask-json.ts'
import type { RequestTarget } from './wire/request-target.ts'

/** What agents do not see of objects. */

/** Secret data is base64: what replaces it must be too, or no client can read the object. */
export const REDACTED_BASE64 = Buffer.from(REDACTED).toString('base64')
const redact: Replacement = () => REDACTED
const redactBase64: Replacement = () => REDACTED_BASE64

/** kubectl keeps the whole object as it was applied in here. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** Tables of the API server's own kinds never show what is in these. What a custom one shows its definition says. */
const NOT_IN_TABLES = new Set(['env', 'data', 'stringData', 'binaryData', 'annotations', 'command', 'args'])
const OWN_GROUPS = /^[a-z]+(?:\.(?:apps|batch))?$/

/** What is masked in objects of one target, by resource. */
export class FieldMasks {
  readonly #trees = new Map<string, readonly MaskTree[]>()
  /** As the target names them, with all places where their values stand. */
  readonly #fields = new Map<string, MaskedField['path'][]>()

  constructor(fields: readonly MaskedField[], secrets: 'masked' | 'readable') {
    const places = new Map<string, MaskTree[]>()
    const add = (resource: string, tree: MaskTree): void => void places.set(resource, [...(places.get(resource) ?? []), tree])
    if (secrets === 'masked') {
      add('secrets', { names: new Map([['data', { anyName: { replace: redactBase64 } }], ['stringData', { anyName: { replace: redact } }]]) })
      // With it one would go round the gateway.
      add('serviceaccounts/token', { names: new Map([['status', { names: new Map([['token', { replace: redact }]]) }]]) })
    }
    for (const { resource, path } of fields.flatMap(sameValues)) {
      add(resource, treeOf(path, resource === 'secrets' && path[0] === 'data' ? redactBase64 : redact))
      // Sets and lists with keys have their values as names there.
      if (path.includes(EVERY_ITEM)) add(resource, OWNERS)
      this.#fields.set(resource, [...(this.#fields.get(resource) ?? []), path])
    }
    for (const [resource, trees] of places) this.#trees.set(resource, objectTrees(trees))
  }

  /** Trees for one object of a resource, such as `secrets` or `deployments.apps`; undefined when nothing of it is masked. */
  forObject(resource: string): readonly MaskTree[] | undefined {
    return this.#trees.get(resource)
  }

  /** Trees for any answer about a resource: an object, a list, a table, or an event of a watch on one of these. */
  forAnswer(resource: string, subresource = ''): readonly MaskTree[] | undefined {
    const own = this.#trees.get(resource)
    if (own === undefined) return undefined
    const trees = subresource === 'scale' && this.showInTables(resource) ? [...own, OWN_GROUPS.test(resource) ? SELECTORS : SCALE] : own
    const inside = trees.flatMap((tree): MaskTree[] => [
      { names: new Map([['items', { items: tree }]]) },
      { names: new Map([['rows', { items: { names: new Map([['object', tree]]) } }]]) },
    ])
    const whole = [...trees, ...inside]
    return [...whole, ...whole.map((tree): MaskTree => ({ names: new Map([['object', tree]]) }))]
  }

  /** Whether cells of the API server's tables may show a masked value. */
  showInTables(resource: string): boolean {
    return this.#fields.get(resource)?.some((path) => !OWN_GROUPS.test(resource) || !path.some((name) => NOT_IN_TABLES.has(name))) === true
  }

  /** Whether the API server's words about a change may quote a masked value: the whole object where it can not be patched so, of a pod all that differs. */
  mayBeQuoted(resource: string): boolean {
    return this.#trees.has(resource)
  }

  /** Whether what a selector chooses would tell a masked value. */
  isToldBy(resource: string, query: RequestTarget['query']): boolean {
    const fields = this.#fields.get(resource) ?? []
    const chosen = query.flatMap(([name, value]) => {
      if (name === 'labelSelector') return value === '' ? [] : [['metadata', 'labels']]
      return name === 'fieldSelector' ? value.split(',').map((part) => (part.split(/[=!]/)[0] ?? '').trim().replace(/^\./, '').split('.')) : []
    })
    return chosen.some((names) => fields.some((path) => names.every((name, at) => path[at] === undefined || path[at] === '*' || path[at] === name)))
  }
}

const OWNERS: MaskTree = { names: new Map([['metadata', { names: new Map([['managedFields', { items: { names: new Map([['fieldsV1', { emptied: true }]]) } }]]) }]]) }

const redacted = (...names: string[]): ReadonlyMap<string, MaskTree> => new Map(names.map((name) => [name, { replace: redact }]))
/** A Scale says in other places what is selected; of a custom resource its definition says which fields these are. */
const SELECTORS: MaskTree = { names: new Map([['status', { names: redacted('selector', 'targetSelector') }]]) }
const SCALE: MaskTree = { names: redacted('spec', 'status') }

/** Whoever applies objects keeps a copy in an annotation. */
function objectTrees(trees: readonly MaskTree[]): readonly MaskTree[] {
  const annotation = trees.map((tree): MaskTree => ({
    names: new Map([['metadata', { names: new Map([['annotations', { names: new Map([[LAST_APPLIED, { embedded: tree }]]), anyName: { perhapsEmbedded: tree } }]]) }]]),
  }))
  return [...trees, ...annotation]
}

function treeOf(path: readonly string[], replace: Replacement): MaskTree {
  return path.toReversed().reduce<MaskTree>((below, part) => {
    if (part === EVERY_ITEM) return { items: below }
    return part === '*' ? { anyName: below } : { names: new Map([[part, below]]) }
  }, { replace })
}
