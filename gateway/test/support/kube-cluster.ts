import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { atExit } from './at-exit.ts'
import { freePort } from './free-port.ts'

/** A real kube-apiserver with etcd on loopback: RBAC, tokens, certificates. No controllers and no scheduler run. */
export interface KubeCluster {
  readonly port: number
  /** PEM file of the authority that its certificate is by. */
  readonly caFile: string
  /** `system:masters`. */
  readonly adminKubeconfig: string
  readonly adminToken: string
  /** Folder with its keys and logs. */
  readonly folder: string
  /** Certificate of `system:masters`, PEM files. */
  readonly admin: { readonly certFile: string; readonly keyFile: string }
  /** kubectl as an administrator, not through the gateway. @returns what it prints @throws Error with what it says */
  kubectl(args: readonly string[], input?: string): Promise<string>
  /** A merge patch, as an administrator. @throws Error with the status */
  patch(path: string, change: object): Promise<void>
  log(): string
  stop(): Promise<void>
}

const KUBE_CACHE = join(process.env['SALLYPORT_CACHE'] ?? join(homedir(), '.cache/sallyport'), 'kube-1.20')
export const KUBE_BIN = join(KUBE_CACHE, 'bin')
export const KUBE_ROOT = join(KUBE_CACHE, 'root')
const START_TIMEOUT_MS = 90_000

/** Why this machine has no cluster; nothing when it has. `scripts/build-kube.sh` makes what is missing. */
export function clusterObstacle(): string | undefined {
  if (existsSync(join(KUBE_CACHE, 'ready'))) return undefined
  if (!existsSync('/usr/bin/apt-get')) return 'no Kubernetes was built on this machine, and it has no apt-get to build one with'
  if (process.env['CI'] === undefined) return `no Kubernetes was built on this machine: scripts/build-kube.sh ${KUBE_CACHE} does it`
  return undefined
}

/** Builds Kubernetes where that was not done yet: a quarter of an hour. */
export function buildCluster(): void {
  if (existsSync(join(KUBE_CACHE, 'ready'))) return
  execFileSync('bash', [join(import.meta.dirname, '../../../scripts/build-kube.sh'), KUBE_CACHE], { stdio: ['ignore', 2, 2] })
}

export async function startCluster(): Promise<KubeCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-kube-'))
  const removal = atExit(() => rmSync(folder, { recursive: true, force: true }))
  makeKeys(folder)
  const [port, etcdPort, etcdPeerPort] = await Promise.all([freePort(), freePort(), freePort()])
  const etcdUrl = `http://127.0.0.1:${etcdPort}`
  const peerUrl = `http://127.0.0.1:${etcdPeerPort}`
  const etcd = start(folder, 'etcd', [
    '--data-dir', join(folder, 'etcd'), '--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl, '--unsafe-no-fsync',
    '--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl, '--initial-cluster', `default=${peerUrl}`,
  ])
  const pki = (name: string): string => join(folder, name)
  const adminToken = 'admin-token-of-the-cluster'
  writeFileSync(pki('tokens.csv'), `${adminToken},admin-by-token,1001,"system:masters"\n`)
  const api = start(folder, 'kube-apiserver', [
    `--etcd-servers=${etcdUrl}`, '--bind-address=127.0.0.1', '--advertise-address=127.0.0.1', `--secure-port=${port}`,
    `--tls-cert-file=${pki('apiserver.crt')}`, `--tls-private-key-file=${pki('apiserver.key')}`, `--client-ca-file=${pki('ca.crt')}`,
    `--service-account-key-file=${pki('sa.pub')}`, `--service-account-signing-key-file=${pki('sa.key')}`, '--service-account-issuer=https://kubernetes.default.svc',
    '--service-cluster-ip-range=10.0.0.0/24', '--authorization-mode=Node,RBAC', `--token-auth-file=${pki('tokens.csv')}`,
    `--kubelet-client-certificate=${pki('admin.crt')}`, `--kubelet-client-key=${pki('admin.key')}`, `--kubelet-certificate-authority=${pki('ca.crt')}`,
    '--kubelet-preferred-address-types=InternalIP,Hostname', '--allow-privileged=true', '--endpoint-reconciler-type=none',
    '--max-requests-inflight=4000', '--max-mutating-requests-inflight=2000', '--enable-priority-and-fairness=false', '--disable-admission-plugins=ServiceAccount',
  ])
  for (const user of ['admin', 'kubelet']) {
    writeFileSync(pki(`${user}.kubeconfig`), `apiVersion: v1
kind: Config
clusters: [{name: direct, cluster: {server: "https://127.0.0.1:${port}", certificate-authority: ${pki('ca.crt')}}}]
users: [{name: user, user: {client-certificate: ${pki(`${user}.crt`)}, client-key: ${pki(`${user}.key`)}}}]
contexts: [{name: direct, context: {cluster: direct, user: user}}]
current-context: direct
`)
  }
  const log = (): string => readFileSync(join(folder, 'kube-apiserver.log'), 'utf8')
  await untilReady(port, readFileSync(pki('ca.crt')), adminToken).catch((error: unknown) => {
    throw new Error(`the API server did not start:\n${log().slice(-4000)}`, { cause: error })
  })
  const adminKubeconfig = pki('admin.kubeconfig')
  return {
    port, caFile: pki('ca.crt'), adminKubeconfig, adminToken, folder, log,
    admin: { certFile: pki('admin.crt'), keyFile: pki('admin.key') },
    async kubectl(args, input) {
      const running = promisify(execFile)(join(KUBE_BIN, 'kubectl'), ['--kubeconfig', adminKubeconfig, ...args], { env: { PATH: process.env['PATH'], HOME: folder }, maxBuffer: 1 << 28 })
      running.child.stdin?.end(input)
      return (await running).stdout
    },
    async patch(path, change) {
      const status = await ask(port, readFileSync(pki('ca.crt')), adminToken, path, change)
      if (status !== 200) throw new Error(`the API server answers ${status}`)
    },
    async stop() {
      await end(api)
      await end(etcd)
      removal.forget()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function makeKeys(folder: string): void {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2', '-subj', '/CN=cluster-ca')
  const make = (name: string, subject: string, names: string): void => {
    writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${names}\nextendedKeyUsage=serverAuth,clientAuth\n`)
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject)
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-out', `${name}.crt`, '-extfile', `${name}.ext`)
  }
  make('apiserver', '/CN=kube-apiserver', 'DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.0.0.1')
  make('admin', '/O=system:masters/CN=cluster-admin', 'DNS:admin')
  make('kubelet', '/O=system:nodes/CN=system:node:node-1', 'DNS:node-1,DNS:localhost,IP:127.0.0.1')
  openssl('genrsa', '-out', 'sa.key', '2048')
  openssl('rsa', '-in', 'sa.key', '-pubout', '-out', 'sa.pub')
}

/** Its output goes to a file of the cluster's folder; it is killed when the tests' process ends. */
export function start(folder: string, program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, path = join(KUBE_BIN, program)): ChildProcess {
  mkdirSync(folder, { recursive: true })
  const log = openSync(join(folder, `${program}.log`), 'a')
  const child = spawn(path, args, { stdio: ['ignore', log, log], env: { PATH: process.env['PATH'], HOME: folder, ...env } })
  const kill = atExit(() => child.kill('SIGKILL'))
  child.once('exit', () => kill.forget())
  child.unref()
  return child
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.ref()
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), 8_000)
  await ended
  clearTimeout(force)
}

async function untilReady(port: number, ca: Buffer, token: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS
  for (;;) {
    const status = await ask(port, ca, token, '/readyz')
    if (status === 200) return
    if (Date.now() > deadline) throw new Error('it is not ready')
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}

/** @returns the status; 0 when there is no answer. */
function ask(port: number, ca: Buffer, token: string, path: string, change?: object): Promise<number> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}`, ...(change && { 'content-type': 'application/merge-patch+json' }) }
    https.request({ host: '127.0.0.1', port, path, ca, agent: false, headers, method: change === undefined ? 'GET' : 'PATCH' }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    }).on('error', () => resolve(0)).end(change && JSON.stringify(change))
  })
}
