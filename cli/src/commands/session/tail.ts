import type { Command } from 'commander'
import { connect, globalOptions } from '../../context.ts'
import { writeOut } from '../../terminal/write-out.ts'
import { wholeNumber } from './list.ts'
import { MAX_ROWS, printJson } from './replay.ts'
import { receivedToEnd } from './received-to-end.ts'
import { ReplayWriter } from './replay-writer.ts'

/** `sallyport session tail`. */
export function addTailCommand(session: Command): void {
  session
    .command('tail')
    .description('Follows a session until it ends: operations as they are decided and end, and what the agent gets, a second or so later.')
    .argument('<id>', 'id of the session')
    .option('--no-output', 'only operations and outcomes, at once')
    .option('--rows <number>', 'at most so many rows of each result', (text) => wholeNumber(text, MAX_ROWS), 20)
    .addHelpText('after', `
Examples:
  $ sallyport session tail 0mi5p0s3c-Yk3vVhR0bTqLw8yN
  $ sallyport session tail 0mi5p0s3c-Yk3vVhR0bTqLw8yN --json`)
    .action(async (id: string, own: { readonly output: boolean; readonly rows: number }, command: Command) => {
      const options = globalOptions(command)
      const lines = receivedToEnd((await connect(options)).follow(id, own.output))
      if (options.json === true) return printJson(lines)
      const writer = new ReplayWriter(own.rows, { statements: false, speed: 1, maxWaitMs: 0 })
      for await (const line of lines) await writeOut(await writer.write(line))
      await writeOut(writer.rest())
    })
}
