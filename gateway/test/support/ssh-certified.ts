import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { routes, SshAuthorities, SshCertificate } from '@sallyport/contract'
import type { CertificateAuthorities } from '../../src/governance/certificates/certificate-authorities.ts'
import { type RunningGateway, startGateway } from '../../src/main.ts'
import { type DeviceProvider, startDeviceProvider } from './device-provider.ts'
import { type Issuer, startIssuer } from './issuer.ts'
import { type RunningClient, startClient } from './run-client.ts'
import { startSshd, type Sshd } from './sshd.ts'

/** A gateway whose authorities a test has too, before a server that trusts it; people log in with a browser. */
export interface CertifiedSsh {
  readonly gateway: RunningGateway
  readonly authorities: CertificateAuthorities
  readonly issuer: Issuer
  readonly people: DeviceProvider
  readonly sshd: Sshd
  /** Where clients keep what is theirs. */
  readonly folder: string
  readonly port: number
  /** A certificate of the control API over `key.pub`. @param token identity token or session token */
  certificate(token: string, publicKey: string, targets?: readonly string[]): Promise<SshCertificate>
  trusted(): Promise<SshAuthorities>
  /** OpenSSH's client, with nothing but these options. */
  ssh(options: readonly string[], command: string, environment?: NodeJS.ProcessEnv): RunningClient
  stop(): Promise<void>
}

const NAMES = { hostKey: 'gateway.host-key', host: 'gateway.host-authority', login: 'gateway.login-authority', target: 'gateway.target-authority' } as const

export async function startCertifiedSsh(): Promise<CertifiedSsh> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-certified-'))
  const key = (): KeyObject => generateKeyPairSync('ed25519').privateKey
  const authorities = { hostKey: key(), host: key(), login: key(), target: key() }
  const authorityFile = join(folder, 'target-authority.pub')
  writeFileSync(authorityFile, '')
  const [issuer, people, sshd] = await Promise.all([
    startIssuer(), startDeviceProvider(), startSshd({ settings: [`TrustedUserCAKeys ${authorityFile}`, 'AuthorizedKeysFile none'] }),
  ])
  const target = (name: string) => `  - { name: ${name}, protocol: ssh, host: 127.0.0.1, port: ${sshd.port}, credential: { user: ${sshd.user}, certificate: {} }, hostKeys: ['${sshd.hostKey}'], labels: {} }\n`
  const configText = `version: 1
gateway:
  dataDir: ${join(folder, 'data')}
  api: { port: 0 }
  protocols: { postgres: { port: 0 }, ssh: { port: 0, names: [gateway.test] } }
issuers:
  - { name: test, issuer: '${issuer.url}', audience: ${issuer.audience}, groups: groups, person: preferred_username }
  - { name: people, issuer: '${people.url}', audience: sallyport, groups: groups, person: preferred_username, cli: { clientId: cli, resource: 'urn:sallyport' } }
agents:
  - { name: support-bot, issuer: test, match: { azp: support-bot }, owner: dana@example.com, purpose: looks after hosts }
targets:
${target('box')}${target('other')}masks: []
rules:
  - { name: all, then: allow }
roles: { operator: [dba] }
`
  const secrets = Object.fromEntries(Object.entries(NAMES).map(([member, name]) => [name, authorities[member as keyof typeof NAMES].export({ type: 'pkcs8', format: 'pem' }).toString()]))
  const gateway = await startGateway({ configText, secrets, logLevel: 'silent' })
  const trusted = async () => SshAuthorities.parse(await (await fetch(new URL(routes.sshAuthorities, gateway.apiUrl))).json())
  writeFileSync(authorityFile, `${(await trusted()).targetAuthority}\n`)
  const port = gateway.listeners['ssh']?.port ?? 0
  return {
    gateway, authorities, issuer, people, sshd, folder, port, trusted,
    async certificate(token, publicKey, targets = ['box']) {
      const response = await fetch(new URL(routes.sshCertificates, gateway.apiUrl), {
        method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ publicKey, targets }),
      })
      if (!response.ok) throw new Error(await response.text())
      return SshCertificate.parse(await response.json())
    },
    ssh: (options, command, environment = {}) => startClient(
      'ssh', ['-F', 'none', '-o', 'IdentityAgent=none', '-o', 'GlobalKnownHostsFile=/dev/null', '-p', String(port), ...options, '127.0.0.1', command], '',
      { env: { PATH: process.env['PATH'], HOME: folder, ...environment }, cwd: folder },
    ),
    async stop() {
      await gateway.close()
      await Promise.all([issuer.close(), people.close(), sshd.stop()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

