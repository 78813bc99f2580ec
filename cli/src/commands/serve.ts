import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import { globalOptions, print } from '../context.ts'
import { Failure } from '../failure.ts'
import { readDocument } from './policy.ts'

/** `sallyport serve`. */
export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .summary('run the gateway')
    .description('Runs the gateway until SIGINT or SIGTERM. Relative paths in the document count from its folder.')
    .requiredOption('--config <file>', 'the configuration and policy document')
    .addHelpText('after', `
Examples:
  $ sallyport policy check sallyport.yaml
  $ sallyport serve --config sallyport.yaml`)
    .action(async (own: { config: string }, command: Command) => {
      const options = globalOptions(command)
      const configText = await readDocument(own.config)
      // Loaded here: no other command wants the gateway itself.
      const [{ startGateway }, { checkConfig, renderProblems }] = await Promise.all([import('@sallyport/gateway/serve'), import('@sallyport/gateway/config')])
      const problems = checkConfig(configText)
      if (problems.length > 0) throw new Failure(`the document is wrong\n${renderProblems(own.config, problems)}`, 'Nothing was started. Correct it, and see "sallyport policy check".')
      process.chdir(dirname(resolve(own.config)))
      // Before anybody is told that it is ready: a signal then would end it without a word to its sessions.
      const asked = new Promise<string>((received) => {
        // A service manager tells every process of the group, and who started this one passes it on: a second one must not cut the end short.
        for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => received(name))
      })
      // What passes needs a permit, so that a promise which nobody waits for lets nothing through. Node would end everybody's sessions for it.
      process.on('unhandledRejection', (error) => console.error('an error that nobody waited for; the gateway goes on:', error instanceof Error ? error.stack : String(error)))
      const gateway = await startGateway({ configText }).catch((error: NodeJS.ErrnoException) => {
        // Of the operating system: an address, a folder or a file.
        if (error.syscall !== undefined) {
          throw new Failure(error.message, 'Nothing was started. Addresses and folders are in the gateway section of the document.')
        }
        throw error
      })
      print(options, { api: gateway.apiUrl, listeners: gateway.listeners }, () => [
        `The gateway is ready. Control API: ${gateway.apiUrl}`,
        ...Object.entries(gateway.listeners).map(([protocol, { host, port }]) => `${protocol}: ${host}:${port}`),
      ].join('\n'))
      console.error(`${await asked}: ending every session …`)
      await gateway.close()
    })
}
