import { type Command, InvalidArgumentError } from 'commander'
import { connect, globalOptions, print } from '../context.ts'
import { oneLine } from '../terminal/plain-text.ts'

const KINDS = ['session', 'identity'] as const

/** `sallyport hold place|release|list`. */
export function addHoldCommands(program: Command): void {
  const hold = program.command('hold').summary('keep recordings whatever their retention says')
    .description('Holds on recordings, by session or by identity; for auditors and administrators.')

  hold
    .command('place')
    .description('Keeps the recordings of a session, or of all sessions of an identity and on its behalf, until it is released.')
    .argument('<kind>', 'session or identity', kindOf)
    .argument('<subject>', 'id of the session, or name of the identity')
    .requiredOption('--reason <why>', 'why, for the record')
    .action(async (kind: Kind, subject: string, own: { reason: string }, command: Command) => {
      const options = globalOptions(command)
      const placed = await (await connect(options)).placeHold({ kind, subject, reason: own.reason })
      print(options, placed, () => `Recordings of ${kind} ${oneLine(placed.subject)} are held since ${placed.placedAt}: ${oneLine(placed.reason)}`)
    })

  hold
    .command('release')
    .description('Ends a hold: what is over by then is destroyed with the next sweep.')
    .argument('<kind>', 'session or identity', kindOf)
    .argument('<subject>', 'id of the session, or name of the identity')
    .requiredOption('--reason <why>', 'why, for the record')
    .action(async (kind: Kind, subject: string, own: { reason: string }, command: Command) => {
      const options = globalOptions(command)
      await (await connect(options)).releaseHold(kind, subject, own.reason)
      print(options, { kind, subject, released: true }, () => `Recordings of ${kind} ${oneLine(subject)} are held no more.`)
    })

  hold
    .command('list')
    .description('Lists what is held, the newest first.')
    .action(async (_own: object, command: Command) => {
      const options = globalOptions(command)
      const list = await (await connect(options)).holds()
      print(options, list, () => list.holds.length === 0 ? 'Nothing is held.' : list.holds
        .map(({ kind, subject, by, reason, placedAt }) => `${placedAt}  ${kind} ${oneLine(subject)}  by ${oneLine(by)}: ${oneLine(reason)}`).join('\n'))
    })

  hold.addHelpText('after', `
Examples:
  $ sallyport hold place identity support-bot --reason 'case 2031'
  $ sallyport hold list
  $ sallyport hold release identity support-bot --reason 'case 2031 is closed'`)
}

type Kind = (typeof KINDS)[number]

function kindOf(text: string): Kind {
  const kind = KINDS.find((one) => one === text)
  if (kind === undefined) throw new InvalidArgumentError('It is session or identity.')
  return kind
}
