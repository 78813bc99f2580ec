import type { Command } from 'commander'
import { connect, globalOptions } from '../../context.ts'
import { writeOut } from '../../terminal/write-out.ts'
import { printJson } from './replay.ts'
import { receivedToEnd } from './received-to-end.ts'
import { ReplayWriter } from './replay-writer.ts'

/** `sallyport session tail`. */
export function addTailCommand(session: Command): void {
  session
    .command('tail')
    .description('Follows a session until it ends: its operations so far, then each as it is decided and as it ends. Rows are in a replay.')
    .argument('<id>', 'id of the session')
    .addHelpText('after', `
Examples:
  $ sallyport session tail 01K9Z3…
  $ sallyport session tail 01K9Z3… --json`)
    .action(async (id: string, _own: object, command: Command) => {
      const options = globalOptions(command)
      const lines = receivedToEnd((await connect(options)).follow(id))
      if (options.json === true) return printJson(lines)
      const writer = new ReplayWriter(0, { statements: false, speed: 1, maxWaitMs: 0 })
      for await (const line of lines) await writeOut(await writer.write(line))
    })
}
