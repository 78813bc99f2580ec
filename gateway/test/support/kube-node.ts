import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { end, KUBE_BIN, KUBE_ROOT, type KubeCluster, start } from './kube-cluster.ts'
import { freePort } from './free-port.ts'

/** A real node of a cluster: containerd, runc and the kubelet, with one pod that runs on the host's network. */
export interface KubeNode {
  /** Where the pod's web server listens inside, for port-forward. */
  readonly webPort: number
  log(): string
  stop(): Promise<void>
}

/** Name of the pod, in the namespace `default`: container `main` prints a tick a second, `web` serves a page. */
export const POD = 'shell'
export const PAGE = 'hello-from-pod'

/** Why this machine can run no containers; nothing when it can. */
export function nodeObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'containers want Linux'
  if (process.getuid?.() !== 0) return 'containers want root'
  return existsSync('/sys/fs/cgroup/cgroup.controllers') || existsSync('/sys/fs/cgroup/memory') ? undefined : 'this machine has no control groups'
}

export async function startNode(cluster: KubeCluster): Promise<KubeNode> {
  const folder = join(cluster.folder, 'node')
  const here = (name: string): string => join(folder, name)
  for (const part of ['img', 'cni/bin', 'cni/net.d', 'kubelet', 'bin']) mkdirSync(here(part), { recursive: true })
  const [kubeletPort, healthPort, webPort, streamPort] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
  const socket = here('containerd.sock')
  for (const program of ['containerd', 'containerd-shim-runc-v2', 'ctr']) symlinkSync(join(KUBE_ROOT, 'usr/bin', program), here(`bin/${program}`))
  symlinkSync(join(KUBE_ROOT, 'usr/sbin/runc'), here('bin/runc'))
  const libraries = execFileSync('find', [KUBE_ROOT, '-name', 'libseccomp.so.2', '-printf', '%h\n'], { encoding: 'utf8' }).split('\n')[0] ?? ''
  const env = { PATH: `${here('bin')}:${process.env['PATH'] ?? ''}`, LD_LIBRARY_PATH: libraries }
  writeFileSync(here('containerd.toml'), containerdConfig(folder, socket, streamPort))
  symlinkSync(join(KUBE_ROOT, 'usr/bin/containerd'), here('containerd'))
  const containerd = start(folder, 'containerd', ['-c', here('containerd.toml')], env, here('containerd'))
  const run = promisify(execFile)
  const ctr = (...args: string[]) => run(here('bin/ctr'), ['-a', socket, '-n', 'k8s.io', ...args], { env: { ...process.env, ...env } })
  await eventually(() => ctr('version'))
  for (const [name, program, command] of [['busybox', join(KUBE_ROOT, 'bin/busybox'), '/bin/sh'], ['pause', join(KUBE_BIN, 'pause'), '/pause']] as const) {
    makeImage(folder, name, program, command)
    await ctr('images', 'import', '--snapshotter', 'native', here(`img/${name}.tar`))
  }
  writeFileSync(here('kubelet.yaml'), kubeletConfig(cluster.folder, kubeletPort, healthPort))
  const kubelet = start(folder, 'kubelet', [
    '--config', here('kubelet.yaml'), '--kubeconfig', join(cluster.folder, 'kubelet.kubeconfig'), '--root-dir', here('kubelet'), '--cert-dir', here('kubelet/pki'),
    '--hostname-override', 'node-1', '--cloud-provider', 'external', '--container-runtime', 'remote', '--container-runtime-endpoint', `unix://${socket}`, '--v', '1',
    '--feature-gates', 'LocalStorageCapacityIsolation=false',
  ], env)
  const log = (): string => ['containerd', 'kubelet'].map((name) => readFileSync(here(`${name}.log`), 'utf8').slice(-6_000)).join('\n')
  try {
    await eventually(() => cluster.kubectl(['get', 'node', 'node-1']))
    // What a cloud's controller would do.
    await cluster.patch('/api/v1/nodes/node-1/status', { status: { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }, { type: 'Hostname', address: 'node-1' }] } })
    await cluster.kubectl(['apply', '-f', '-'], podManifest(webPort))
    await cluster.kubectl(['wait', '--for=condition=Ready', `pod/${POD}`, '--timeout=120s'])
  } catch (error) {
    throw new Error(`the node did not start:\n${log()}`, { cause: error })
  }
  return {
    webPort, log,
    async stop() {
      await cluster.kubectl(['delete', 'pod', '--all', '--grace-period=1', '--timeout=30s']).catch(() => undefined)
      await end(kubelet)
      const { stdout } = await ctr('tasks', 'ls', '-q').catch(() => ({ stdout: '' }))
      for (const task of stdout.split('\n').filter((one) => one !== '')) await ctr('tasks', 'rm', '-f', task).catch(() => undefined)
      await end(containerd)
      for (const shim of shimsOf(socket)) process.kill(shim, 'SIGKILL')
      // What pods had mounted stays when they are ended like this.
      const mounts = readFileSync('/proc/mounts', 'utf8').split('\n').flatMap((line) => line.split(' ')[1] ?? []).filter((path) => path.startsWith(`${folder}/`))
      for (const path of mounts.toReversed()) await run('umount', ['-l', path]).catch(() => undefined)
      rmSync(`/var/log/pods/default_${POD}`, { recursive: true, force: true })
    },
  }
}

/** Process ids of what keeps containers, which outlives containerd. */
function shimsOf(socket: string): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      return words[0]?.endsWith('containerd-shim-runc-v2') === true && words.includes(socket)
    } catch {
      return false
    }
  })
}

function containerdConfig(folder: string, socket: string, streamPort: number): string {
  return `version = 2
root = "${folder}/lib"
state = "${folder}/state"
[grpc]
  address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:test"
  stream_server_address = "127.0.0.1"
  stream_server_port = "${streamPort}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  tolerate_missing_hugetlb_controller = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "${folder}/bin/runc"
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${folder}/cni/bin"
    conf_dir = "${folder}/cni/net.d"
`
}

function kubeletConfig(cluster: string, port: number, healthPort: number): string {
  return `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
port: ${port}
readOnlyPort: 0
healthzPort: ${healthPort}
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: ${cluster}/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: ${cluster}/kubelet.crt
tlsPrivateKeyFile: ${cluster}/kubelet.key
cgroupDriver: cgroupfs
failSwapOn: false
enforceNodeAllocatable: []
cgroupsPerQOS: false
evictionHard: {memory.available: 50Mi}
resolvConf: ""
clusterDNS: []
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
`
}

function podManifest(webPort: number): string {
  const container = { image: 'localhost/busybox:test', imagePullPolicy: 'Never' }
  return JSON.stringify({
    apiVersion: 'v1', kind: 'Pod', metadata: { name: POD, labels: { app: POD } },
    spec: {
      nodeName: 'node-1', hostNetwork: true, automountServiceAccountToken: false, enableServiceLinks: false, terminationGracePeriodSeconds: 1, tolerations: [{ operator: 'Exists' }],
      containers: [
        { ...container, name: 'main', command: ['/bin/sh', '-c', 'i=0; while true; do i=$((i+1)); echo tick $i; sleep 1; done'] },
        { ...container, name: 'web', command: ['/bin/sh', '-c', `mkdir -p /www; echo ${PAGE} > /www/index.html; exec httpd -f -p 127.0.0.1:${webPort} -h /www`] },
      ],
    },
  })
}

/** An image in the format of `docker save`, of one static program; busybox with its names. */
function makeImage(folder: string, name: string, program: string, command: string): void {
  const root = join(folder, 'img', `${name}-root`)
  mkdirSync(join(root, 'bin'), { recursive: true })
  mkdirSync(join(root, 'tmp'))
  const path = name === 'pause' ? join(root, 'pause') : join(root, 'bin/busybox')
  cpSync(program, path, { dereference: true })
  chmodSync(path, 0o755)
  if (name === 'busybox') {
    mkdirSync(join(root, 'etc'))
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n')
    for (const applet of execFileSync(path, ['--list'], { encoding: 'utf8' }).split('\n').filter((one) => one !== '' && one !== 'busybox')) symlinkSync('busybox', join(root, 'bin', applet))
  }
  const image = join(folder, 'img', `${name}-image`)
  mkdirSync(join(image, 'layer'), { recursive: true })
  execFileSync('tar', ['cf', join(image, 'layer/layer.tar'), '-C', root, '.'])
  const digest = createHash('sha256').update(readFileSync(join(image, 'layer/layer.tar'))).digest('hex')
  writeFileSync(join(image, 'config.json'), JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64', os: 'linux', config: { Cmd: [command], Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] }, history: [{ created_by: 'tests' }],
  }))
  writeFileSync(join(image, 'manifest.json'), JSON.stringify([{ Config: 'config.json', RepoTags: [`localhost/${name}:test`], Layers: ['layer/layer.tar'] }]))
  execFileSync('tar', ['cf', join(folder, 'img', `${name}.tar`), '-C', image, 'config.json', 'manifest.json', 'layer/layer.tar'])
}

async function eventually(attempt: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    try {
      await attempt()
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}
