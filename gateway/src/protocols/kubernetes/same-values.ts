import type { MaskedField } from './masked-field.ts'

/** Where else the API shows the value of a field: a pod's in whatever it is made from, and in copies of that. */

/** Kinds that hold a template of pods, by where it is in them. */
const HOLDERS: Readonly<Record<string, readonly string[]>> = {
  pods: [], podtemplates: ['template'], replicationcontrollers: ['spec', 'template'], 'deployments.apps': ['spec', 'template'], 'replicasets.apps': ['spec', 'template'],
  'statefulsets.apps': ['spec', 'template'], 'daemonsets.apps': ['spec', 'template'], 'jobs.batch': ['spec', 'template'], 'cronjobs.batch': ['spec', 'jobTemplate', 'spec', 'template'],
  // What a StatefulSet or DaemonSet was before.
  'controllerrevisions.apps': ['data', 'spec', 'template'],
}
/** Of a pod; an operator who names one means what a container is told. */
const CONTAINERS = ['containers', 'initContainers', 'ephemeralContainers']
/** The same objects under two names. */
const ALIASES: Readonly<Record<string, string>> = {
  events: 'events.events.k8s.io', 'events.events.k8s.io': 'events', 'ingresses.extensions': 'ingresses.networking.k8s.io', 'ingresses.networking.k8s.io': 'ingresses.extensions',
}

/** @returns with the field itself */
export function sameValues(field: MaskedField): readonly MaskedField[] {
  const { resource, path } = field
  const alias = ALIASES[resource]
  if (alias !== undefined) return [field, { resource: alias, path }]
  const holder = HOLDERS[resource]
  const inPod = holder !== undefined && holder.every((name, at) => path[at] === name) ? path.slice(holder.length) : []
  const [part, which, ...rest] = inPod
  if (which === undefined || (part !== 'spec' && part !== 'metadata')) return [field]
  const places = part === 'spec' && CONTAINERS.includes(which) ? CONTAINERS.map((name) => [part, name, ...rest]) : [inPod]
  return Object.entries(HOLDERS).flatMap(([kind, before]) => places.map((place): MaskedField => ({ resource: kind, path: [...before, ...place] })))
}
