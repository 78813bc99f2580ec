import { dirname, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { globalOptions, print } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { plainTable } from '../terminal/table.ts'
import { readDocument } from './policy.ts'

const UNDER = { current: 'current', earlier: 'an earlier one: a restart seals it anew', missing: 'one that is not at hand', damaged: 'none: the record was changed' } as const

/** `sallyport vault set|list|remove|renew`. */
export function addVaultCommands(program: Command): void {
  const vault = program.command('vault').summary('keep target credentials')
    .description('The vault: target credentials, sealed under a master key that is not in the database. On the machine of the gateway, which may be running.')

  documented(vault, 'set')
    .description('Seals a secret from standard input under a name, to be referred to as vault:NAME. It is never an argument: those are seen by every process.')
    .argument('<name>', 'name of the secret')
    .action(async (name: string, own: Own, command: Command) => {
      const options = globalOptions(command)
      if (process.stdin.isTTY) throw new Failure('the secret comes by standard input', `Such as: sallyport vault set ${name} --config ${own.config} < secret-file`, EXIT.usage)
      // The line's end is the file's, not the secret's.
      const secret = (await text(process.stdin)).replace(/\r?\n$/, '')
      if (secret === '') throw new Failure('standard input is empty', 'Nothing was sealed.', EXIT.usage)
      const { configText, sealSecret } = await opened(own)
      await sealSecret(configText, name, secret)
      print(options, { name, sealed: true }, () => `Sealed. The document refers to it as vault:${name}.`)
    })

  documented(vault, 'list')
    .description('Lists what is in the vault: names, versions, when each was sealed and whether its master key is at hand. Never a value.')
    .action(async (own: Own, command: Command) => {
      const options = globalOptions(command)
      const { configText, listSecrets } = await opened(own)
      const secrets = (await listSecrets(configText)).map(({ sealedAtMs, ...entry }) => ({ ...entry, sealedAt: new Date(sealedAtMs).toISOString() }))
      print(options, { secrets }, () => (secrets.length === 0 ? 'The vault is empty.' : plainTable(['NAME', 'VERSION', 'SEALED', 'MASTER KEY'],
        secrets.map(({ name, version, sealedAt, masterKey }) => [name, version ?? '-', sealedAt, UNDER[masterKey]]))))
    })

  documented(vault, 'remove')
    .description('Takes a secret out of the vault. Refused while the document or the policy in force refers to it.')
    .argument('<name>', 'name of the secret')
    .action(async (name: string, own: Own, command: Command) => {
      const options = globalOptions(command)
      const { configText, removeSecret } = await opened(own)
      await removeSecret(configText, name)
      print(options, { name, removed: true }, () => `${name} is no more in the vault.`)
    })

  documented(vault, 'renew')
    .description('Makes a key of the gateway\'s own anew, such as gateway.login-authority; every gateway that shares the vault uses it from its next start. What the old one vouched for is refused then.')
    .argument('<name>', 'name of the key, as in the list')
    .action(async (name: string, own: Own, command: Command) => {
      const options = globalOptions(command)
      const { configText, renewSecret } = await opened(own)
      const publicKey = await renewSecret(configText, name)
      print(options, { name, renewed: true, ...(publicKey !== undefined && { publicKey }) }, () => [
        ...(publicKey === undefined ? [] : [publicKey]),
        `${name} is made anew. Restart every gateway that shares the vault.`,
      ].join('\n'))
    })

  vault.addHelpText('after', `
Examples:
  $ sallyport vault set shop --config sallyport.yaml < password-file
  $ sallyport vault list --config sallyport.yaml
  $ sallyport vault remove shop --config sallyport.yaml
  $ sallyport vault renew gateway.login-authority --config sallyport.yaml`)
}

interface Own {
  readonly config: string
}

function documented(vault: Command, name: string): Command {
  return vault.command(name).requiredOption('--config <file>', 'the configuration document, which says where the vault is')
}

async function opened(own: Own) {
  const configText = await readDocument(own.config)
  const gateway = await import('@sallyport/gateway/vault')
  process.chdir(dirname(resolve(own.config)))
  return { configText, ...gateway }
}
