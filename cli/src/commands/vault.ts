import { dirname, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { globalOptions, print } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { readDocument } from './policy.ts'

/** `sallyport vault set`. */
export function addVaultCommands(program: Command): void {
  const vault = program.command('vault').summary('keep target credentials').description('The vault: target credentials, sealed under a master key that is not in the database.')

  vault
    .command('set')
    .description('Seals a secret from standard input under a name, to be referred to as vault:NAME. It is never an argument: those are seen by every process. On the machine of the gateway, which may be running.')
    .argument('<name>', 'name of the secret')
    .requiredOption('--config <file>', 'the configuration document, which says where the vault is')
    .action(async (name: string, own: { config: string }, command: Command) => {
      const options = globalOptions(command)
      if (process.stdin.isTTY) throw new Failure('the secret comes by standard input', `Such as: sallyport vault set ${name} --config ${own.config} < secret-file`, EXIT.usage)
      // The line's end is the file's, not the secret's.
      const secret = (await text(process.stdin)).replace(/\r?\n$/, '')
      if (secret === '') throw new Failure('standard input is empty', 'Nothing was sealed.', EXIT.usage)
      const configText = await readDocument(own.config)
      const { sealSecret } = await import('@sallyport/gateway/vault')
      process.chdir(dirname(resolve(own.config)))
      await sealSecret(configText, name, secret)
      print(options, { name, sealed: true }, () => `Sealed. The document refers to it as vault:${name}.`)
    })

  vault.addHelpText('after', `
Examples:
  $ sallyport vault set shop --config sallyport.yaml < password-file`)
}
