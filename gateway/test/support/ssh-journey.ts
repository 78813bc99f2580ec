import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atExit } from './at-exit.ts'
import { type GatewayOptions, startTestGateway, type TestGateway } from './gateway.ts'
import { ALLOW_ALL } from './policies.ts'
import { type ClientResult, type RunningClient, startClient } from './run-client.ts'
import { type Sshd, type SshdOptions, startSshd } from './sshd.ts'

/** A real SSH server, the gateway before it as target `shop`, and clients that are pointed at the gateway. */
export interface SshJourney {
  readonly sshd: Sshd
  readonly gateway: TestGateway
  /** Of agent support-bot. */
  readonly token: string
  /** Files of the clients. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  /** Flags by which OpenSSH's clients find the gateway as host `shop`. */
  readonly flags: readonly string[]
  /** Runs `ssh`; flags first, then what to run. */
  ssh(flags: readonly string[], command?: string, input?: string | Buffer): Promise<ClientResult>
  start(command: string, parameters: readonly string[], input?: string): RunningClient
  stop(): Promise<void>
}

export interface SshJourneyOptions {
  readonly policy?: string
  readonly sshd?: SshdOptions
  /** More settings of the target, as YAML that begins with a comma. */
  readonly target?: string
  /** What is pinned instead of its host key. */
  readonly hostKey?: string
  readonly gateway?: Partial<GatewayOptions>
  readonly agent?: string
}

export async function startSshJourney(options: SshJourneyOptions = {}): Promise<SshJourney> {
  const sshd = await startSshd(options.sshd)
  const gateway = await startTestGateway({
    targets: [], tls: false, policy: options.policy ?? ALLOW_ALL, otherTargets: sshTargetEntry('shop', { ...sshd, hostKey: options.hostKey ?? sshd.hostKey }, options.target),
    environment: { TEST_SSH_KEY: readFileSync(sshd.keyFile, 'utf8') }, ...options.gateway,
  })
  const token = await gateway.issuer.agentToken(options.agent ?? 'support-bot')
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-ssh-'))
  const removeFolder = atExit(() => rmSync(folder, { recursive: true, force: true }))
  const configFile = join(folder, 'config')
  writeFileSync(configFile, `Host *
  HostName ${gateway.host}
  Port ${gateway.sshPort}
  StrictHostKeyChecking no
  UserKnownHostsFile ${join(folder, 'known_hosts')}
  GlobalKnownHostsFile /dev/null
  PubkeyAuthentication no
  NumberOfPasswordPrompts 1
  PreferredAuthentications password
Host shop
  User shop
`)
  const environment = { PATH: process.env['PATH'], HOME: folder, SSHPASS: token, TERM: 'xterm', LANG: 'C.UTF-8' }
  const flags = ['-F', configFile]
  const start = (command: string, parameters: readonly string[], input = ''): RunningClient => startClient(command, parameters, input, { env: environment, cwd: folder })
  return {
    sshd, gateway, token, folder, environment, flags, start,
    ssh: (more, command, input = '') => startClient('sshpass', ['-e', 'ssh', ...flags, ...more, 'shop', ...(command === undefined ? [] : [command])], input, { env: environment, cwd: folder }).result,
    async stop() {
      await gateway.stop()
      await sshd.stop()
      removeFolder.forget()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The target's entry in the policy document. */
export function sshTargetEntry(name: string, sshd: Pick<Sshd, 'host' | 'port' | 'user' | 'hostKey'>, more = ''): string {
  return `  - { name: ${name}, protocol: ssh, host: ${sshd.host}, port: ${sshd.port}, credential: { user: ${sshd.user}, key: 'env:TEST_SSH_KEY' }, hostKeys: ['${sshd.hostKey}'], labels: { env: test }${more} }\n`
}
