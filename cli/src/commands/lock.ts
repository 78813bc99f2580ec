import { LOCK_KINDS, type LockKind } from '@sallyport/contract'
import { type Command, InvalidArgumentError } from 'commander'
import { connect, globalOptions, print } from '../context.ts'
import { oneLine } from '../terminal/plain-text.ts'

/** `sallyport lock place|lift|list`. */
export function addLockCommands(program: Command): void {
  const lock = program.command('lock').summary('stop an identity, agent or target at once')
    .description('Locks: who or what is locked has its sessions ended at every gateway, and gets no new ones; for operators and administrators.')

  lock
    .command('place')
    .description('Locks an identity, an agent or a target until it is lifted. Whoever is locked reads the reason.')
    .argument('<kind>', 'identity, agent or target', kindOf)
    .argument('<name>', 'of an identity its name or its "sub"; the registered name of an agent or target')
    .requiredOption('--reason <why>', 'why, for the record and for whoever is locked')
    .action(async (kind: LockKind, name: string, own: { reason: string }, command: Command) => {
      const options = globalOptions(command)
      const placed = await (await connect(options)).placeLock({ kind, name, reason: own.reason })
      print(options, placed, () => `The ${kind} ${oneLine(placed.name)} is locked since ${placed.placedAt} by ${oneLine(placed.by)}: ${oneLine(placed.reason)}`)
    })

  lock
    .command('lift')
    .description('Ends a lock. Sessions that it ended stay ended, and reviews that it withdrew stay withdrawn.')
    .argument('<kind>', 'identity, agent or target', kindOf)
    .argument('<name>', 'as it was given when it was placed')
    .requiredOption('--reason <why>', 'why, for the record')
    .action(async (kind: LockKind, name: string, own: { reason: string }, command: Command) => {
      const options = globalOptions(command)
      await (await connect(options)).liftLock(kind, name, own.reason)
      print(options, { kind, name, lifted: true }, () => `The ${kind} ${oneLine(name)} is locked no more.`)
    })

  lock
    .command('list')
    .description('Lists what is locked, the newest first.')
    .action(async (_own: object, command: Command) => {
      const options = globalOptions(command)
      const list = await (await connect(options)).locks()
      print(options, list, () => list.locks.length === 0 ? 'Nothing is locked.' : list.locks
        .map(({ kind, name, by, reason, placedAt }) => `${placedAt}  ${kind} ${oneLine(name)}  by ${oneLine(by)}: ${oneLine(reason)}`).join('\n'))
    })

  lock.addHelpText('after', `
Examples:
  $ sallyport lock place agent support-bot --reason 'deletes what it should not'
  $ sallyport lock place identity dana@example.com --reason 'her laptop is gone'
  $ sallyport lock list
  $ sallyport lock lift agent support-bot --reason 'fixed with release 12'`)
}

function kindOf(text: string): LockKind {
  const kind = LOCK_KINDS.find((one) => one === text)
  if (kind === undefined) throw new InvalidArgumentError('It is identity, agent or target.')
  return kind
}
