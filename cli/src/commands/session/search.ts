import type { FoundOperation, SearchAnswer } from '@sallyport/contract'
import type { Command } from 'commander'
import { connect, globalOptions, print } from '../../context.ts'
import { colours } from '../../terminal/colours.ts'
import { oneLine, shorten } from '../../terminal/plain-text.ts'
import { upTo200 } from './list.ts'
import { decisionWords, rowsWords } from './show.ts'

/** `sallyport session search`. */
export function addSearchCommand(session: Command): void {
  session
    .command('search')
    .description('Finds operations, the newest first: in your own sessions, or in all for an auditor, operator or administrator.')
    .argument('<query...>', 'terms that must all hold; see below')
    .option('--limit <number>', 'at most this many, 1 to 200', upTo200, 50)
    .option('--after <cursor>', '"next" of the page before')
    .addHelpText('after', HELP)
    .action(async (query: string[], own: { limit: number; after?: string }, command: Command) => {
      const options = globalOptions(command)
      const answer = await (await connect(options)).search(query.join(' '), own.limit, own.after)
      print(options, answer, () => answerWords(answer))
    })
}

const HELP = `
Terms:
  table:customers  action:update,delete  target:shop  decision:deny  rule:writes  error:42P01  session:ID
  agent:support-bot  identity:dana@example.com  for:dana@example.com  purpose:"ticket 77"
  since:7d  since:2026-11-01  until:2026-11-01T14:30
  refund           a word of the statement, or its beginning
  "refund of"      whole words in this order
  -action:select   not this; name* what begins so

Examples:
  $ sallyport session search 'table:customers action:update agent:support-bot since:7d "refund"'
  $ sallyport session search decision:deny since:24h --json`

function answerWords({ operations, next, complete, indexed, entries }: SearchAnswer): string {
  const lines = operations.map(operationWords)
  if (operations.length === 0) lines.push('Nothing was found.')
  if (next !== null) lines.push(`More with --after ${next}`)
  if (!complete) lines.push(`The newest ${entries - indexed} of ${entries} entries are not searched yet; ask again in a moment.`)
  return lines.join('\n')
}

function operationWords(found: FoundOperation): string {
  const { session, identity, actors, target, text, decision, count, first, last, outcomes, rows, codes } = found
  const who = [identity.name, ...actors.map((actor) => `by ${actor}`)].map(oneLine).join(' ')
  const times = count === 1 ? '' : `, ${count} times until ${last.at}`
  const results = (['completed', 'aborted', 'failed'] as const).flatMap((result) =>
    (outcomes[result] === 0 ? [] : [count === 1 ? result : `${outcomes[result]} ${result}`]))
  const failures = codes.length === 0 ? '' : ` ${codes.map(oneLine).join(' ')}`
  const ended = results.length === 0 ? [] : [results.join(', ') + failures, ...(outcomes.completed > 0 ? [rowsWords(rows)] : [])]
  return [
    `${first.at}  ${who} on ${oneLine(target)}  ${decisionWords(decision)}${ended.length === 0 ? '' : `, ${ended.join(', ')}`}${times}`,
    `  ${shorten(text, 200)}`,
    colours.dim(`  ${session} ${first.number}`),
  ].join('\n')
}
