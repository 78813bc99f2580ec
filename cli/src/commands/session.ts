import { isatty } from 'node:tty'
import type { Session, SessionDetail } from '@sallyport/contract'
import Table from 'cli-table3'
import { type Command, InvalidArgumentError } from 'commander'
import picocolors from 'picocolors'
import { connect, globalOptions, print } from '../context.ts'

// Not by picocolors' own guess, which colours what a CI job pipes into a program.
const pc = picocolors.createColors(isatty(1) && process.env['NO_COLOR'] === undefined)

/** `sallyport session list|show|end`. */
export function addSessionCommands(program: Command): void {
  const session = program.command('session').summary('list, show and end sessions').description('Sessions: who did what on which target.')

  session
    .command('list')
    .description('Lists sessions, the newest first: your own, or all for an auditor, operator or administrator.')
    .option('--limit <number>', 'at most this many, 1 to 200', wholeNumber, 50)
    .option('--after <cursor>', '"next" of the page before')
    .action(async (own: { limit: number; after?: string }, command: Command) => {
      const options = globalOptions(command)
      const list = await (await connect(options)).sessions(own.limit, own.after)
      print(options, list, () => {
        const more = list.next === null ? '' : `\nMore with --after ${list.next}`
        return list.sessions.length === 0 ? 'No sessions.' : sessionTable(list.sessions) + more
      })
    })

  session
    .command('show')
    .description('Shows one session: every operation, what was decided by which rule, and how it ended.')
    .argument('<id>', 'id of the session')
    .action(async (id: string, _own: object, command: Command) => {
      const options = globalOptions(command)
      const detail = await (await connect(options)).session(id)
      print(options, detail, () => sessionWords(detail))
    })

  session
    .command('end')
    .description('Ends an open session at once; for operators and administrators.')
    .argument('<id>', 'id of the session')
    .action(async (id: string, _own: object, command: Command) => {
      const options = globalOptions(command)
      await (await connect(options)).endSession(id)
      print(options, { id, ended: true }, () => `Session ${id} is ended.`)
    })

  session.addHelpText('after', `
Examples:
  $ sallyport session list --limit 10
  $ sallyport --as robin session list --json
  $ sallyport session show 01K9Z3…`)
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > 200) throw new InvalidArgumentError('It is a whole number from 1 to 200.')
  return value
}

const PLAIN = { head: [], border: [], 'padding-left': 0, 'padding-right': 2 }
const NO_LINES = Object.fromEntries([
  'top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left', 'left-mid', 'mid',
  'mid-mid', 'right', 'right-mid', 'middle',
].map((line) => [line, '']))

function sessionTable(sessions: readonly Session[]): string {
  const table = new Table({ head: ['SESSION', 'STATE', 'WHO', 'TARGET', 'OPENED', 'OPERATIONS', 'REFUSED', 'PURPOSE'], style: PLAIN, chars: NO_LINES })
  for (const { id, state, identity, target, openedAt, operations, refused, purpose } of sessions) {
    table.push([id, state, oneLine(identity.name), target, openedAt, operations, refused, shorten(purpose, 60)])
  }
  return table.toString()
}

function sessionWords(session: SessionDetail): string {
  const who = [session.identity.name, ...session.actors.map((actor) => `by ${actor}`)].map(oneLine).join(' ')
  const end = session.closedAt === null ? '' : ` to ${session.closedAt} (${oneLine(session.reason ?? 'no reason')})`
  const lines = [
    `${pc.bold(session.id)}  ${session.state}`,
    `${who} on ${session.target} from ${session.clientAddress}, ${oneLine(session.application)}`,
    `Purpose: ${oneLine(session.purpose)}`,
    `${session.openedAt}${end}, ${session.operations} ${session.operations === 1 ? 'operation' : 'operations'}, ${session.refused} refused`,
  ]
  for (const { number, text, decision, outcome } of session.log) {
    const { effect, rule } = decision
    const colour = effect === 'allow' ? pc.green : effect === 'deny' ? pc.red : pc.yellow
    const ended = outcome === null ? '' : `, ${outcome.result}${outcome.code === null ? '' : ` ${outcome.code}`}, ${outcome.rows} ${outcome.rows === 1 ? 'row' : 'rows'}`
    lines.push(`${String(number).padStart(4)}  ${colour(effect)} by ${rule}${ended}`, `      ${shorten(text, 200)}`)
  }
  if (session.truncated) lines.push('…  there are more; see the ledger')
  return lines.join('\n')
}

/** Text of others must not steer the terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
}

function shorten(text: string, length: number): string {
  const line = oneLine(text)
  return line.length > length ? `${line.slice(0, length - 1)}…` : line
}
