import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { reach } from '../../src/protocols/kubernetes/reach.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { buildCluster, clusterObstacle, KUBE_BIN, type KubeCluster, startCluster } from '../support/kube-cluster.ts'
import { type KubeGateway, startKubeGateway } from '../support/kube-gateway.ts'
import { type KubeNode, nodeObstacle, PAGE, POD, startNode } from '../support/kube-node.ts'
import { readEvents } from '../support/ledger-records.ts'
import { sendRaw } from '../support/raw-http.ts'
import { KUBE_COMMANDS, type KubeCommand } from '../tables/kube-commands.ts'
import { EVASION_POLICY, KUBE_EVASIONS } from '../tables/kube-evasions.ts'

/** Real kubectl, an old and newer ones, against a real API server and a real node, directly and through the gateway. */

const ALLOW_ALL = 'masks: []\nrules:\n  - { name: everything, then: allow }\n'
const READS_ONLY = 'masks: []\nrules:\n  - { name: reads, when: operation.readOnly, then: allow }\n'
const MASKED = `masks:
  - { name: addresses, detect: [email], method: redact }
rules:
  - { name: no-shells, when: '"interactive" in operation.actions || operation.unknown', then: deny, message: no shells in containers }
  - { name: nothing-removed, when: '"remove" in operation.actions', then: deny, message: nothing is removed in containers }
  - { name: everything, then: allow }
`
/** Where distributions and Google's tools put kubectl: one, or one for each minor version. */
const NEWER = ['/usr/bin', '/usr/lib/google-cloud-sdk/bin']
const skip = clusterObstacle() ?? false
const COMMAND_MS = 60_000

interface Ran {
  readonly status: number
  readonly output: string
  readonly errors: string
}

let cluster: KubeCluster
let node: KubeNode | undefined
let open: KubeGateway
let reads: KubeGateway
let masked: KubeGateway
const folder = mkdtempSync(join(tmpdir(), 'sallyport-kubectl-'))

function run(kubectl: string, kubeconfig: string, args: readonly string[], input?: string | Buffer): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(kubectl, ['--kubeconfig', kubeconfig, ...args], {
      timeout: COMMAND_MS, maxBuffer: 1 << 28, env: { PATH: process.env['PATH'], HOME: folder, KUBE_EDITOR: 'sed -i s/huge/middle/', KUBECTL_EXTERNAL_DIFF: 'diff -u' },
    }, (error, output, errors) => resolve({ status: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, output, errors }))
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

describe('kubectl', { skip, timeout: 70 * 60_000 }, () => {
  before(async () => {
    buildCluster()
    cluster = await startCluster()
    const way = { port: cluster.port, caFile: cluster.caFile }
    ;[open, reads, masked] = await Promise.all([
      startKubeGateway({ ...way, credential: cluster.adminToken, policy: ALLOW_ALL, settings: '    secrets: readable\n' }),
      startKubeGateway({ ...way, credential: cluster.admin, policy: READS_ONLY }),
      startKubeGateway({ ...way, credential: cluster.admin, policy: MASKED, settings: '    record: { rows: all }\n' }),
    ])
    if (nodeObstacle() === undefined) node = await startNode(cluster)
  }, { timeout: 45 * 60_000 })
  after(async () => {
    await Promise.all([open, reads, masked].map((gateway) => gateway?.stop()))
    await node?.stop()
    await cluster?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  for (const { name, path, isBetween } of kubectls()) {
    describe(name, { timeout: 30 * 60_000 }, () => {
      const suffix = randomBytes(3).toString('hex')
      const [direct, through] = [`direct-${suffix}`, `gateway-${suffix}`]

      before(async () => {
        for (const namespace of [direct, through]) await cluster.kubectl(['create', 'namespace', namespace])
      })

      for (const command of isBetween ? [] : KUBE_COMMANDS) {
        test(`${command.args}${command.input === undefined ? '' : ' …'} does the same as directly`, async () => {
          const straight = await runIn(path, cluster.adminKubeconfig, command, direct)
          const gated = await runIn(path, open.kubeconfig(), command, through)
          assert.deepEqual(plain(gated, through), plain(straight, direct))
          if (command.reads === true) {
            const onlyReads = await runIn(path, reads.kubeconfig(), command, through)
            assert.doesNotMatch(onlyReads.errors, /sallyport/)
            assert.equal(onlyReads.status, straight.status, onlyReads.errors)
            assert.ok(!onlyReads.output.includes('hunter2') && !onlyReads.output.includes(Buffer.from('hunter2').toString('base64')))
          }
        })
      }

      test('what only reads may pass is said where it does not', async () => {
        const { status, errors } = await run(path, reads.kubeconfig(), ['-n', through, 'create', 'configmap', 'no', '--from-literal=a=b'])
        assert.equal(status, 1)
        assert.match(errors, /sallyport: refused by rule "no-rule-matched": no rule lets support-bot run "create", "write" on .*Only requests that change nothing can pass here/s)
      })

      test('an apply of a masked object is refused, and one of the original is not', async () => {
        const original = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'kept' }, data: { password: Buffer.from('hunter2').toString('base64') } })
        const kubeconfig = masked.kubeconfig()
        assert.equal((await run(path, kubeconfig, ['-n', through, 'apply', '-f', '-'], original)).status, 0)
        const { output } = await run(path, kubeconfig, ['-n', through, 'get', 'secret', 'kept', '-o', 'yaml'])
        assert.doesNotMatch(output, /aHVudGVyMg|hunter2/)
        const back = await run(path, kubeconfig, ['-n', through, 'apply', '-f', '-'], output)
        assert.match(back.errors, /holds a mask where the value was/)
        assert.equal((await run(path, kubeconfig, ['-n', through, 'apply', '-f', '-'], original)).status, 0)
        assert.equal((await run(path, kubeconfig, ['-n', through, 'label', 'secret', 'kept', 'a=b'])).status, 0)
        assert.match(await cluster.kubectl(['-n', through, 'get', 'secret', 'kept', '-o', 'jsonpath={.data.password}']), /^aHVudGVyMg==$/)
      })

      test('proxy gives programs without TLS or token what kubectl itself gets, and no more', async () => {
        const proxy = spawn(path, ['--kubeconfig', masked.kubeconfig(), 'proxy', '--port=0'], { env: { HOME: folder, PATH: process.env['PATH'] } })
        try {
          const [line] = (await once(proxy.stdout, 'data')) as [Buffer]
          const url = `http://${/127\.0\.0\.1:\d+/.exec(line.toString())?.[0] ?? ''}`
          assert.equal((await fetch(`${url}/version`)).status, 200)
          await cluster.kubectl(['-n', through, 'create', 'secret', 'generic', 'proxied', '--from-literal=password=hunter2'])
          const secrets = await (await fetch(`${url}/api/v1/namespaces/${through}/secrets`)).text()
          assert.match(secrets, /"proxied"/)
          assert.doesNotMatch(secrets, /aHVudGVyMg|hunter2/)
          assert.equal((await fetch(`${url}/api/v1/namespaces/${through}/secrets/proxied`, { method: 'DELETE' })).status, 403)
          assert.equal((await fetch(`${url}/api/v1/pods`, { headers: { 'impersonate-user': 'admin' } })).status, 403)
        } finally {
          proxy.kill()
          await once(proxy, 'close')
        }
      })

      test('containers: exec, its exit status and its input; logs; attach', { skip: nodeObstacle() ?? false }, async () => {
        const kubeconfig = open.kubeconfig()
        const exec = async (args: readonly string[], input?: string): Promise<Ran> => run(path, kubeconfig, ['exec', ...(input === undefined ? [] : ['-i']), POD, '-c', 'main', '--', ...args], input)
        const both = await exec(['sh', '-c', 'echo out; echo err >&2; exit 3'])
        assert.deepEqual([both.status, both.output, both.errors.startsWith('err\n')], [3, 'out\n', true])
        assert.equal((await exec(['cat'], 'from stdin\n')).output, 'from stdin\n')
        assert.equal((await exec(['sh', '-c', 'head -c 5000000 /dev/zero | tr "\\0" x'])).output.length, 5_000_000)
        assert.match((await run(path, kubeconfig, ['logs', POD, '-c', 'main', '--tail=2'])).output, /^tick \d+\ntick \d+\n$/)
        const follow = spawn(path, ['--kubeconfig', kubeconfig, 'logs', '-f', POD, '-c', 'main', '--tail=1'], { env: { HOME: folder, PATH: process.env['PATH'] } })
        let followed = ''
        follow.stdout.on('data', (part: Buffer) => { followed += part.toString() })
        await eventually('ticks come as they are made', () => (followed.match(/tick/g) ?? []).length >= 3)
        follow.kill()
        await once(follow, 'close')
      })

      test('containers: files to and fro, and a port', { skip: nodeObstacle() ?? false }, async () => {
        const kubeconfig = open.kubeconfig()
        const [from, to] = [join(folder, `from-${name}`), join(folder, `to-${name}`)]
        writeFileSync(from, randomBytes(300_000))
        assert.equal((await run(path, kubeconfig, ['cp', from, `${POD}:/tmp/${name}`, '-c', 'main'])).status, 0)
        assert.equal((await run(path, kubeconfig, ['cp', `${POD}:/tmp/${name}`, to, '-c', 'main'])).status, 0)
        assert.deepEqual(readFileSync(to), readFileSync(from))
        const port = await freePort()
        const forward = spawn(path, ['--kubeconfig', kubeconfig, 'port-forward', `pod/${POD}`, `${port}:${node?.webPort}`], { env: { HOME: folder, PATH: process.env['PATH'] } })
        await once(forward.stdout, 'data')
        for (let round = 0; round < 3; round++) assert.equal((await (await fetch(`http://127.0.0.1:${port}/`)).text()).trim(), PAGE)
        forward.kill()
        await once(forward, 'close')
      })

      test('containers: a command is judged by what it does', { skip: nodeObstacle() ?? false }, async () => {
        const kubeconfig = masked.kubeconfig()
        const exec = (...args: string[]): Promise<Ran> => run(path, kubeconfig, ['exec', POD, '-c', 'main', '--', ...args])
        const removed = await exec('sh', '-c', 'rm -rf /tmp/x')
        assert.deepEqual([removed.status, /refused by rule "nothing-removed"/.test(removed.errors)], [1, true], removed.errors)
        assert.match((await exec('sh', '-c', '$(echo id)')).errors, /refused by rule "no-shells"/)
        const mail = await exec('echo', 'mail dana@example.com')
        assert.deepEqual([mail.status, mail.output], [0, 'mail [redacted]\n'], mail.errors)
        const slow = await exec('sh', '-c', 'printf dana@exam; sleep 0.01; printf ple.com; echo; echo to dana@example.com >&2; exit 4')
        assert.deepEqual([slow.status, slow.errors.startsWith('to [redacted]\n')], [4, true], slow.errors)
        // Where the second half comes late, the first four characters are out before it.
        assert.match(slow.output, /^(?:dana)?\[redacted\]\n$/)
      })
    })
  }

  test('no way around the rules makes the real API server do it', async () => {
    const strict = await startKubeGateway({ port: cluster.port, caFile: cluster.caFile, credential: cluster.admin, policy: EVASION_POLICY })
    try {
      await cluster.kubectl(['create', 'namespace', 'writable'])
      await cluster.kubectl(['create', 'secret', 'generic', 'db', '--from-literal=password=hunter2'])
      const before = await cluster.kubectl(['get', 'pods,rolebindings,roles,namespaces', '-A', '-o', 'name'])
      for (const evasion of KUBE_EVASIONS.filter(({ raw }) => raw === undefined)) {
        const { method = 'GET', path = '', target = `/cluster${path}`, headers = [], body = '' } = evasion
        const content = Buffer.from(body)
        const framed = headers.some((header) => /^(content-length|transfer-encoding|upgrade):/i.test(header))
        const lines = [`${method} ${target} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${strict.token}`, ...headers, ...(framed ? [] : [`Content-Length: ${content.length}`]), '', '']
        const answer = await sendRaw(strict.port, strict.certificate.cert, Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), content]), 200)
        assert.ok(!/hunter2|aHVudGVyMg/.test(answer.body), evasion.name)
      }
      assert.equal(await cluster.kubectl(['get', 'pods,rolebindings,roles,namespaces', '-A', '-o', 'name']), before)
    } finally {
      await strict.stop()
    }
  })

  test('a connection test tells credentials that the real API server takes from one that it does not', async () => {
    const secrets: Record<string, string> = { 'env:TOKEN': cluster.adminToken, 'env:OTHER': 'nobody', 'env:CERT': readFileSync(cluster.admin.certFile, 'utf8'), 'env:KEY': readFileSync(cluster.admin.keyFile, 'utf8') }
    const tried = (credential: object) => reach(
      { name: 'cluster', protocol: 'kubernetes', labels: {}, host: '127.0.0.1', port: cluster.port, credential, tls: { ca: `file:${cluster.caFile}` } },
      { resolveSecret: (reference) => Promise.resolve(secrets[reference] ?? assert.fail(reference)) }, 10_000,
    )
    assert.match(await tried({ token: 'env:TOKEN' }), /^Kubernetes v\d\S* took the token env:TOKEN/)
    assert.match(await tried({ certificate: 'env:CERT', key: 'env:KEY' }), /took the client certificate env:CERT/)
    await assert.rejects(tried({ token: 'env:OTHER' }), /does not know the credential/)
  })

  test('every operation is on record with its outcome', async () => {
    const events = await readEvents(open.ledgerDirectory)
    const decided = events.filter(({ event }) => event === 'operation.decided').length
    const finished = events.filter(({ event }) => event === 'operation.finished').length
    assert.ok(decided > 500, String(decided))
    assert.ok(decided - finished < 5, `${decided} decided, ${finished} finished`)
    assert.ok(!JSON.stringify(events).includes(cluster.adminToken))
  })
})

/** The oldest and the newest are tried with everything, those between with what goes over the wire in another way each time. */
function kubectls(): readonly { readonly name: string; readonly path: string; readonly isBetween: boolean }[] {
  const versions = NEWER.flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []).filter((file) => /^kubectl\.1\.\d+$/.test(file)).map((file) => ({ name: file.slice('kubectl.'.length), path: join(folder, file) })))
    .toSorted((one, other) => Number(one.name.slice(2)) - Number(other.name.slice(2)))
  const one = join(NEWER[0] ?? '', 'kubectl')
  const newer = versions.length > 0 ? versions : existsSync(one) ? [{ name: 'newer', path: one }] : []
  return [{ name: '1.20', path: join(KUBE_BIN, 'kubectl'), isBetween: false }, ...newer.map((client, at) => ({ ...client, isBetween: at < newer.length - 1 }))]
}

function runIn(path: string, kubeconfig: string, { args, input }: KubeCommand, namespace: string): Promise<Ran> {
  const named = (text: string): string => text.replaceAll('NS', namespace)
  return run(path, kubeconfig, ['-n', namespace, ...named(args).split(' ')], input === undefined ? undefined : named(input))
}

/** What differs from run to run made alike. */
function plain({ status, output, errors }: Ran, namespace: string): Ran {
  const alike = (text: string): string => text
    .replaceAll(namespace, 'NS').replaceAll(/(?:direct|gateway)-[0-9a-f]{6}/g, 'NS').replaceAll(/https:\/\/[\d.]+:\d+(?:\/cluster)?/g, 'SERVER').replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'UID')
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?(?: ?[+-]\d{4})?/g, 'TIME').replaceAll(/\w{3}, \d\d \w{3} \d{4} [\d:]+ [+-]\d{4}/g, 'TIME').replaceAll(/("?resourceVersion"?: ?)"?\d+"?/g, '$1N').replaceAll(/\b\d+(?:ms|s|m|h|d)(?:\d+s)?\b/g, 'AGE')
    .replaceAll(/\b10\.0\.0\.\d+/g, 'IP').replaceAll(/\/tmp\/\S+/g, 'FILE').replaceAll(/[ \t]+/g, ' ')
  return { status, output: lines(alike(output)), errors: lines(alike(errors)) }
}

/** Other namespaces' objects come and go, and widths of columns with them. */
function lines(text: string): string {
  return text.split('\n').map((line) => line.trim()).filter((line) => !/^kube-|^default |^(?:[IWE]\d{4} |TIME )|lease|Server Version/.test(line)).toSorted().filter((line, at, all) => line !== all[at - 1]).join('\n')
}
