import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { loadShellParser } from '../../shell/analyse-command.ts'
import { readableAccept } from './client-request.ts'
import { kubeOperation } from './kube-operation.ts'
import { FieldSyntaxError, readField } from './masked-field.ts'
import { FieldMasks } from './masked-fields.ts'
import { readRequestInfo } from './wire/request-info.ts'
import { readRequestTarget } from './wire/request-target.ts'
import { readStrictJson } from './wire/strict-json.ts'

function operation(line: string, body?: unknown, contentType = 'application/json', masks = new FieldMasks([], 'masked')) {
  const [method = '', url = ''] = line.split(' ')
  const target = readRequestTarget(url)
  const bytes = Buffer.from(JSON.stringify(body ?? null))
  const read = body === undefined ? undefined : { bytes, text: bytes, json: readStrictJson(bytes), isJsonPatch: contentType === 'application/json-patch+json', hasUnknown: false }
  const client = { method, targetName: 'cluster', prefix: '/cluster', target, token: '', userAgent: '', purpose: undefined, contentType, headers: {} }
  return kubeOperation(client, readRequestInfo(method, target), read, { masks, detects: true })
}

describe('what a request does', () => {
  before(() => loadShellParser())

  const ns = '/api/v1/namespaces/apps'
  for (const [line, actions, object, readOnly] of [
    [`GET ${ns}/pods`, 'list read', 'apps/pods/*', true], [`GET ${ns}/pods/web`, 'get read', 'apps/pods/web', true], ['GET /api/v1/pods?watch=1', 'watch read', '*/pods/*', true],
    [`GET ${ns}/pods/web/log`, 'get read log', 'apps/pods/web/log', true], ['GET /apis/apps/v1/namespaces/apps/deployments/web/scale', 'get read', 'apps/deployments.apps/web/scale', true],
    [`POST ${ns}/pods`, 'create write', 'apps/pods/*', false], [`PUT ${ns}/pods/web`, 'update write', 'apps/pods/web', false], [`PATCH ${ns}/pods/web?dryRun=All`, 'patch write dry-run', 'apps/pods/web', false],
    [`DELETE ${ns}/pods/web`, 'delete remove', 'apps/pods/web', false], [`DELETE ${ns}/pods`, 'deletecollection remove', 'apps/pods/*', false],
    [`POST ${ns}/pods/web/eviction`, 'create write evict remove', 'apps/pods/web/eviction', false], [`POST ${ns}/serviceaccounts/robot/token`, 'create write issue-token', 'apps/serviceaccounts/robot/token', false],
    [`GET ${ns}/pods/web/attach?stdin=1&tty=1`, 'connect attach shell interactive', 'apps/pods/web/attach', false], [`POST ${ns}/pods/web/portforward`, 'connect port-forward forward', 'apps/pods/web/portforward', false],
    ['GET /api/v1/nodes/n1/proxy/stats', 'connect proxy forward', '*/nodes/n1/proxy', false], [`GET ${ns}/pods/web/exec?command=cat&command=/etc/hosts`, 'connect exec read', 'apps/pods/web/exec', false],
    ['POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews', 'create ask read', '*/selfsubjectaccessreviews.authorization.k8s.io/*', true],
    ['POST /apis/authentication.k8s.io/v1/selfsubjectreviews', 'create ask read', '*/selfsubjectreviews.authentication.k8s.io/*', true],
    ['POST /apis/authentication.k8s.io/v1/tokenreviews', 'create write', '*/tokenreviews.authentication.k8s.io/*', false], ['POST /apis/example.com/v1/selfsubjectaccessreviews', 'create write', '*/selfsubjectaccessreviews.example.com/*', false],
    ['PUT /apis/rbac.authorization.k8s.io/v1/clusterroles/x', 'update write rbac', '*/clusterroles.rbac.authorization.k8s.io/x', false], ['GET /apis', 'discover read', '/apis', true],
    ['GET /openapi/v3/apis/apps/v1', 'discover read', '/openapi/v3/apis/apps/v1', true], ['GET /readyz/ping', 'get read', '/readyz/ping', true], ['GET /logs', 'get unknown', '/logs', false],
    [`GET ${ns}/pods/web/whatever`, 'get unknown', 'apps/pods/web/whatever', false], ['DELETE /api/v1/namespaces/apps', 'delete remove', 'apps/namespaces/apps', false],
  ] as const) {
    test(line, () => {
      const { facts } = operation(line)
      assert.deepEqual([facts.actions.join(' '), facts.objects[0], facts.readOnly], [actions, object, readOnly])
      assert.equal(facts.unknown, actions.includes('unknown'))
    })
  }

  test('a delete is filtered when something says what to take', () => {
    const filtered = (query: string): boolean => operation(`DELETE ${ns}/pods${query}`).facts.filtered
    for (const query of ['', '?labelSelector=', '?labelSelector=app!%3Dweb', '?labelSelector=!app', '?labelSelector=app+notin+(a,b)', '?fieldSelector=metadata.namespace%3Dapps', '?labelSelector=a!%3Db,!c']) assert.equal(filtered(query), false, query)
    for (const query of ['?labelSelector=app%3Dweb', '?labelSelector=app', '?labelSelector=app+in+(a,b)', '?labelSelector=!a,b%3Dc', '?fieldSelector=metadata.name%3Dweb']) assert.equal(filtered(query), true, query)
    assert.equal(operation('DELETE /api/v1/namespaces/apps').facts.filtered, false)
    assert.equal(operation(`DELETE ${ns}/pods/web`).facts.filtered, true)
  })

  test('a dry run is one only where the API server takes it for one', () => {
    const tried = (line: string, body?: unknown): boolean => operation(line, body).facts.actions.includes('dry-run')
    const all = ['All']
    for (const [line, body] of [
      [`DELETE ${ns}/pods/web?dryRun=All`], [`DELETE ${ns}/pods/web`, { dryRun: all }], [`DELETE ${ns}/pods`, { kind: 'DeleteOptions', dryRun: all }],
      [`POST ${ns}/pods/web/eviction`, { deleteOptions: { dryRun: all } }], [`POST ${ns}/pods/web/eviction?dryRun=All`, { metadata: {} }],
    ] as const) assert.ok(tried(line, body), `${line} ${JSON.stringify(body)}`)
    for (const [line, body] of [
      [`DELETE ${ns}/pods/web?dryRun=All`, {}], [`DELETE ${ns}/pods?dryRun=All`, { kind: 'DeleteOptions' }], [`DELETE ${ns}/pods/web`, { deleteOptions: { dryRun: all } }], [`DELETE ${ns}/pods/web?dryRun=All`, { dryRun: [] }],
      [`POST ${ns}/pods/web/eviction`, { dryRun: all }], [`POST ${ns}/serviceaccounts/robot/token?dryRun=All`, {}], [`GET ${ns}/pods?dryRun=All`],
    ] as const) assert.ok(!tried(line, body), `${line} ${JSON.stringify(body)}`)
  })

  test('a guess at a masked value that cannot be changed is refused', () => {
    const masks = new FieldMasks([readField('pods:spec.containers[*].env[*].value')], 'masked')
    const refused = (line: string, body: unknown, type = 'application/strategic-merge-patch+json'): boolean => operation(line, body, type, masks).facts.maskViolation !== undefined
    const spec = { containers: [{ name: 'main', env: [{ name: 'PIN', value: 'guess' }] }] }
    const step = (path: string, value: unknown) => [{ op: 'replace', path, value }]
    const json = 'application/json-patch+json'
    assert.ok(refused(`PATCH ${ns}/pods/web`, { spec }))
    assert.ok(refused(`PUT ${ns}/pods/web`, { spec }, 'application/json'))
    assert.ok(refused(`PATCH ${ns}/pods/web/ephemeralcontainers`, { spec: { ephemeralContainers: spec.containers } }))
    assert.ok(refused('PATCH /apis/batch/v1/namespaces/apps/jobs/web', { spec: { template: { spec } } }))
    for (const [path, value] of [['/spec/containers/0/env/0/value', 'guess'], ['/spec/containers/-', spec.containers[0]], ['/spec', spec], ['', { spec }]] as const) assert.ok(refused(`PATCH ${ns}/pods/web`, step(path, value), json), path)
    assert.ok(!refused(`PATCH ${ns}/pods/web`, { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'main', image: 'nginx:2' }] } }))
    assert.ok(!refused(`PATCH ${ns}/pods/web`, step('/spec/containers/0/image', 'nginx:2'), json))
    assert.ok(!refused(`POST ${ns}/pods`, { spec }, 'application/json'))
    assert.ok(!refused('PATCH /apis/apps/v1/namespaces/apps/deployments/web', { spec: { template: { spec } } }))
  })

  test('a body is looked through for what gives power, at any depth', () => {
    const spec = { nodeName: 'n1', hostNetwork: true, volumes: [{ hostPath: { path: '/etc' } }], containers: [{ image: 'nginx:1', ports: [{ hostPort: 80 }], securityContext: { privileged: true, allowPrivilegeEscalation: true, capabilities: { add: ['NET_ADMIN'] } } }] }
    const { facts } = operation('POST /apis/batch/v1/namespaces/apps/cronjobs', { metadata: { name: 'nightly' }, spec: { jobTemplate: { spec: { template: { spec } } } } })
    assert.deepEqual(facts.actions.toSorted(), ['capabilities', 'create', 'host-network', 'host-path', 'host-port', 'privilege-escalation', 'privileged', 'write'])
    assert.deepEqual(facts.objects, ['apps/cronjobs.batch/nightly', 'node:n1', 'host-path:/etc', 'image:nginx:1'])
    const quiet = operation(`POST ${ns}/pods`, { spec: { hostNetwork: false, containers: [{ securityContext: { privileged: false, capabilities: { drop: ['ALL'] } } }] } })
    assert.deepEqual(quiet.facts.actions, ['create', 'write'])
  })

  test('a Secret is named by whatever ends in a reference to one', () => {
    for (const volume of [{ csi: { nodePublishSecretRef: { name: 'db' } } }, { secret: { secretName: 'db' } }, { tls: { certSecretName: 'db' } }, { x: { authSecretKeyRef: { name: 'db', key: 'a' } } }]) {
      const { facts } = operation(`POST ${ns}/pods`, { spec: { volumes: [volume] } })
      assert.ok(facts.actions.includes('use-secret') && facts.objects.includes('secret:db'), JSON.stringify(volume))
    }
    assert.ok(!operation(`POST ${ns}/pods`, { spec: { automountServiceAccountToken: false, volumes: [{ configMap: { name: 'x' } }] } }).facts.actions.includes('use-secret'))
  })

  test('a JSON patch is looked through by its paths, and unknown where it copies', () => {
    const patch = (...steps: object[]) => operation(`PATCH ${ns}/pods/web`, steps, 'application/json-patch+json').facts
    assert.ok(patch({ op: 'add', path: '/spec/containers/0/securityContext/privileged', value: true }).actions.includes('privileged'))
    assert.ok(patch({ op: 'replace', path: '/spec', value: { hostPID: true } }).actions.includes('host-pid'))
    assert.equal(patch({ op: 'replace', path: '/spec/replicas', value: 1 }).unknown, false)
    assert.equal(patch({ op: 'copy', from: '/a', path: '/b' }).unknown, true)
    assert.equal(patch({ op: 'add', value: 1 }).unknown, true)
  })

  test('who is given which role is said', () => {
    const { facts } = operation('POST /apis/rbac.authorization.k8s.io/v1/clusterrolebindings', { metadata: { name: 'x' }, roleRef: { name: 'cluster-admin' } })
    assert.deepEqual([facts.actions, facts.objects], [['create', 'write', 'rbac', 'escalate'], ['*/clusterrolebindings.rbac.authorization.k8s.io/x', 'role:cluster-admin']])
  })

  test('no value of a secret stands in its text', () => {
    const { text } = operation(`PUT ${ns}/secrets/db`, { metadata: { name: 'db' }, data: { password: 'aHVudGVyMg==' }, stringData: { pin: 'hunter2' } })
    assert.match(text, /^PUT \/api\/v1\/namespaces\/apps\/secrets\/db\n\{"metadata":\{"name":"db"\}/)
    assert.doesNotMatch(text, /aHVudGVyMg|hunter2/)
    assert.doesNotMatch(operation(`PATCH ${ns}/secrets/db`, [{ op: 'add', path: '/data/password', value: 'aHVudGVyMg==' }], 'application/json-patch+json').text, /aHVudGVyMg/)
    assert.match(operation(`PUT ${ns}/secrets/db`, { data: { a: 'aHVudGVyMg==' } }, 'application/json', new FieldMasks([], 'readable')).text, /aHVudGVyMg/)
  })
})

test('fields are named as people write paths', () => {
  assert.deepEqual(readField('deployments.apps:spec.containers[*].env[*].value'), { resource: 'deployments.apps', path: ['spec', 'containers', '[*]', 'env', '[*]', 'value'] })
  assert.deepEqual(readField('configmaps:data["app.properties"]'), { resource: 'configmaps', path: ['data', 'app.properties'] })
  assert.deepEqual(readField('configmaps:data.*'), { resource: 'configmaps', path: ['data', '*'] })
  for (const text of ['', 'configmaps', 'configmaps:', ':data', 'configmaps:.data', 'configmaps:data..x', 'configmaps:data[0]', 'Config Maps:data', 'configmaps:data[*]x', `configmaps:${'a.'.repeat(40)}a`]) assert.throws(() => readField(text), FieldSyntaxError, text)
})

test('only what can be read is asked for', () => {
  for (const [given, sent] of [
    [undefined, 'application/json'], ['application/vnd.kubernetes.protobuf', 'application/json'], ['application/vnd.kubernetes.protobuf,application/json', 'application/json'], ['*/*', 'application/json'],
    ['application/json;as=Table;v=v1;g=meta.k8s.io,application/json', 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'], ['application/json;stream=watch', 'application/json;stream=watch'],
    ['application/cbor-seq, text/plain', 'text/plain'], ['APPLICATION/VND.KUBERNETES.PROTOBUF', 'application/json'], ['application/*;q=0.5', 'application/json'], ['', 'application/json'],
  ] as const) assert.equal(readableAccept(given), sent)
})
