import assert from 'node:assert/strict'
import https from 'node:https'
import { after, before, describe, test } from 'node:test'
import { clusterObstacle, type KubeCluster, startCluster } from '../support/kube-cluster.ts'
import { type KubeGateway, startKubeGateway } from '../support/kube-gateway.ts'

const POLICY = `masks: []
rules:
  - { name: trials, when: '"dry-run" in operation.actions', then: allow }
  - { name: writes, when: '"write" in operation.actions', then: allow }
  - { name: reads, when: operation.readOnly, then: allow }
`
const OBJECTS = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'open' }, data: { password: 'right' } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'fixed' }, immutable: true, data: { password: 'right' } },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'fixed' }, immutable: true, data: { password: 'cmlnaHQ=' } },
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { automountServiceAccountToken: false, containers: [{ name: 'main', image: 'x', env: [{ name: 'PASSWORD', value: 'right' }] }] } },
]
const SPACE = '/api/v1/namespaces/default'
const MERGE = 'application/strategic-merge-patch+json'

describe('a real API server', { skip: clusterObstacle() ?? false, timeout: 300_000 }, () => {
  let cluster: KubeCluster
  let gateway: KubeGateway

  before(async () => {
    cluster = await startCluster()
    gateway = await startKubeGateway({
      port: cluster.port, caFile: cluster.caFile, credential: cluster.adminToken, policy: POLICY,
      settings: "    maskedFields: ['pods:spec.containers[*].env[*].value', 'configmaps:data.password']",
    })
    await cluster.kubectl(['-n', 'default', 'apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: OBJECTS }))
  })
  after(async () => {
    await gateway?.stop()
    await cluster?.stop()
  })

  const send = (method: string, path: string, object: object, type = 'application/json'): Promise<{ status: number; text: string }> => new Promise((resolve, reject) => {
    const body = JSON.stringify(object)
    const request = https.request({
      host: '127.0.0.1', port: gateway.port, method, path: `/cluster${SPACE}/${path}`, ca: gateway.certificate.cert, checkServerIdentity: () => undefined,
      headers: { authorization: `Bearer ${gateway.token}`, 'content-type': type, 'content-length': body.length },
    }, (answer) => {
      let text = ''
      answer.on('data', (part: Buffer) => (text += part.toString())).on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    })
    request.on('error', reject)
    request.end(body)
  })

  test('deletes nothing by a dry run that it would not take for one', async () => {
    const options = { kind: 'DeleteOptions', apiVersion: 'v1' }
    const answers = [
      await send('DELETE', 'configmaps/open?dryRun=All', options), await send('DELETE', 'configmaps/open', { ...options, deleteOptions: { dryRun: ['All'] } }),
      await send('DELETE', 'configmaps?labelSelector=x!%3Dy&dryRun=All', options),
    ]
    assert.deepEqual(answers.map(({ status }) => status), [403, 403, 403])
    assert.equal((await send('DELETE', 'configmaps/open', { ...options, dryRun: ['All'] })).status, 200)
    assert.match(await cluster.kubectl(['-n', 'default', 'get', 'configmaps', '-o', 'name']), /configmap\/open/)
  })

  test('answers a right guess at what cannot be changed as a wrong one', async () => {
    const changes = (guess: string): readonly (readonly [string, object])[] => [
      ['pods/web', { spec: { containers: [{ name: 'main', env: [{ name: 'PASSWORD', value: guess }] }] } }],
      ['configmaps/fixed', { data: { password: guess } }],
      ['secrets/fixed', { data: { password: Buffer.from(guess).toString('base64') } }],
      ['secrets/fixed', { stringData: { password: guess } }],
    ]
    const answers = async (guess: string) => Promise.all(changes(guess).map(([path, change]) => send('PATCH', path, change, MERGE)))
    const wrong = await answers('wrong')
    assert.deepEqual(wrong.map(({ status }) => status), [403, 403, 403, 403])
    assert.deepEqual(await answers('right'), wrong)
  })

  test('takes changes to what is masked and can be changed, and others to what cannot', async () => {
    assert.equal((await send('PATCH', 'configmaps/open', { data: { password: 'new' } }, MERGE)).status, 200)
    assert.equal((await send('PATCH', 'secrets/fixed', { metadata: { labels: { a: 'b' } } }, MERGE)).status, 200)
    assert.equal((await send('PATCH', 'pods/web', { spec: { containers: [{ name: 'main', image: 'y' }] } }, MERGE)).status, 200)
  })
})
