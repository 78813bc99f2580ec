import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort } from '../gateway/test/support/free-port.ts'
import { buildCluster, type KubeCluster, startCluster } from '../gateway/test/support/kube-cluster.ts'
import { type KubeGateway, startKubeGateway } from '../gateway/test/support/kube-gateway.ts'

/**
 * A real API server directly, behind nginx as a TLS proxy, and behind the gateway, in one run: small GETs, a list of many
 * pods without and with masks, and what idle watches take. Figures of one machine; the ratios are what counts.
 */
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false }, seconds: { type: 'string', default: '10' }, clients: { type: 'string', default: '16' },
    pods: { type: 'string', default: '10000' }, watches: { type: 'string', default: '2000' }, rounds: { type: 'string', default: '3' },
  },
})
const [seconds, clients, pods, watches, rounds] = [values.seconds, values.clients, values.pods, values.watches, values.rounds].map(Number) as [number, number, number, number, number]

interface Way {
  readonly name: string
  readonly port: number
  readonly prefix: string
  readonly token: string
  readonly ca: string
}

const RULES = 'rules:\n  - { name: everything, then: allow }\n'
const MASKS = `masks:\n  - { name: addresses, detect: [email], method: redact }\n`

buildCluster()
const cluster = await startCluster()
const stops: (() => Promise<unknown>)[] = [() => cluster.stop()]
try {
  const via = { port: cluster.port, caFile: cluster.caFile, credential: cluster.adminToken, gatewaySettings: '  limits: { connections: 10000 }' }
  const plain = await startKubeGateway({ ...via, policy: `masks: []\n${RULES}` })
  const fields = await startKubeGateway({ ...via, policy: `masks: []\n${RULES}`, settings: "    maskedFields: ['pods:spec.containers[*].env[*].value']\n" })
  const detecting = await startKubeGateway({ ...via, policy: MASKS + RULES })
  stops.push(() => plain.stop(), () => fields.stop(), () => detecting.stop())
  await makePods(cluster, pods)

  const direct: Way = { name: 'direct', port: cluster.port, prefix: '', token: cluster.adminToken, ca: readFileSync(cluster.caFile, 'utf8') }
  const of = (name: string, { port, token, certificate }: KubeGateway): Way => ({ name, port, prefix: '/cluster', token, ca: certificate.cert })
  const ways = [direct, ...(await startNginx(cluster)), of('gateway', plain)]

  const report: Record<string, string | number>[] = []
  for (const way of ways) {
    const measured = []
    await load(way, 1)
    for (let round = 0; round < rounds; round++) measured.push(await load(way, seconds))
    const [middle] = measured.toSorted((one, other) => one.rate - other.rate).slice(Math.floor(rounds / 2))
    report.push({ what: 'small GETs', way: way.name, 'a second': Math.round(middle?.rate ?? 0), 'p50 ms': fixed(middle?.p50), 'p99 ms': fixed(middle?.p99) })
  }
  for (const way of [...ways, of('gateway, fields masked', fields), of('gateway, detectors', detecting)]) {
    await get(way, '/api/v1/namespaces/many/pods')
    const times: number[] = []
    let bytes = 0
    for (let round = 0; round < rounds; round++) {
      const start = performance.now()
      bytes = await get(way, '/api/v1/namespaces/many/pods')
      times.push(performance.now() - start)
    }
    report.push({ what: `list of ${pods} pods`, way: way.name, 'median ms': fixed(times.toSorted((a, b) => a - b)[Math.floor(rounds / 2)]), MB: fixed(bytes / 1e6) })
  }
  report.push(await idleWatches(of('gateway', plain), plain))
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`)
  else for (const line of report) console.log(Object.entries(line).map(([name, value]) => `${name} ${value}`).join('  '))
} finally {
  for (const stop of stops.toReversed()) await stop()
}

function fixed(value = Number.NaN): string {
  return value.toFixed(1)
}

/** Keep-alive connections, each with one request at a time. */
async function load(way: Way, forSeconds: number): Promise<{ rate: number; p50: number; p99: number }> {
  const agent = new https.Agent({ keepAlive: true, maxSockets: clients, ca: way.ca })
  const end = performance.now() + forSeconds * 1_000
  const times: number[] = []
  await Promise.all(Array.from({ length: clients }, async () => {
    while (performance.now() < end) {
      const start = performance.now()
      await get(way, '/api/v1/namespaces/many/pods/pod-1', agent)
      times.push(performance.now() - start)
    }
  }))
  agent.destroy()
  times.sort((a, b) => a - b)
  return { rate: times.length / forSeconds, p50: times[Math.floor(times.length / 2)] ?? 0, p99: times[Math.floor(times.length * 0.99)] ?? 0 }
}

async function get({ port, prefix, token, ca }: Way, path: string, agent = new https.Agent({ ca })): Promise<number> {
  const request = https.get({ host: '127.0.0.1', port, path: prefix + path, agent, ca, headers: { authorization: `Bearer ${token}`, accept: 'application/json' } })
  const [answer] = (await once(request, 'response')) as [AsyncIterable<Buffer> & { readonly statusCode?: number }]
  let bytes = 0
  for await (const part of answer) bytes += part.length
  if (answer.statusCode !== 200) throw new Error(`${path} is answered with ${answer.statusCode}`)
  return bytes
}

async function makePods(target: KubeCluster, count: number): Promise<void> {
  const { port, adminToken, caFile } = target
  await target.kubectl(['create', 'namespace', 'many'])
  const agent = new https.Agent({ keepAlive: true, maxSockets: 32, ca: readFileSync(caFile) })
  let next = 1
  await Promise.all(Array.from({ length: 32 }, async () => {
    for (let n = next++; n <= count; n = next++) {
      const request = https.request({ host: '127.0.0.1', port, method: 'POST', path: '/api/v1/namespaces/many/pods', agent, headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' } })
      request.end(JSON.stringify({
        metadata: { name: `pod-${n}`, labels: { app: 'web', part: String(n % 10) }, annotations: { owner: `team-${n}@example.com` } },
        spec: { containers: [{ name: 'web', image: 'nginx:1', env: [{ name: 'TOKEN', value: `secret-${n}` }, { name: 'MODE', value: 'production' }], ports: [{ containerPort: 80 }] }] },
      }))
      const [answer] = (await once(request, 'response')) as [IncomingMessage]
      answer.resume()
      await once(answer, 'end')
      if (answer.statusCode !== 201) throw new Error(`a pod is answered with ${answer.statusCode}`)
    }
  }))
  agent.destroy()
}

/** @returns nothing where nginx is not installed */
async function startNginx(target: KubeCluster): Promise<Way[]> {
  if (!existsSync('/usr/sbin/nginx')) {
    console.error('Left out: nginx is not installed')
    return []
  }
  const port = await freePort()
  const folder = join(target.folder, 'nginx')
  mkdirSync(folder)
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-keyout', 'key.pem', '-out', 'cert.pem', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'], { cwd: folder, stdio: 'ignore' })
  writeFileSync(join(folder, 'nginx.conf'), `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log; worker_rlimit_nofile 20000;
events { worker_connections 10000; }
http {
  access_log ${folder}/access.log; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream api { server 127.0.0.1:${target.port}; keepalive 64; }
  server {
    listen 127.0.0.1:${port} ssl; ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem; keepalive_requests 1000000;
    location / {
      proxy_pass https://api; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; proxy_read_timeout 3600s;
      proxy_ssl_verify on; proxy_ssl_trusted_certificate ${target.caFile}; proxy_ssl_name localhost; proxy_ssl_session_reuse on;
    }
  }
}
`)
  const child = spawn('/usr/sbin/nginx', ['-c', join(folder, 'nginx.conf')], { stdio: 'ignore' })
  stops.push(async () => {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  })
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  return [{ name: 'nginx', port, prefix: '', token: target.adminToken, ca: readFileSync(join(folder, 'cert.pem'), 'utf8') }]
}

/** What the gateway holds on to for watches in which nothing happens, by HTTP/2. */
async function idleWatches({ port, prefix, token, ca }: Way, gateway: KubeGateway): Promise<Record<string, string | number>> {
  const before = await gateway.memoryInUse()
  const sessions = Array.from({ length: Math.ceil(watches / 200) }, () => http2.connect(`https://127.0.0.1:${port}`, { ca }))
  const streams = Array.from({ length: watches }, (_, n) => {
    const stream = sessions[n % sessions.length]?.request({ ':path': `${prefix}/api/v1/namespaces/default/configmaps?watch=true&resourceVersion=0`, authorization: `Bearer ${token}` })
    if (stream === undefined) throw new Error('no session')
    stream.resume()
    return stream
  })
  await Promise.all(streams.map(async (stream) => once(stream, 'response')))
  const during = await gateway.memoryInUse()
  for (const session of sessions) session.destroy()
  return { what: `${watches} idle watches`, way: 'gateway', 'KiB a watch': fixed((during - before) / 1024 / watches), 'MiB in all': fixed(during / 1024 / 1024) }
}
