import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import { after, before, beforeEach, describe, test } from 'node:test'
import tls from 'node:tls'
import { writeServerFrame } from '../../src/protocols/kubernetes/wire/websocket-frames.ts'
import { eventually } from '../support/eventually.ts'
import { type KubeEcho, startKubeEcho } from '../support/kube-echo.ts'
import { type KubeGateway, startKubeGateway } from '../support/kube-gateway.ts'
import { readEvents } from '../support/ledger-records.ts'
import { type ApiUser, person } from '../support/reviewing.ts'

/** A Kubernetes target without a cluster: what the gateway makes of requests and answers. The real one is in `full/`. */
const POLICY = `masks:
  - { name: addresses, detect: [email], method: redact }
rules:
  - { name: no-deployments, when: 'operation.objects.exists(o, o.contains("/deployments.apps/"))', then: deny, message: deployments belong to the pipeline }
  - { name: asked, when: '"remove" in operation.actions || operation.objects.exists(o, o.startsWith("asked/"))', then: review, reviewers: [dba], approvals: 1, expires: 15m, hold: 1s, preview: rehearse }
  - { name: everything, then: allow }
roles: { reviewer: [dba], operator: [ops], auditor: [auditors] }
`
const CREDENTIAL = 'credential-of-the-gateway'
const SECRET = Buffer.from('hunter2-of-the-database').toString('base64')
const REDACTED = Buffer.from('[redacted]').toString('base64')

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

let echo: KubeEcho
let gateway: KubeGateway
let dba: ApiUser
let ops: ApiUser
let auditor: ApiUser

before(async () => {
  echo = await startKubeEcho()
  gateway = await startKubeGateway({
    port: echo.port, caFile: echo.caFile, credential: CREDENTIAL, policy: POLICY,
    settings: `    impersonate: true
    idle: 10s
    maskedFields: ['configmaps:data.password', 'pods:spec.containers[*].env[*].value', 'widgets.example.com:spec.password', 'widgets.example.com:spec.keys[*]', 'nodes:metadata.labels.rack']
    record: { rows: all }
`,
  })
  ;[dba, ops, auditor] = await Promise.all([person(() => gateway, 'dana', 'dba'), person(() => gateway, 'olga', 'ops'), person(() => gateway, 'alma', 'auditors')])
})
after(async () => {
  await gateway?.stop()
  await echo?.close()
})
beforeEach(() => {
  echo.seen.length = 0
  echo.answers.clear()
})

interface Asked {
  readonly method?: string
  readonly body?: object | string
  readonly headers?: Readonly<Record<string, string>>
  readonly token?: string
}

async function ask(path: string, { method = 'GET', body, headers = {}, token = gateway.token }: Asked = {}): Promise<Answer> {
  const request = https.request({
    host: '127.0.0.1', port: gateway.port, path: `/cluster${path}`, method, ca: gateway.certificate.cert, agent: false,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
  })
  request.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  const parts: Buffer[] = []
  for await (const part of answer as AsyncIterable<Buffer>) parts.push(part)
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts).toString() }
}

function answers(path: string, body: unknown, headers: Record<string, string> = {}): void {
  echo.answers.set(path, { headers, body: typeof body === 'string' ? body : JSON.stringify(body) })
}

describe('a request', () => {
  test('goes on with the gateway\'s credential, in the name of the identity, and comes back', async () => {
    answers('/api/v1/namespaces/default/services', { kind: 'ServiceList', items: [] })
    const { status, body, headers } = await ask('/api/v1/namespaces/default/services?limit=500', { headers: { accept: 'application/vnd.kubernetes.protobuf,application/json', 'user-agent': 'kubectl/v1.33' } })
    assert.deepEqual([status, JSON.parse(body), headers['set-cookie']], [200, { kind: 'ServiceList', items: [] }, undefined])
    const [seen] = echo.seen
    assert.equal(seen?.url, '/api/v1/namespaces/default/services?limit=500')
    assert.deepEqual(
      Object.fromEntries(['authorization', 'impersonate-user', 'impersonate-group', 'accept', 'user-agent', 'accept-encoding'].map((name) => [name, seen?.headers[name]])),
      { authorization: `Bearer ${CREDENTIAL}`, 'impersonate-user': 'sallyport:support-bot', 'impersonate-group': undefined, accept: 'application/json', 'user-agent': 'kubectl/v1.33', 'accept-encoding': 'identity' },
    )
  })

  test('names the groups of a person, behind a prefix that makes none of them the cluster\'s own', async () => {
    await ask('/version', { token: await gateway.issuer.personToken('dana', ['devs', 'system:masters']) })
    assert.deepEqual([echo.seen[0]?.headers['impersonate-user'], echo.seen[0]?.headers['impersonate-group']], ['sallyport:dana', 'sallyport:devs, sallyport:system:masters'])
  })

  test('is refused in the words of the API, with rule and next step', async () => {
    const { status, body } = await ask('/apis/apps/v1/namespaces/default/deployments/web')
    const answer = JSON.parse(body) as { readonly message: string; readonly details: { readonly causes: readonly { readonly reason: string; readonly message: string }[] } }
    assert.deepEqual([status, { ...answer, message: '', details: 0 }], [403, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: '', reason: 'Forbidden', details: 0, code: 403 }])
    assert.match(answer.message, /^sallyport: refused by rule "no-deployments": deployments belong to the pipeline\. /)
    assert.deepEqual(answer.details.causes[0], { reason: 'SallyportRule', message: 'no-deployments' })
    assert.equal(echo.seen.length, 0)
  })

  test('in YAML goes on as the JSON that was read in it', async () => {
    const path = '/api/v1/namespaces/default/configmaps'
    for (const [method, type, sentAs] of [['POST', 'application/yaml', 'application/json'], ['PATCH', 'application/apply-patch+yaml', 'application/apply-patch+yaml']] as const) {
      echo.seen.length = 0
      const { status, body } = await ask(`${path}${method === 'PATCH' ? '/app?fieldManager=me' : ''}`, { method, body: 'kind: ConfigMap # mine\nmetadata: {name: app}\ndata:\n  port: "80"\n  text: |\n    a\n    b\n', headers: { 'content-type': type } })
      assert.equal(status, 200, body)
      assert.equal(echo.seen[0]?.headers['content-type'], sentAs)
      assert.equal(echo.seen[0]?.body, '{"kind":"ConfigMap","metadata":{"name":"app"},"data":{"port":"80","text":"a\\nb\\n"}}')
    }
    echo.seen.length = 0
    for (const [type, code] of [['application/yaml', 400], ['application/merge-patch+json', 400], ['text/yaml', 415]] as const) {
      const { status, body } = await ask(path, { method: 'POST', body: 'data: {debug: yes}\n', headers: { 'content-type': type } })
      assert.equal(status, code)
      assert.match(body, /Send JSON/)
    }
    assert.equal(echo.seen.length, 0)
  })

  test('without a token that is taken is told so as clients expect it', async () => {
    for (const token of ['nonsense', 'spt_nonsense']) {
      const { status, body } = await ask('/version', { token })
      assert.deepEqual([status, (JSON.parse(body) as { reason: string }).reason], [401, 'Unauthorized'])
    }
  })

  test('by HTTP/2 is the same', async () => {
    answers('/api/v1/nodes', { kind: 'NodeList', items: [] })
    const client = http2.connect(`https://127.0.0.1:${gateway.port}`, { ca: gateway.certificate.cert })
    const get = async (path: string, more: http2.OutgoingHttpHeaders = {}): Promise<[number, string]> => {
      const stream = client.request({ ':path': path, authorization: `Bearer ${gateway.token}`, ...more })
      stream.end()
      const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
      let text = ''
      for await (const part of stream) text += String(part)
      return [Number(headers[':status']), text]
    }
    try {
      assert.deepEqual(await get('/cluster/api/v1/nodes'), [200, '{"kind":"NodeList","items":[]}'])
      assert.equal((await get('/cluster/apis/apps/v1/deployments'))[0], 403)
      assert.equal((await get('/cluster/api/v1/nodes', { 'impersonate-user': 'admin' }))[0], 403)
      assert.equal((await get('/cluster/api/v1/namespaces/default/pods/a/../../secrets'))[0], 400)
      assert.equal((await get('/cluster/api/v1/namespaces/x/pods', { ':method': 'POST', 'content-type': 'application/yaml' }))[0], 200, 'without a body there is nothing to examine')
    } finally {
      client.destroy()
    }
  })

  test('that the API server does not let the gateway make is no fault of the client\'s token', async () => {
    echo.answers.set('/api/v1/nodes', { status: 401, body: '{}' })
    const { status, body } = await ask('/api/v1/nodes')
    assert.equal(status, 502)
    assert.match(body, /does not take the gateway's own credential/)
  })
})

describe('what is masked', () => {
  const secret = { kind: 'Secret', metadata: { name: 'db', annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ kind: 'Secret', data: { password: SECRET }, stringData: { pin: 'hunter2-of-the-database' } }) } }, data: { password: SECRET } }

  test('is masked in an object, a list, a table, a watch, and in what was applied last', async () => {
    const shapes = [
      ['/api/v1/namespaces/default/secrets/db', secret], ['/api/v1/secrets', { kind: 'SecretList', items: [secret, secret] }],
      ['/api/v1/namespaces/a/secrets', { kind: 'Table', rows: [{ cells: ['db'], object: secret }] }],
    ] as const
    for (const [path, body] of shapes) {
      answers(path, body)
      const { body: shown } = await ask(path)
      assert.doesNotMatch(shown, /hunter2/, path)
      assert.ok(!shown.includes(SECRET), path)
      assert.ok(shown.includes(REDACTED), path)
    }
    answers('/api/v1/namespaces/b/secrets', `${JSON.stringify({ type: 'ADDED', object: secret })}\n${JSON.stringify({ type: 'MODIFIED', object: { kind: 'Table', rows: [{ object: secret }] } })}\n`)
    const { body } = await ask('/api/v1/namespaces/b/secrets?watch=true')
    assert.equal(body.trim().split('\n').length, 2)
    assert.ok(!body.includes(SECRET) && !body.includes('hunter2'))
  })

  test('is what the target names, and what a detector finds in any text', async () => {
    answers('/api/v1/namespaces/default/configmaps/app', { data: { password: 'hunter2', url: 'x', owner: 'ask dana@example.com' } })
    assert.deepEqual(JSON.parse((await ask('/api/v1/namespaces/default/configmaps/app')).body), { data: { password: '[redacted]', url: 'x', owner: 'ask [redacted]' } })
    answers('/api/v1/namespaces/default/pods/web', { spec: { containers: [{ name: 'a', env: [{ name: 'TOKEN', value: 'hunter2' }, { name: 'REF', valueFrom: {} }] }] } })
    assert.deepEqual(JSON.parse((await ask('/api/v1/namespaces/default/pods/web')).body), { spec: { containers: [{ name: 'a', env: [{ name: 'TOKEN', value: '[redacted]' }, { name: 'REF', valueFrom: {} }] }] } })
    echo.answers.set('/api/v1/namespaces/default/pods/web/log', { headers: { 'content-type': 'text/plain' }, body: 'mail from dana@example.com came\n' })
    assert.equal((await ask('/api/v1/namespaces/default/pods/web/log')).body, 'mail from [redacted] came\n')
    for (const cut of ['at the end is dana@exa', 'at the end is dana.of.the.example.team', 'at the end is dana@example.com']) {
      echo.answers.set('/api/v1/namespaces/default/pods/web/log', { headers: { 'content-type': 'text/plain' }, body: cut })
      assert.equal((await ask('/api/v1/namespaces/default/pods/web/log')).body, cut.replace('dana@example.com', '[redacted]'))
    }
  })

  test('is not passed on where it cannot be read', async () => {
    for (const [headers, body] of [[{ 'content-type': 'application/vnd.kubernetes.protobuf' }, `k8s\0${SECRET}`], [{ 'content-encoding': 'gzip' }, SECRET], [{}, `{"data":{"password":"${SECRET}"`]] as const) {
      echo.answers.set('/api/v1/namespaces/default/secrets/db', { headers, body })
      const { status, body: shown } = await ask('/api/v1/namespaces/default/secrets/db')
      assert.deepEqual([status, shown.includes(SECRET)], [502, false])
    }
    echo.answers.set('/apis/gone.example.com/v1/things', { status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `404 page not found ${SECRET}` })
    const { status, body } = await ask('/apis/gone.example.com/v1/things')
    assert.deepEqual([status, (JSON.parse(body) as { reason: string }).reason, body.includes(SECRET)], [404, 'NotFound', false])
  })

  test('cannot be written back, nor told by a patch', async () => {
    const json = 'application/json-patch+json'
    for (const [body, type] of [
      [{ kind: 'Secret', data: { password: REDACTED } }, 'application/json'], [{ stringData: { password: '[redacted]' } }, 'application/merge-patch+json'],
      [{ metadata: { annotations: { note: JSON.stringify({ data: { password: REDACTED } }) } } }, 'application/merge-patch+json'],
      [[{ op: 'test', path: '/data/password', value: SECRET }], json], [[{ op: 'copy', from: '/data/password', path: '/metadata/annotations/x' }], json],
      [[{ op: 'move', from: '/data/password', path: '/metadata/annotations/x' }], json],
    ] as const) {
      const { status, body: answer } = await ask('/api/v1/namespaces/default/secrets/db', { method: type === 'application/json' ? 'PUT' : 'PATCH', body, headers: { 'content-type': type } })
      assert.equal(status, 403, JSON.stringify(body))
      assert.match(answer, /masked-field/)
    }
    assert.equal(echo.seen.length, 0)
  })

  test('is masked wherever the same value stands', async () => {
    const container = { name: 'a', env: [{ name: 'TOKEN', value: 'hunter2' }] }
    const template = { spec: { containers: [container], initContainers: [container], ephemeralContainers: [container] } }
    for (const [path, body] of [
      ['/api/v1/namespaces/default/pods/web', template], ['/apis/apps/v1/namespaces/default/statefulsets/db', { spec: { template } }], ['/apis/apps/v1/replicasets', { items: [{ spec: { template } }] }],
      ['/apis/batch/v1/namespaces/default/cronjobs/night', { spec: { jobTemplate: { spec: { template } } } }], ['/apis/apps/v1/namespaces/default/controllerrevisions/db-1', { data: { spec: { template } } }],
      ['/apis/batch/v1/namespaces/default/jobs/one', { metadata: { annotations: { 'kapp.k14s.io/original': JSON.stringify({ spec: { template } }), plain: 'words' } } }],
      ['/api/v1/namespaces/default/secrets/db', { metadata: { annotations: { 'objectset.rio.cattle.io/applied': 'H4sIAAAAhunter2', copy: JSON.stringify({ data: { password: 'hunter2' } }) } } }],
      ['/apis/example.com/v1/widgets', { items: [{ metadata: { managedFields: [{ manager: 'me', fieldsV1: { 'f:spec': { 'f:keys': { 'v:"hunter2"': {} } } } }] }, spec: { password: 'hunter2', keys: ['hunter2'] } }] }],
    ] as const) {
      answers(path, body)
      const { status, body: shown } = await ask(path)
      assert.equal(status, 200)
      assert.doesNotMatch(shown, /hunter2/, path)
      assert.ok(!shown.includes('annotations') || /"words"|\{\}|\[redacted\]|W3JlZGFjdGVk/.test(shown), shown)
    }
  })

  test('is in no table, selector, or word about a change', async () => {
    const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json'
    for (const path of ['/apis/example.com/v1/widgets', '/api/v1/pods']) await ask(path, { headers: { accept: table } })
    assert.deepEqual(echo.seen.map(({ headers }) => headers['accept']), ['application/json', table])
    echo.seen.length = 0
    for (const query of ['widgets?fieldSelector=spec.password%3Dhunter2', 'widgets?fieldSelector=metadata.name!%3Dx,spec.password!%3Dhunter2&watch=1']) {
      const { status, body } = await ask(`/apis/example.com/v1/${query}`)
      assert.deepEqual([status, /a selector on a masked field/.test(body)], [403, true])
    }
    assert.equal((await ask('/api/v1/nodes?labelSelector=rack%3D7')).status, 403)
    assert.equal(echo.seen.length, 0)
    assert.equal((await ask('/apis/example.com/v1/widgets?fieldSelector=metadata.name%3Dx&labelSelector=a')).status, 200)
    const differs = 'spec: Forbidden: pod updates may not change fields: {Env: {Name: "TOKEN", Value: "hunter2"}}'
    echo.answers.set('/api/v1/namespaces/default/pods/web', { status: 422, body: JSON.stringify({ kind: 'Status', status: 'Failure', message: `Pod "web" is invalid: ${differs}`, reason: 'Invalid', details: { name: 'web', causes: [{ reason: 'FieldValueForbidden', message: differs, field: 'spec' }] }, code: 422 }) })
    const { status, body } = await ask('/api/v1/namespaces/default/pods/web', { method: 'PATCH', body: { spec: { hostname: 'x' } }, headers: { 'content-type': 'application/merge-patch+json' } })
    assert.deepEqual([status, body.includes('hunter2'), /"field":"spec"/.test(body), /words are left out/.test(body)], [422, false, true, true])
    // Where a patch makes no object of the kind, the API server quotes the whole of it.
    const whole = `unable to decode {"kind":"Secret","data":{"password":"${SECRET}"}}: json: cannot unmarshal number into Go struct field Secret.data of type []uint8`
    echo.answers.set('/api/v1/namespaces/default/secrets/db', { status: 422, body: JSON.stringify({ kind: 'Status', status: 'Failure', message: whole, reason: 'Invalid', details: { name: 'db', causes: [{ message: whole }] }, code: 422 }) })
    const quoted = await ask('/api/v1/namespaces/default/secrets/db?dryRun=All', { method: 'PATCH', body: { apiVersion: 'x/y' }, headers: { 'content-type': 'application/merge-patch+json' } })
    assert.deepEqual([quoted.status, quoted.body.includes(SECRET), /words are left out/.test(quoted.body)], [422, false, true])
  })

  test('cannot be guessed by changes that cost nothing', async () => {
    const path = '/api/v1/namespaces/default/secrets/db'
    const guess = { kind: 'Secret', metadata: { name: 'db' }, data: { password: SECRET } }
    const merge = { 'content-type': 'application/merge-patch+json' }
    const apply = { 'content-type': 'application/apply-patch+yaml' }
    for (const [method, query, body, headers] of [
      ['PUT', '?dryRun=All', guess, {}], ['PATCH', '?dryRun=All', guess, merge], ['PATCH', '?dryRun=All&force=true', guess, apply], ['PATCH', '?dryRun=All', { stringData: { password: 'hunter2' } }, merge],
      ['PATCH', '?dryRun=All', [{ op: 'replace', path: '/data/password', value: SECRET }], { 'content-type': 'application/json-patch+json' }],
      ['PATCH', '?fieldManager=me', guess, apply], ['PATCH', '?fieldManager=me&force=false', `kind: Secret\ndata:\n  password: ${SECRET}\n`, apply],
      ['PATCH', '?dryRun=All', { metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(guess) } } }, merge],
    ] as const) {
      const { status, body: answer } = await ask(`${path}${query}`, { method, body, headers })
      assert.deepEqual([status, /whether (?:its|a masked) value is the one that was sent/.test(answer)], [403, true], `${method} ${query} ${answer}`)
    }
    assert.equal(echo.seen.length, 0)
    for (const [method, query, body, headers] of [['PATCH', '?fieldManager=me&force=true', guess, apply], ['PATCH', '?dryRun=All', { metadata: { labels: { a: 'b' } } }, merge], ['PUT', '', guess, {}]] as const) {
      assert.equal((await ask(`${path}${query}`, { method, body, headers })).status, 200)
    }
    assert.equal((await ask('/api/v1/namespaces/default/secrets?dryRun=All', { method: 'POST', body: guess })).status, 200)
  })

  test('is no token of the cluster, no cut log, and nothing packed', async () => {
    answers('/api/v1/namespaces/default/serviceaccounts/robot/token', { kind: 'TokenRequest', status: { token: 'hunter2', expirationTimestamp: 'soon' } })
    const { body } = await ask('/api/v1/namespaces/default/serviceaccounts/robot/token', { method: 'POST', body: { spec: {} } })
    assert.deepEqual(JSON.parse(body), { kind: 'TokenRequest', status: { token: '[redacted]', expirationTimestamp: 'soon' } })
    echo.seen.length = 0
    const cut = await ask('/api/v1/namespaces/default/pods/web/log?limitBytes=20')
    assert.deepEqual([cut.status, /a log that is cut/.test(cut.body), echo.seen.length], [403, true, 0])
    echo.answers.set('/api/v1/namespaces/default/services/web/proxy/page', { headers: { 'content-type': 'text/html', 'content-encoding': 'gzip' }, body: 'dana@example.com' })
    const packed = await ask('/api/v1/namespaces/default/services/web/proxy/page')
    assert.deepEqual([packed.status, packed.body.includes('dana')], [502, false])
  })

  test('is in no entry of the ledger either, when it is written', async () => {
    const { status } = await ask('/api/v1/namespaces/default/secrets', { method: 'POST', body: { kind: 'Secret', metadata: { name: 'new' }, data: { password: SECRET } } })
    assert.equal(status, 200)
    assert.ok(echo.seen[0]?.body.includes(SECRET))
    assert.equal((await ask('/api/v1/namespaces/default/secrets', { method: 'POST', body: `kind: Secret\nmetadata: {name: from-yaml}\ndata:\n  password: ${SECRET}\n`, headers: { 'content-type': 'application/yaml' } })).status, 200)
    for (const name of ['new', 'from-yaml']) await eventually('the decision is on record', async () => JSON.stringify(await readEvents(gateway.ledgerDirectory)).includes(`/secrets/${name}`))
    assert.ok(!JSON.stringify(await readEvents(gateway.ledgerDirectory)).includes(SECRET))
  })
})

describe('a watch over WebSocket', () => {
  const path = '/api/v1/namespaces/default/secrets?watch=true'

  test('is masked event by event, however its frames are cut', async () => {
    const socket = await upgrade(path, gateway.token)
    assert.equal(echo.seen[0]?.headers['sec-websocket-protocol'], undefined)
    const events = ['one', 'two'].map((name) => JSON.stringify({ type: 'ADDED', object: { kind: 'Secret', metadata: { name }, data: { password: SECRET } } }))
    const bytes = Buffer.concat(events.map((event) => clientFrame(undefined, event)))
    for (let at = 0; at < bytes.length; at += 7) socket.write(bytes.subarray(at, at + 7))
    let shown = ''
    socket.on('data', (part: Buffer) => { shown += part.toString() })
    await eventually('both come', () => Promise.resolve(shown.includes('"two"') && shown.split(REDACTED).length === 3))
    assert.ok(!shown.includes(SECRET))
    socket.write(clientFrame(undefined, `no JSON, but ${SECRET}`))
    await once(socket, 'close')
    assert.ok(!shown.includes(SECRET))
  })

  test('that the API server answers as if it were none is not passed on', async () => {
    const socket = tls.connect({ host: '127.0.0.1', port: gateway.port, ca: gateway.certificate.cert, ALPNProtocols: ['http/1.1'] })
    await once(socket, 'secureConnect')
    echo.refuseUpgrades = JSON.stringify({ data: { password: SECRET } })
    socket.write(upgradeRequest(path, gateway.token))
    let answer = ''
    socket.on('data', (part: Buffer) => { answer += part.toString() })
    await once(socket, 'close')
    echo.refuseUpgrades = undefined
    assert.match(answer, /^HTTP\/1\.1 502 .*did not make another protocol/s)
    assert.ok(!answer.includes(SECRET))
  })

  test('that the API server never refuses to the end is over once its client has gone', async () => {
    const socket = tls.connect({ host: '127.0.0.1', port: gateway.port, ca: gateway.certificate.cert, ALPNProtocols: ['http/1.1'] })
    await once(socket, 'secureConnect')
    const finished = async (): Promise<number> => (await readEvents(gateway.ledgerDirectory)).filter(({ event }) => event === 'operation.finished').length
    const before = await finished()
    echo.halfRefusal = '{"kind":'
    socket.write(upgradeRequest(path, gateway.token))
    await eventually('it is asked', () => echo.seen.length === 1)
    socket.destroy()
    await eventually('it is on record', async () => (await finished()) > before, 10_000)
    echo.halfRefusal = undefined
  })
})

describe('a review', () => {
  test('holds the request, gives a ticket, and lets the same request through once', async () => {
    const path = '/api/v1/namespaces/asked/configmaps/app'
    const change = { method: 'PATCH', body: { data: { color: 'blue' } }, headers: { 'content-type': 'application/merge-patch+json' } } as const
    answers(path, { kind: 'ConfigMap', data: { color: 'blue', password: 'hunter2' } })
    const first = await ask(path, change)
    assert.equal(first.status, 403)
    assert.match(first.body, /waits for a review by rule \\"asked\\".*SallyportTicket/s)
    const asked = await dba.asked(path)
    assert.match(asked.card.text, /"color":"blue"/)
    assert.equal(asked.card.preview?.method, 'rehearsed')
    assert.ok(!JSON.stringify(asked.card).includes('hunter2'))
    assert.deepEqual(echo.seen.map(({ method, url }) => `${method} ${url}`), [`PATCH ${path}?dryRun=All`, `GET ${path}`])
    await dba.approve(asked)
    assert.equal((await ask(path, { ...change, body: { data: { color: 'red' } } })).status, 403, 'another body is another request')
    assert.equal((await ask(path, change)).status, 200)
    assert.equal((await ask(path, change)).status, 403, 'it runs once')
  })

  test('that is answered in time needs no retry, and a client that goes away asks for nothing', async () => {
    const path = '/api/v1/namespaces/default/services/web'
    answers(path, { kind: 'Service', metadata: { name: 'web' } }, { warning: '299 - "of the API server"' })
    const waiting = ask(path, { method: 'DELETE' })
    await dba.approve(await dba.asked(`DELETE ${path}`))
    const { status, headers } = await waiting
    assert.equal(status, 200)
    assert.match(String(headers['warning']), /^299 - "sallyport: approved after \d+ s; it was held for review by rule \\"asked\\": .*\(ticket [^)]+\)", 299 - "of the API server"$/)
    assert.equal(echo.seen.filter(({ method }) => method === 'DELETE').length, 1)
  })

  test('counts what a delete of many would take, and takes no more than was approved', async () => {
    const path = '/api/v1/namespaces/default/services'
    answers(path, { items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }] })
    const waiting = ask(`${path}?labelSelector=app%3Dold`, { method: 'DELETE' })
    const asked = await dba.asked(`DELETE ${path}`)
    assert.deepEqual([asked.card.preview?.method, asked.card.preview?.rows], ['counted', 2])
    answers(path, { items: [{}, {}, {}] })
    await dba.approve(asked)
    const { status, body } = await waiting
    assert.deepEqual([status, /3 objects would go now, and 2 were approved/.test(body)], [409, true])
    assert.equal(echo.seen.some(({ method }) => method === 'DELETE'), false)
  })
})

describe('a session', () => {
  const events = () => readEvents(gateway.ledgerDirectory)

  test('is one for all requests of a token, and ends when nothing is asked', async () => {
    const token = await gateway.issuer.agentToken('support-bot')
    const opened = (await events()).filter(({ event }) => event === 'session.opened').length
    await Promise.all(Array.from({ length: 20 }, () => ask('/version', { token })))
    await eventually('it is on record', async () => (await events()).filter(({ event }) => event === 'session.opened').length === opened + 1)
    await eventually('it ends', async () => (await events()).some((event) => event.event === 'session.closed' && event.reason.startsWith('nothing was asked')), 30_000)
    assert.equal((await ask('/version', { token })).status, 200, 'the next request opens another one')
  })

  test('that is ended takes what goes on in it along', async () => {
    const token = await gateway.issuer.agentToken('support-bot')
    const socket = await upgrade('/api/v1/namespaces/default/pods/web/exec?command=cat&stdin=1&stdout=1', token)
    socket.write(clientFrame(0, 'still there\n'))
    await once(socket, 'data')
    const session = (await events()).findLast((event) => event.event === 'session.opened')
    const closed = once(socket, 'close')
    assert.equal((await ops.call('DELETE', `/api/v1/sessions/${session?.session ?? ''}`)).status, 204)
    await closed
    assert.equal((await ask('/version', { token })).status, 200)
  })

  test('is recorded as its agent saw it, exec too, and read back', async () => {
    const token = await gateway.issuer.agentToken('support-bot')
    answers('/api/v1/namespaces/default/configmaps/seen', { data: { password: 'hunter2', color: 'blue' } })
    await ask('/api/v1/namespaces/default/configmaps/seen', { token })
    const socket = await upgrade('/api/v1/namespaces/default/pods/web/exec?command=cat&stdin=1&stdout=1', token)
    socket.write(clientFrame(1, 'mail of dana@example.com\n'))
    let output = ''
    socket.on('data', (part: Buffer) => { output += part.toString() })
    await eventually('the output comes', () => Promise.resolve(output.includes('mail of')))
    const closed = once(socket, 'close')
    socket.end()
    await closed
    assert.match(output, /mail of \[redacted\]/)
    const session = (await events()).findLast((event) => event.event === 'session.opened')?.session ?? ''
    await ops.call('DELETE', `/api/v1/sessions/${session}`)
    const replay = await eventuallyText(async () => (await fetch(`${gateway.apiUrl}/api/v1/sessions/${session}/replay`, { headers: auditor.headers })).text(), 'mail of')
    assert.match(replay, /"password\\*":\\*"\[redacted\]/)
    await eventually('both are counted', async () => (await events()).filter((event) => event.event === 'operation.finished' && event.session === session && event.masked === 1).length === 2)
    assert.match(replay, /mail of \[redacted\]/)
    assert.match(replay, /blue/)
    assert.doesNotMatch(replay, /hunter2/)
  })
})

async function eventuallyText(read: () => Promise<string>, wanted: string): Promise<string> {
  let text = ''
  await eventually(`there is ${wanted}`, async () => {
    text = Buffer.from(await read()).toString()
    const decoded = [...text.matchAll(/"base64":"([A-Za-z0-9+/=]+)"/g)].map(([, part = '']) => Buffer.from(part, 'base64').toString()).join('')
    text += decoded
    return text.includes(wanted)
  })
  return text
}

/** A WebSocket of which nothing but the frames is left. */
async function upgrade(path: string, token: string): Promise<tls.TLSSocket> {
  const socket = tls.connect({ host: '127.0.0.1', port: gateway.port, ca: gateway.certificate.cert, ALPNProtocols: ['http/1.1'] })
  await once(socket, 'secureConnect')
  socket.write(upgradeRequest(path, token))
  const [head] = (await once(socket, 'data')) as [Buffer]
  assert.match(head.toString(), /^HTTP\/1\.1 101 /)
  return socket
}

function upgradeRequest(path: string, token: string): string {
  return `GET /cluster${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n`
}

/** The stand-in sends back what it gets, in frames of its own. */
function clientFrame(channel: number | undefined, text: string): Buffer {
  const payload = Buffer.concat([Buffer.from(channel === undefined ? [] : [channel]), Buffer.from(text)])
  const plain = writeServerFrame(channel === undefined ? 1 : 2, payload)
  const header = Buffer.from(plain.subarray(0, plain.length - payload.length))
  header[1] = (header[1] ?? 0) | 0x80
  return Buffer.concat([header, Buffer.alloc(4), payload])
}
