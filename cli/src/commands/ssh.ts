import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Target } from '@sallyport/contract'
import type { Command } from 'commander'
import type { ApiClient } from '../api-client.ts'
import { authorityFile, connect, globalOptions, type GlobalOptions, keptGateway } from '../context.ts'
import { Failure } from '../failure.ts'
import { identityOf } from '../identity-token.ts'
import { loginDirectory } from '../login/login-store.ts'
import { runChild } from '../run-child.ts'
import { hostBlock, isPlainName, renewingMatch } from '../ssh/host-block.ts'
import { isFresh, renewCertificate, type SshFiles, sshFiles, writeKnownHosts } from '../ssh/ssh-files.ts'
import { personalConfig, putSection } from '../ssh/ssh-config-section.ts'
import { openSshWorkplace } from '../ssh/ssh-workplace.ts'

/** `sallyport ssh|ssh-config|ssh-certificate`: SSH to targets, with the programs that are there already. */
export function addSshCommands(program: Command): void {
  program
    .command('ssh')
    .summary('open ssh on a target')
    .description('Opens ssh on a target with a key and a certificate of its own, which are gone after it. What follows the target goes to '
      + 'ssh: options, and a command. The exit status is ssh\'s.')
    .argument('<target>', 'name of the target')
    .argument('[arguments...]', 'options and command for ssh')
    .option('--purpose <text>', 'why, for reviewers and auditors')
    // ssh's own options are none of ours, and its -h is no help.
    .allowUnknownOption()
    .helpOption('--help', 'display help for command')
    .addHelpText('after', `
Examples:
  $ sallyport ssh box
  $ sallyport ssh --purpose "ticket 4711" box -- systemctl status nginx
  $ sallyport --as support-bot ssh box uptime`)
    .action(async (target: string, args: string[], own: { purpose?: string }, command: Command) => {
      const workplace = await openSshWorkplace(await connect(globalOptions(command)), target, own.purpose)
      try {
        process.exitCode = await runChild('ssh', ['-F', workplace.config, target, ...args.filter((one, at) => at > 0 || one !== '--')], {})
      } finally {
        await workplace.remove()
      }
    })

  program
    .command('ssh-config')
    .summary('let ssh, scp, sftp, rsync, git and Ansible reach targets by name')
    .description('Prints what ssh is to be told so that "ssh TARGET" goes through the gateway, for all SSH targets that you may open, or writes '
      + 'it into your ssh configuration, between two marks. A certificate is got whenever ssh needs one.')
    .option('--write [file]', 'write it there; ~/.ssh/config when no file is named')
    .addHelpText('after', `
Examples:
  $ sallyport ssh-config --write
  $ sallyport ssh-config > ssh-config && ssh -F ssh-config box uptime`)
    .action(async ({ write }: { write?: string | true }, command: Command) => {
      const options = globalOptions(command)
      const client = await connect(options)
      const targets = (await client.targets()).filter(({ protocol, name }) => protocol === 'ssh' && isPlainName(name))
      if (targets.length === 0) throw new Failure('there is no SSH target that you may open', 'Ask an operator.')
      const text = await section(client, targets, options)
      if (write === undefined) {
        process.stdout.write(text)
        return
      }
      const file = write === true ? personalConfig() : resolve(write)
      await putSection(file, client.gateway, text)
      process.stderr.write(`Written into ${file}: ${targets.map(({ name }) => name).join(', ')}.\n`)
    })

  program
    .command('ssh-certificate')
    .summary('get a certificate for a target, unless the one at hand lasts')
    .description('Gets the key and the certificate that the configuration of "sallyport ssh-config" names. ssh calls it by itself.')
    .argument('<target>', 'name of the target')
    .addHelpText('after', `
Examples:
  $ sallyport ssh-certificate box`)
    .action(async (target: string, _own: object, command: Command) => {
      await certificateFor(target, globalOptions(command))
    })
}

async function certificateFor(target: string, options: GlobalOptions): Promise<void> {
  if (!isPlainName(target)) throw new Failure(`there is no SSH target "${target}"`, 'Name one that "sallyport ssh-config" shows.')
  const who = await identityOf(options)
  const gateway = await gatewayOf(options)
  const files = gateway === undefined ? undefined : filesOf(gateway, target, options)
  // Without a word to the gateway: ssh asks before each connection.
  if (files !== undefined && await isFresh(files, who)) return
  const client = await connect(options)
  await renewCertificate(client, target, filesOf(client.gateway, target, options), who)
}

async function section(client: ApiClient, targets: readonly Target[], options: GlobalOptions): Promise<string> {
  const script = await realpath(process.argv[1] ?? '')
  const authority = await authorityFile(options)
  const command = [
    process.execPath, script, '--api', client.gateway,
    ...(options.as === undefined ? [] : ['--as', options.as]),
    ...(options.subjectTokenFile === undefined ? [] : ['--subject-token-file', resolve(options.subjectTokenFile)]),
    ...(authority === undefined ? [] : ['--ca', resolve(authority)]),
    'ssh-certificate',
  ]
  const blocks: string[] = []
  for (const target of targets) {
    const files = filesOf(client.gateway, target.name, options)
    await writeKnownHosts(client, files)
    blocks.push(renewingMatch(target.name, [...command, target.name]) + hostBlock(target, files, client.gateway))
  }
  // Whatever follows in the same file is for all hosts again.
  return `${blocks.join('\n')}\nMatch all\n`
}

/** Known without asking anybody. */
async function gatewayOf(options: GlobalOptions): Promise<string | undefined> {
  const given = options.api ?? process.env['SALLYPORT_API'] ?? (await keptGateway(options))?.gateway
  return given !== undefined && URL.canParse(given) ? new URL(given).origin : undefined
}

/** Beside the logins, a folder for each gateway and identity. */
function filesOf(gateway: string, target: string, { as = '', subjectTokenFile = '' }: GlobalOptions): SshFiles {
  const whose = createHash('sha256').update(JSON.stringify([gateway, as, subjectTokenFile === '' ? '' : resolve(subjectTokenFile)])).digest('hex').slice(0, 16)
  return sshFiles(join(dirname(loginDirectory()), 'ssh', whose), target)
}
