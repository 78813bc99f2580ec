import type { Session } from '@sallyport/contract'
import { type Command, InvalidArgumentError } from 'commander'
import { connect, globalOptions, print } from '../../context.ts'
import { oneLine, shorten } from '../../terminal/plain-text.ts'
import { plainTable } from '../../terminal/table.ts'

/** `sallyport session list`. */
export function addListCommand(session: Command): void {
  session
    .command('list')
    .description('Lists sessions, the newest first: your own, or all for an auditor, operator or administrator.')
    .option('--limit <number>', 'at most this many, 1 to 200', upTo200, 50)
    .option('--after <cursor>', '"next" of the page before')
    .action(async (own: { limit: number; after?: string }, command: Command) => {
      const options = globalOptions(command)
      const list = await (await connect(options)).sessions(own.limit, own.after)
      print(options, list, () => {
        const more = list.next === null ? '' : `\nMore with --after ${list.next}`
        return list.sessions.length === 0 ? 'No sessions.' : sessionTable(list.sessions) + more
      })
    })
}

export function upTo200(text: string): number {
  return wholeNumber(text, 200)
}

export function wholeNumber(text: string, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > most) throw new InvalidArgumentError(`It is a whole number from 1 to ${most}.`)
  return value
}

function sessionTable(sessions: readonly Session[]): string {
  return plainTable(['SESSION', 'STATE', 'WHO', 'TARGET', 'OPENED', 'OPERATIONS', 'REFUSED', 'PURPOSE'], sessions.map(
    ({ id, state, identity, target, openedAt, operations, refused, purpose }) =>
      [id, state, oneLine(identity.name), oneLine(target), openedAt, operations, refused, shorten(purpose, 60)]))
}
