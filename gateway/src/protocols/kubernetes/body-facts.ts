import type { OperationFacts } from '../../governance/operation.ts'
import type { RequestInfo } from './wire/request-info.ts'
import { isObject, type Json } from './wire/strict-json.ts'

/** What the body of a change asks for that rules care about, wherever in it: pod templates are in many kinds of objects. */

const POWER_VERBS = new Set(['*', 'bind', 'escalate', 'impersonate'])
const MAX_OBJECTS = 900

interface Findings {
  readonly actions: Set<string>
  readonly objects: Set<string>
  unknownBecause?: string
}

/** @param facts of the path alone @returns them with what the body adds */
export function withBody(facts: OperationFacts, info: RequestInfo, body: Json, { isJsonPatch, hasUnknown }: { readonly isJsonPatch: boolean; readonly hasUnknown: boolean }): OperationFacts {
  const found: Findings = { actions: new Set(), objects: new Set() }
  if (isJsonPatch) patch(body, found)
  else look(body, found)
  if (hasUnknown) found.unknownBecause = 'the body has protobuf fields that are not known here'
  if (info.group === 'rbac.authorization.k8s.io') rbac(body, found)
  // The name of what is created is in the body.
  const name = info.verb === 'create' && info.name === '' && isObject(body) ? metadataName(body) : undefined
  const objects = name === undefined ? facts.objects : facts.objects.map((object) => object.replace(/\/\*$/, `/${name}`))
  const because = found.unknownBecause ?? facts.unknownBecause
  return Object.freeze({
    ...facts,
    actions: [...new Set([...facts.actions, ...found.actions, ...(found.unknownBecause === undefined ? [] : ['unknown'])])],
    objects: [...objects, ...[...found.objects].slice(0, MAX_OBJECTS)],
    ...(found.unknownBecause !== undefined && { unknown: true, readOnly: false }),
    ...(because !== undefined && { unknownBecause: because }),
  })
}

function metadataName(body: { readonly [name: string]: Json }): string | undefined {
  const metadata = body['metadata']
  const name = isObject(metadata) ? metadata['name'] : undefined
  return typeof name === 'string' && /^[A-Za-z0-9.:_-]{1,253}$/.test(name) ? name : undefined
}

/** RFC 6902: each value at its place. */
function patch(body: Json, found: Findings): void {
  if (!Array.isArray(body)) {
    found.unknownBecause = 'the JSON patch is no list'
    return
  }
  for (const step of body as readonly Json[]) {
    const operation = isObject(step) ? step['op'] : undefined
    const path = isObject(step) ? step['path'] : undefined
    if (!isObject(step) || typeof path !== 'string') {
      found.unknownBecause = 'the JSON patch has a step without path'
      continue
    }
    if (operation === 'remove' || operation === 'test') continue
    if (operation !== 'add' && operation !== 'replace') {
      found.unknownBecause = 'the JSON patch moves or copies what only the API server knows'
      continue
    }
    const names = path.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    if (names.length > 64) found.unknownBecause = 'a path of the JSON patch is too long'
    else look(names.toReversed().reduce<Json>((value, name) => ({ [name]: value }), step['value'] ?? null), found)
  }
}

function look(value: Json, found: Findings): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) look(item, found)
    return
  }
  if (!isObject(value)) return
  for (const [name, part] of Object.entries(value)) {
    member(name, part, found)
    look(part, found)
  }
}

const FLAGS: Readonly<Record<string, string>> = {
  privileged: 'privileged', hostNetwork: 'host-network', hostPID: 'host-pid', hostIPC: 'host-ipc', allowPrivilegeEscalation: 'privilege-escalation',
}
const NAMED: Readonly<Record<string, string>> = { image: 'image', serviceAccountName: 'service-account', serviceAccount: 'service-account', nodeName: 'node' }

function member(name: string, part: Json, { actions, objects }: Findings): void {
  const flag = FLAGS[name]
  if (flag !== undefined && part === true) actions.add(flag)
  const kind = NAMED[name]
  if (kind !== undefined && typeof part === 'string' && part !== '') objects.add(`${kind}:${part.slice(0, 500)}`)
  if (name === 'hostPath' && part !== null) {
    actions.add('host-path')
    const path = isObject(part) ? part['path'] : undefined
    if (typeof path === 'string') objects.add(`host-path:${path.slice(0, 500)}`)
  }
  // Who may say what runs in a pod reads what it is given.
  const secret = secretOf(name, part)
  if (secret !== undefined) {
    actions.add('use-secret')
    if (secret !== '') objects.add(`secret:${secret.slice(0, 253)}`)
  }
  if (name === 'capabilities' && isObject(part) && Array.isArray(part['add']) && part['add'].length > 0) actions.add('capabilities')
  if (name === 'hostPort' && typeof part === 'number' && part > 0) actions.add('host-port')
}

/** `secretName`, `tlsSecretName`; `secretRef`, `secretKeyRef`, `nodePublishSecretRef`. */
const SECRET_NAME = /secretName$/i
const SECRET_REFERENCE = /secret(?:Key)?Ref$/i

/** Name of the Secret that a member hands on; empty when it names none. */
function secretOf(name: string, part: Json): string | undefined {
  if (SECRET_NAME.test(name) && typeof part === 'string') return part
  if (name !== 'secret' && !SECRET_REFERENCE.test(name)) return undefined
  if (!isObject(part)) return undefined
  const named = part['name'] ?? part['secretName']
  return typeof named === 'string' ? named : ''
}

/** Roles that hand on more than they hold, and who gets which role. */
function rbac(body: Json, { actions, objects }: Findings): void {
  const flat: Json[] = [body]
  for (let value = flat.pop(); value !== undefined; value = flat.pop()) {
    if (Array.isArray(value)) flat.push(...(value as readonly Json[]))
    if (!isObject(value)) continue
    flat.push(...Object.values(value))
    const { verbs, roleRef } = value
    if (Array.isArray(verbs) && verbs.some((verb) => typeof verb === 'string' && POWER_VERBS.has(verb))) actions.add('escalate')
    if (isObject(roleRef) && typeof roleRef['name'] === 'string') {
      objects.add(`role:${roleRef['name'].slice(0, 253)}`)
      if (roleRef['name'] === 'cluster-admin') actions.add('escalate')
    }
  }
}
