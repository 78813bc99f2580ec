import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { isLoopback, type Target } from '@sallyport/contract'
import type { Command } from 'commander'
import { anotherProtocol } from '../another-protocol.ts'
import { authorityFile, connect, globalOptions, type GlobalOptions } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'

/** Of credential plugins; kubectl before 1.22 knows only the older. */
const PLUGIN_VERSIONS = ['v1', 'v1beta1'] as const
const PLUGIN_GROUP = 'client.authentication.k8s.io'
/** A token is not used in the moment in which it ends. */
const MARGIN_MS = 10_000

interface Asked {
  readonly purpose?: string
  readonly pluginVersion: string
}

/** `sallyport kubeconfig|kube-credential`: Kubernetes targets, with the programs that are there already. */
export function addKubernetesCommands(program: Command): void {
  program
    .command('kubeconfig')
    .summary('let kubectl, Helm and their like reach a target')
    .description('Prints a kubeconfig for a target. No secret is in it: kubectl gets a session token by "sallyport kube-credential" whenever it needs one.')
    .argument('<target>', 'name of the target')
    .option('--purpose <text>', 'why, for reviewers and auditors')
    .option('--plugin-version <version>', `${PLUGIN_VERSIONS.join(' or ')}; kubectl before 1.22 wants v1beta1`, 'v1')
    .addHelpText('after', `
Examples:
  $ sallyport kubeconfig cluster > cluster.kubeconfig && kubectl --kubeconfig cluster.kubeconfig get pods
  $ sallyport --as support-bot kubeconfig cluster --purpose "ticket 4711" > cluster.kubeconfig`)
    .action(async (name: string, own: Asked, command: Command) => {
      if (!PLUGIN_VERSIONS.some((version) => version === own.pluginVersion)) throw new Failure(`there is no plugin version "${own.pluginVersion}"`, `Give ${PLUGIN_VERSIONS.join(' or ')}.`, EXIT.usage)
      const options = globalOptions(command)
      const client = await connect(options)
      const target = await kubernetesTarget(client, name)
      const authority = await authorityFile(options)
      process.stdout.write(`${JSON.stringify(await kubeconfig(target, client.gateway, authority, own, options), undefined, 2)}\n`)
    })

  program
    .command('kube-credential')
    .summary('give kubectl a session token')
    .description('Prints an ExecCredential with a session token for a target. kubectl calls it by itself, as the kubeconfig of "sallyport kubeconfig" says.')
    .argument('<target>', 'name of the target')
    .option('--purpose <text>', 'why, for reviewers and auditors')
    .addHelpText('after', `
Examples:
  $ sallyport kube-credential cluster`)
    .action(async (name: string, own: { readonly purpose?: string }, command: Command) => {
      const client = await connect(globalOptions(command))
      const target = await kubernetesTarget(client, name)
      const { access_token: token, expires_in: seconds } = await client.sessionToken(target.name, own.purpose)
      const expirationTimestamp = new Date(Date.now() + Math.max(seconds * 1_000 - MARGIN_MS, 1_000)).toISOString().replace(/\.\d+Z$/, 'Z')
      process.stdout.write(`${JSON.stringify({ apiVersion: `${PLUGIN_GROUP}/${askedVersion()}`, kind: 'ExecCredential', status: { token, expirationTimestamp } })}\n`)
    })
}

async function kubernetesTarget(client: Awaited<ReturnType<typeof connect>>, name: string): Promise<Target> {
  const target = await client.target(name)
  if (target.protocol !== 'kubernetes') throw anotherProtocol(target)
  return target
}

/** JSON, which is YAML. */
async function kubeconfig({ name, host, port, tls }: Target, gateway: string, authority: string | undefined, own: Asked, options: GlobalOptions): Promise<object> {
  const script = await realpath(process.argv[1] ?? '')
  const args = [
    script, '--api', gateway,
    ...(options.as === undefined ? [] : ['--as', options.as]),
    ...(options.subjectTokenFile === undefined ? [] : ['--subject-token-file', resolve(options.subjectTokenFile)]),
    ...(authority === undefined ? [] : ['--ca', resolve(authority)]),
    'kube-credential', name,
    ...(own.purpose === undefined ? [] : ['--purpose', own.purpose]),
  ]
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}/${encodeURIComponent(name)}`
  // On loopback the gateway may have no certificate that anybody knows; beyond it is always checked.
  const trust = authority !== undefined ? { 'certificate-authority': resolve(authority) } : tls && isLoopback(host) ? { 'insecure-skip-tls-verify': true } : {}
  const exec = {
    apiVersion: `${PLUGIN_GROUP}/${own.pluginVersion}`, command: process.execPath, args,
    ...(own.pluginVersion === 'v1' && { interactiveMode: 'Never' }),
  }
  return {
    apiVersion: 'v1', kind: 'Config', 'current-context': name,
    clusters: [{ name, cluster: { server: `${tls ? 'https' : 'http'}://${address}`, ...trust } }],
    users: [{ name: 'sallyport', user: { exec } }],
    contexts: [{ name, context: { cluster: name, user: 'sallyport' } }],
  }
}

/** kubectl says in its environment which version it wants (ExecCredential in KUBERNETES_EXEC_INFO). */
function askedVersion(): string {
  try {
    const { apiVersion } = JSON.parse(process.env['KUBERNETES_EXEC_INFO'] ?? '{}') as { readonly apiVersion?: unknown }
    return PLUGIN_VERSIONS.find((version) => apiVersion === `${PLUGIN_GROUP}/${version}`) ?? 'v1'
  } catch {
    return 'v1'
  }
}
