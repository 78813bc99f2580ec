import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { atExit } from './at-exit.ts'
import { type Certificate, makeCertificate } from './certificate.ts'
import { type Issuer, startIssuer } from './issuer.ts'

/** A gateway in a process of its own before one API server, which is the target `cluster`. */
export interface KubeGateway {
  readonly port: number
  readonly apiUrl: string
  readonly pid: number
  readonly issuer: Issuer
  readonly certificate: Certificate
  readonly ledgerDirectory: string
  readonly folder: string
  /** Of the agent support-bot. */
  readonly token: string
  log(): string
  /** Writes a kubeconfig for the gateway with a token. @returns its path */
  kubeconfig(token?: string, target?: string): string
  memoryInUse(): Promise<number>
  stop(): Promise<void>
}

export interface KubeGatewayOptions {
  readonly port: number
  readonly caFile: string
  /** Sent as bearer token; or a certificate's files. */
  readonly credential: string | { readonly certFile: string; readonly keyFile: string }
  /** `credential.perSession`, as a YAML map. */
  readonly perSession?: string
  /** The document from `masks` on. */
  readonly policy: string
  /** More of the target's entry, as lines of YAML with four spaces before them. */
  readonly settings?: string
  /** Lines of the `gateway` section. */
  readonly gatewaySettings?: string
}

const ready = z.object({ apiUrl: z.string(), listeners: z.object({ kubernetes: z.object({ port: z.number() }) }) })

export async function startKubeGateway(options: KubeGatewayOptions): Promise<KubeGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-kube-gateway-'))
  const removal = atExit(() => rmSync(folder, { recursive: true, force: true }))
  const issuer = await startIssuer()
  const certificate = makeCertificate(folder, 'listener')
  const { credential } = options
  const isToken = typeof credential === 'string'
  const configText = `version: 1
gateway:
  dataDir: ${folder}/data
  api: { port: 0 }
  protocols: { kubernetes: { port: 0 } }
${options.gatewaySettings ?? ''}
  tls: { cert: 'file:${certificate.certFile}', key: 'file:${certificate.keyFile}' }
issuers:
  - { name: test, issuer: '${issuer.url}', audience: ${issuer.audience}, groups: groups, person: preferred_username }
agents:
  - { name: support-bot, issuer: test, match: { azp: support-bot }, owner: dana@example.com, purpose: answers customer tickets }
targets:
  - name: cluster
    protocol: kubernetes
    host: 127.0.0.1
    port: ${options.port}
    credential: { ${isToken ? "token: 'env:TEST_TOKEN'" : `certificate: 'file:${credential.certFile}', key: 'file:${credential.keyFile}'`}${options.perSession === undefined ? '' : `, perSession: ${options.perSession}`} }
    tls: { ca: 'file:${options.caFile}' }
${options.settings ?? ''}
${options.policy}`
  const child = spawn(process.execPath, ['--expose-gc', join(import.meta.dirname, 'gateway-process.ts')], {
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'], env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], ...(isToken && { TEST_TOKEN: credential }) },
  })
  if (child.stderr === null || child.stdin === null || child.stdout === null) throw new Error('no pipes')
  const kill = atExit(() => child.kill('SIGKILL'))
  let log = ''
  child.stderr.on('data', (part: Buffer) => { log = (log + part.toString()).slice(-1_000_000) })
  child.stdin.end(configText)
  const lines = createInterface({ input: child.stdout })
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`the gateway did not start:\n${log}`)))
  ended.catch(() => undefined)
  const [text] = await Promise.race([once(lines, 'line', { signal: AbortSignal.timeout(60_000) }), ended])
  const { apiUrl, listeners } = ready.parse(JSON.parse(String(text)))
  const { port } = listeners.kubernetes
  const token = await issuer.agentToken('support-bot')
  let files = 0
  return {
    port, apiUrl, pid: child.pid ?? 0, issuer, certificate, folder, token, ledgerDirectory: join(folder, 'data/ledger'),
    log: () => log,
    kubeconfig(given = token, target = 'cluster') {
      const path = join(folder, `${files++}.kubeconfig`)
      writeFileSync(path, `apiVersion: v1
kind: Config
clusters: [{name: gateway, cluster: {server: "https://127.0.0.1:${port}/${target}", certificate-authority: ${certificate.certFile}}}]
users: [{name: agent, user: {token: "${given}"}}]
contexts: [{name: gateway, context: {cluster: gateway, user: agent}}]
current-context: gateway
`)
      return path
    },
    async memoryInUse() {
      const answer = once(child, 'message', { signal: AbortSignal.timeout(30_000) })
      child.send('how much memory is in use?')
      return z.number().parse((await answer)[0])
    },
    async stop() {
      kill.forget()
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, 'exit')
        child.kill('SIGTERM')
        const force = setTimeout(() => child.kill('SIGKILL'), 10_000)
        await gone
        clearTimeout(force)
      }
      await issuer.close()
      removal.forget()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

