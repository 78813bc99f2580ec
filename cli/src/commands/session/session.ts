import type { Command } from 'commander'
import { connect, globalOptions, print } from '../../context.ts'
import { addExportCommand } from './export.ts'
import { addListCommand } from './list.ts'
import { addReplayCommand } from './replay.ts'
import { addSearchCommand } from './search.ts'
import { addShowCommand } from './show.ts'
import { addTailCommand } from './tail.ts'

/** `sallyport session …`: one file a subcommand. */
export function addSessionCommands(program: Command): void {
  const session = program.command('session').summary('list, search, show, replay, export and end sessions').description('Sessions: who did what on which target.')
  addListCommand(session)
  addShowCommand(session)
  addSearchCommand(session)
  addReplayCommand(session)
  addTailCommand(session)
  addExportCommand(session)
  session
    .command('end')
    .description('Ends an open session at once; for operators and administrators.')
    .argument('<id>', 'id of the session')
    .action(async (id: string, _own: object, command: Command) => {
      const options = globalOptions(command)
      const result = await (await connect(options)).endSession(id)
      print(options, { id, ended: result === 'ended' }, () => (result === 'ended'
        ? `Session ${id} is ended.`
        : `The end of session ${id} is asked for. The gateway that has it has not confirmed it yet: see "sallyport session show ${id}".`))
    })

  session.addHelpText('after', `
Examples:
  $ sallyport session list --limit 10
  $ sallyport --as robin session list --json
  $ sallyport session search 'table:customers action:update since:7d "refund"'
  $ sallyport session show 0mi5p0s3c-Yk3vVhR0bTqLw8yN`)
}
