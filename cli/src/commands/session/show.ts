import type { SessionDetail, SessionOperation } from '@sallyport/contract'
import type { Command } from 'commander'
import { connect, globalOptions, print } from '../../context.ts'
import { colourOf, colours } from '../../terminal/colours.ts'
import { oneLine, shorten } from '../../terminal/plain-text.ts'

/** `sallyport session show`. */
export function addShowCommand(session: Command): void {
  session
    .command('show')
    .description('Shows one session: every operation, what was decided by which rule, and how it ended.')
    .argument('<id>', 'id of the session')
    .action(async (id: string, _own: object, command: Command) => {
      const options = globalOptions(command)
      const detail = await (await connect(options)).session(id)
      print(options, detail, () => sessionWords(detail))
    })
}

function sessionWords(session: SessionDetail): string {
  const lines = [sessionHead(session)]
  for (const { number, text, decision, outcome } of session.log) {
    lines.push(`${String(number).padStart(4)}  ${decisionWords(decision)}${outcome === null ? '' : `, ${outcomeWords(outcome)}`}`, `      ${shorten(text, 200)}`)
  }
  if (session.elsewhere !== undefined) lines.push(`Its operations are in the ledger of another gateway, on ${oneLine(session.elsewhere)}: ask that one, by --api.`)
  if (session.truncated) lines.push(`…  there are more: sallyport session replay ${session.id}`)
  return lines.join('\n')
}

/** Who did it, where, when and what for. */
export function sessionHead(session: Omit<SessionDetail, 'log' | 'truncated'>): string {
  const who = [session.identity.name, ...session.actors.map((actor) => `by ${actor}`)].map(oneLine).join(' ')
  const end = session.closedAt === null ? '' : ` to ${session.closedAt} (${oneLine(session.reason ?? 'no reason')})`
  return [
    `${colours.bold(session.id)}  ${session.state}`,
    `${who} on ${oneLine(session.target)} from ${oneLine(session.clientAddress)}${session.application === '' ? '' : `, ${oneLine(session.application)}`}`,
    `Purpose: ${oneLine(session.purpose)}`,
    `${session.openedAt}${end}, ${session.operations} ${session.operations === 1 ? 'operation' : 'operations'}, ${session.refused} refused`,
  ].join('\n')
}

export function decisionWords({ effect, rule }: SessionOperation['decision']): string {
  return `${colourOf(effect)(effect)} by ${oneLine(rule)}`
}

export function outcomeWords({ result, code, rows, masked }: NonNullable<SessionOperation['outcome']>): string {
  return `${result}${code === null ? '' : ` ${oneLine(code)}`}, ${rowsWords(rows)}${masked === 0 ? '' : `, ${masked} masked`}`
}

export function rowsWords(rows: number): string {
  return `${rows} ${rows === 1 ? 'row' : 'rows'}`
}
