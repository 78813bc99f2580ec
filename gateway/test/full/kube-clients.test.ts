import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { ApiException, CoreV1Api, Exec, KubeConfig, KubernetesObjectApi, Log, makeInformer, PatchStrategy, PortForward, type V1ConfigMap, type V1Status } from '@kubernetes/client-node'
import { eventually } from '../support/eventually.ts'
import { buildCluster, clusterObstacle, KUBE_BIN, type KubeCluster, startCluster } from '../support/kube-cluster.ts'
import { type KubeGateway, startKubeGateway } from '../support/kube-gateway.ts'
import { type KubeNode, nodeObstacle, PAGE, POD, startNode } from '../support/kube-node.ts'
import { readEvents } from '../support/ledger-records.ts'
import { type ApiUser, person } from '../support/reviewing.ts'

/** The JavaScript client with a kubeconfig of `sallyport kubeconfig`, and sessions with a token of their own, before a real cluster. */

const POLICY = `masks:
  - { name: addresses, detect: [email], method: redact }
rules:
  - { name: nothing-removed, when: '"remove" in operation.actions', then: deny, message: nothing is removed here }
  - { name: everything, then: allow }
roles: { operator: [ops] }
`
const PROGRAM = join(import.meta.dirname, '../../../cli/sallyport.mjs')
const skip = clusterObstacle() ?? false

let cluster: KubeCluster
let node: KubeNode | undefined
let masked: KubeGateway
let perSession: KubeGateway
const folder = mkdtempSync(join(tmpdir(), 'sallyport-kube-clients-'))

describe('other clients of Kubernetes', { skip, timeout: 60 * 60_000 }, () => {
  before(async () => {
    buildCluster()
    cluster = await startCluster()
    const way = { port: cluster.port, caFile: cluster.caFile, policy: POLICY }
    ;[masked, perSession] = await Promise.all([
      startKubeGateway({ ...way, credential: cluster.admin, settings: "    maskedFields: ['pods:spec.containers[*].env[*].value']\n" }),
      // With the certificate of an administrator, so that what sessions may not do shows whose token they have.
      startKubeGateway({ ...way, credential: cluster.admin, perSession: '{ serviceAccount: agents/reader, validFor: 10m }' }),
    ])
    if (nodeObstacle() === undefined) node = await startNode(cluster)
    await cluster.kubectl(['create', 'secret', 'generic', 'db', '--from-literal=password=hunter2'])
    await cluster.kubectl(['create', 'namespace', 'agents'])
    await cluster.kubectl(['-n', 'agents', 'create', 'serviceaccount', 'reader'])
    await cluster.kubectl(['create', 'clusterrole', 'reader', '--verb=get,list', '--resource=configmaps'])
    await cluster.kubectl(['create', 'clusterrolebinding', 'readers', '--clusterrole=reader', '--serviceaccount=agents:reader'])
  }, { timeout: 45 * 60_000 })
  after(async () => {
    await Promise.all([masked, perSession].map((gateway) => gateway?.stop()))
    await node?.stop()
    await cluster?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  describe('@kubernetes/client-node', () => {
    const config = new KubeConfig()
    let core: CoreV1Api

    before(async () => {
      const tokenFile = join(folder, 'token')
      writeFileSync(tokenFile, masked.token)
      const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, '--api', masked.apiUrl, '--subject-token-file', tokenFile, '--ca', masked.certificate.certFile, 'kubeconfig', 'cluster'], { env: { PATH: process.env['PATH'], HOME: folder } })
      config.loadFromString(stdout)
      core = config.makeApiClient(CoreV1Api)
    })

    test('reads and lists, with secrets masked', async () => {
      const { items } = await core.listNamespacedSecret({ namespace: 'default' })
      const secret = items.find(({ metadata }) => metadata?.name === 'db')
      assert.equal(Buffer.from(secret?.data?.['password'] ?? '', 'base64').toString(), '[redacted]')
      assert.equal((await core.readNamespace({ name: 'agents' })).metadata?.name, 'agents')
      await assert.rejects(core.readNamespacedPod({ namespace: 'default', name: 'nobody' }), (error) => error instanceof ApiException && error.code === 404)
    })

    test('is told of a refusal', async () => {
      await assert.rejects(core.deleteNamespacedSecret({ namespace: 'default', name: 'db' }), (error) =>
        error instanceof ApiException && error.code === 403 && /refused by rule \\"nothing-removed\\": nothing is removed here/.test(String(error.body)))
    })

    test('applies by server-side apply, and follows by an informer', async () => {
      const seen: string[] = []
      const informer = makeInformer<V1ConfigMap>(config, '/api/v1/namespaces/agents/configmaps', () => core.listNamespacedConfigMap({ namespace: 'agents' }))
      for (const event of ['add', 'update'] as const) informer.on(event, ({ metadata, data }) => void seen.push(`${event} ${metadata?.name ?? ''} ${data?.['color'] ?? ''} ${data?.['owner'] ?? ''}`))
      await informer.start()
      try {
        const objects = KubernetesObjectApi.makeApiClient(config)
        for (const color of ['blue', 'green']) {
          const made = await objects.patch<V1ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied', namespace: 'agents' }, data: { color, owner: 'dana@example.com' } }, undefined, undefined, 'journey', true, PatchStrategy.ServerSideApply)
          assert.equal(made.data?.['color'], color)
        }
        await eventually('both come', () => Promise.resolve(seen.includes('update applied green [redacted]')))
        assert.ok(seen.includes('add applied blue [redacted]'), seen.join('\n'))
      } finally {
        await informer.stop()
      }
    })

    test('runs commands, with their input, output and status', { skip: nodeObstacle() ?? false }, async () => {
      const [output, errors, input] = [new PassThrough(), new PassThrough(), new PassThrough()]
      const told = new Promise<V1Status>((resolve, reject) => {
        new Exec(config).exec('default', POD, 'main', ['sh', '-c', 'read line; echo "got $line"; echo to dana@example.com >&2; exit 3'], output, errors, input, false, resolve).catch(reject)
      })
      input.write('a line\n')
      const status = await told
      assert.deepEqual([await text(output), await text(errors)], ['got a line\n', 'to [redacted]\n'])
      assert.deepEqual(status.details?.causes, [{ reason: 'ExitCode', message: '3' }])
    })

    test('is refused what a command would do', { skip: nodeObstacle() ?? false }, async () => {
      await assert.rejects(new Exec(config).exec('default', POD, 'main', ['rm', '-rf', '/tmp/x'], new PassThrough(), new PassThrough(), null, false))
    })

    test('reads logs as they come, and reaches a port', { skip: nodeObstacle() ?? false }, async () => {
      const log = new PassThrough()
      let lines = ''
      // Its end, when it is aborted, is an error that the client hears of nowhere.
      log.on('pipe', (source) => void source.on('error', () => undefined))
      log.on('data', (part: Buffer) => { lines += part.toString() })
      const following = await new Log(config).log('default', POD, 'main', log, { follow: true, tailLines: 1 })
      await eventually('ticks come as they are made', () => Promise.resolve((lines.match(/tick/g) ?? []).length >= 3))
      following.abort()
      const [output, input] = [new PassThrough(), new PassThrough()]
      let page = ''
      output.on('data', (part: Buffer) => { page += part.toString() })
      const connection = await new PortForward(config).portForward('default', POD, [node?.webPort ?? 0], output, null, input)
      input.write('GET / HTTP/1.0\r\n\r\n')
      await eventually('the page comes', () => Promise.resolve(page.includes(PAGE)))
      if (typeof connection !== 'function') connection.close()
    })
  })

  test('a watch over WebSocket is masked too', async () => {
    const socket = tls.connect({ host: '127.0.0.1', port: masked.port, ca: masked.certificate.cert, ALPNProtocols: ['http/1.1'] })
    await once(socket, 'secureConnect')
    let shown = ''
    socket.on('data', (part: Buffer) => { shown += part.toString() })
    socket.write(`GET /cluster/api/v1/namespaces/default/secrets?watch=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${masked.token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`)
    await eventually('the secret comes', () => Promise.resolve(shown.includes('"name":"db"') && shown.includes(Buffer.from('[redacted]').toString('base64'))))
    assert.match(shown, /^HTTP\/1\.1 101 .*Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/s)
    assert.doesNotMatch(shown, /aHVudGVyMg/)
    socket.destroy()
  })

  test('what the API server says of a change that it does not take shows no masked value', async () => {
    await cluster.kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'told' }, spec: { containers: [{ name: 'main', image: 'a', env: [{ name: 'TOKEN', value: 'hunter2' }] }] } }))
    const change = JSON.stringify({ spec: { containers: [{ name: 'main', env: [{ name: 'TOKEN', value: 'guess' }] }] } })
    const direct = await cluster.kubectl(['patch', 'pod', 'told', '-p', change]).catch(String)
    assert.match(direct, /hunter2/, 'or the test tells nothing')
    const kubeconfig = masked.kubeconfig()
    const through = (...args: string[]): Promise<string> => promisify(execFile)(join(KUBE_BIN, 'kubectl'), ['--kubeconfig', kubeconfig, ...args], { env: { PATH: process.env['PATH'], HOME: folder } }).then(({ stdout }) => stdout, String)
    const told = await through('patch', 'pod', 'told', '-p', change)
    assert.match(told, /whether a masked value there is the one that was sent/)
    assert.doesNotMatch(told, /hunter2/)
    for (const args of [['get', 'pod', 'told', '-o', 'yaml'], ['describe', 'pod', 'told'], ['get', 'pods'], ['get', 'pod', 'told', '-o', 'json', '--show-managed-fields'], ['get', 'pods', '-w', '-o', 'json', '--request-timeout=1s']]) assert.doesNotMatch(await through(...args), /hunter2/, args.join(' '))
    assert.match(await through('get', 'pods'), /told +0\/1 +Pending/)
    for (const patch of ['{"data":{"more":5}}', '{"apiVersion":"x/y"}', '{"type":5}']) {
      const args = ['patch', 'secret', 'db', '--type=merge', '-p', patch]
      assert.match(await cluster.kubectl(args).catch(String), /aHVudGVyMg/, 'or the test tells nothing')
      const quoted = await through(...args)
      assert.match(quoted, /words are left out/)
      assert.doesNotMatch(quoted, /hunter2|aHVudGVyMg/, patch)
    }
    const guess = JSON.stringify({ stringData: { password: 'hunter2' } })
    assert.match(await through('patch', 'secret', 'db', '-p', guess, '--dry-run=server'), /whether its value is the one that was sent/)
  })

  describe('a session with a token of its own', () => {
    let ops: ApiUser
    before(async () => { ops = await person(() => perSession, 'olga', 'ops') })
    const events = () => readEvents(perSession.ledgerDirectory)
    const ask = async (path: string, token: string): Promise<{ readonly status: number; readonly body: string }> => {
      const request = https.get({ host: '127.0.0.1', port: perSession.port, path: `/cluster${path}`, ca: perSession.certificate.cert, agent: false, headers: { authorization: `Bearer ${token}` } })
      const [answer] = (await once(request, 'response')) as [IncomingMessage]
      return { status: answer.statusCode ?? 0, body: await text(answer) }
    }

    test('has the rights of its service account, not the gateway\'s, and leaves nothing behind', async () => {
      const token = await perSession.issuer.agentToken('support-bot')
      assert.equal((await ask('/api/v1/namespaces/default/configmaps', token)).status, 200)
      const refused = await ask('/api/v1/namespaces/default/secrets', token)
      assert.deepEqual([refused.status, /system:serviceaccount:agents:reader\\?"? cannot list/.test(refused.body)], [403, true], refused.body)
      const made = (await events()).find((event) => event.event === 'login.made')
      assert.equal((await cluster.kubectl(['-n', 'agents', 'get', 'secrets', '-l', 'app.kubernetes.io/managed-by=sallyport', '-o', 'name'])).trim(), `secret/${made?.user ?? ''}`)
      assert.equal((await ops.call('DELETE', `/api/v1/sessions/${made?.session ?? ''}`)).status, 204)
      await eventually('it is deleted', async () => (await cluster.kubectl(['-n', 'agents', 'get', 'secrets', '-l', 'app.kubernetes.io/managed-by=sallyport', '-o', 'name'])) === '')
      assert.ok((await events()).some((event) => event.event === 'login.removed' && event.user === made?.user))
    })

    test('is refused where the service account is gone', async () => {
      await cluster.kubectl(['-n', 'agents', 'delete', 'serviceaccount', 'reader'])
      const { status, body } = await ask('/version', await perSession.issuer.agentToken('support-bot'))
      assert.deepEqual([status, /no token of the service account agents\/reader for this session \(404\)/.test(body)], [502, true], body)
    })
  })
})
