import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readField } from './masked-field.ts'
import { FieldMasks } from './masked-fields.ts'
import { maskJson } from './wire/mask-json.ts'
import { readRequestTarget } from './wire/request-target.ts'

const masksOf = (...fields: string[]): FieldMasks => new FieldMasks(fields.map(readField), 'masked')

describe('fields of a target', () => {
  test('of a pod or a template are masked in all kinds that hold the same', () => {
    const kinds = ['pods', 'podtemplates', 'replicationcontrollers', 'deployments.apps', 'replicasets.apps', 'statefulsets.apps', 'daemonsets.apps', 'controllerrevisions.apps', 'jobs.batch', 'cronjobs.batch']
    for (const field of ['pods:spec.containers[*].env[*].value', 'deployments.apps:spec.template.spec.initContainers[*].args', 'cronjobs.batch:spec.jobTemplate.spec.template.metadata.annotations.note', 'podtemplates:template.spec.hostname']) {
      const masks = masksOf(field)
      for (const kind of kinds) assert.ok(masks.forObject(kind), `${field} in ${kind}`)
    }
  })

  test('that are no pod\'s are masked where they are', () => {
    for (const [field, kind] of [['pods:status.podIP', 'pods'], ['deployments.apps:spec.paused', 'deployments.apps'], ['deployments.apps:metadata.annotations.note', 'deployments.apps'], ['configmaps:data.a', 'configmaps'], ['pods:spec', 'pods']] as const) {
      const masks = masksOf(field)
      assert.ok(masks.forObject(kind))
      for (const other of ['replicasets.apps', 'jobs.batch', 'controllerrevisions.apps']) assert.equal(masks.forObject(other), undefined, field)
    }
    assert.ok(masksOf('events:message').forObject('events.events.k8s.io'))
  })

  test('may show in tables, unless it is known that they do not', () => {
    assert.equal(masksOf('pods:spec.containers[*].env[*].value').showInTables('deployments.apps'), false)
    assert.equal(masksOf('configmaps:data.a').showInTables('configmaps'), false)
    assert.equal(masksOf('pods:spec.containers[*].image').showInTables('deployments.apps'), true)
    assert.equal(masksOf('widgets.example.com:data.a').showInTables('widgets.example.com'), true)
    assert.equal(masksOf().showInTables('secrets'), false)
  })

  test('are told by selectors on them, on what holds them, and on what is in them', () => {
    const told = (field: string, query: string): boolean => masksOf(field).isToldBy(field.split(':')[0] ?? '', readRequestTarget(`/x?${query}`).query)
    for (const [field, query] of [
      ['widgets.example.com:spec.password', 'fieldSelector=spec.password%3Dx'], ['widgets.example.com:spec', 'fieldSelector=spec.password!%3Dx'], ['widgets.example.com:spec.*', 'fieldSelector=a%3Db,%20.spec.password%3D%3Dx'],
      ['widgets.example.com:spec.password.old', 'fieldSelector=spec.password%3Dx'], ['pods:spec.nodeName', 'fieldSelector=spec.nodeName%3Dx'], ['nodes:metadata.labels.rack', 'labelSelector=rack'],
    ] as const) assert.equal(told(field, query), true, `${field} ${query}`)
    for (const [field, query] of [['widgets.example.com:spec.password', 'fieldSelector=spec.passwords%3Dx'], ['widgets.example.com:spec.password', 'labelSelector=a%3Db'], ['pods:spec.nodeName', 'fieldSelector=status.phase%3Dx'], ['nodes:metadata.labels.rack', 'labelSelector='], ['pods:metadata.name', 'limit=5']] as const) {
      assert.equal(told(field, query), false, `${field} ${query}`)
    }
  })

  test('are no longer to be seen in what a Scale says of an object', () => {
    const scale = Buffer.from(JSON.stringify({ kind: 'Scale', spec: { replicas: 2 }, status: { replicas: 2, selector: 'hunter2' } }))
    const shown = (field: string): object => {
      const resource = field.split(':')[0] ?? ''
      return JSON.parse(maskJson(scale, masksOf(field).forAnswer(resource, 'scale') ?? []).toString()) as object
    }
    assert.deepEqual(shown('widgets.example.com:spec.password'), { kind: 'Scale', spec: { replicas: 0 }, status: { replicas: 0, selector: '[redacted]' } })
    assert.deepEqual(shown('deployments.apps:spec.selector.matchLabels.app'), { kind: 'Scale', spec: { replicas: 2 }, status: { replicas: 2, selector: '[redacted]' } })
    assert.deepEqual(shown('deployments.apps:metadata.annotations.note'), { kind: 'Scale', spec: { replicas: 2 }, status: { replicas: 2, selector: 'hunter2' } })
  })

  test('leave nothing in copies that others keep of an object, nor in what it says of its owners', () => {
    const masks = masksOf('widgets.example.com:spec.keys[*]')
    const object = { metadata: { annotations: { plain: 'hunter2 in words', json: '{"spec":{"keys":["hunter2"],"a":1}}', list: '[1]', gzip: 'H4sIAAAA', zip: 'UEsDBBQA', broken: '{"spec":{"keys":["hunter2"' }, managedFields: [{ manager: 'me', fieldsV1: { 'v:"hunter2"': {} } }] }, spec: { keys: ['hunter2'] } }
    assert.deepEqual(JSON.parse(maskJson(Buffer.from(JSON.stringify(object)), masks.forObject('widgets.example.com') ?? []).toString()), {
      metadata: { annotations: { plain: 'hunter2 in words', json: '{"spec":{"keys":["[redacted]"],"a":1}}', list: '[1]', gzip: '{}', zip: '{}', broken: '{}' }, managedFields: [{ manager: 'me', fieldsV1: {} }] }, spec: { keys: ['[redacted]'] },
    })
  })
})
