import type { AnswerRequest, Review } from '@sallyport/contract'
import { type Command, InvalidArgumentError } from 'commander'
import { connect, globalOptions, type GlobalOptions, print } from '../../context.ts'
import { EXIT, Failure } from '../../failure.ts'
import { terminalColumns } from '../../terminal/boxed-text.ts'
import { askYesNo } from '../../terminal/ask-yes-no.ts'
import { wholeNumber } from '../session/list.ts'
import { minutesOf } from './minutes.ts'
import { reviewCard } from './review-card.ts'
import { missingWords } from './review-words.ts'

interface AnswerOptions {
  readonly yes?: boolean
  readonly digest?: string
  readonly reason?: string
  readonly rows?: number
  readonly minutes?: number
}

const MAX_ROWS = 1_000_000_000

/** `sallyport review approve` and `deny`. */
export function addAnswerCommands(review: Command): void {
  const approve = review
    .command('approve')
    .description('Shows what is asked for, asks you, and approves exactly that. It runs once, or access begins, as soon as nothing is missing.')
    .argument('<id>', 'id of the review: the ticket')
    .option('--rows <number>', 'of an operation: roll back when it changes more rows than this', (text) => wholeNumber(text, MAX_ROWS))
    .option('--minutes <number>', 'of access: at most so long, such as 15 or 1h', minutesOf)
    .option('--reason <why>', 'why; the requester reads it')
  confirmed(approve)
    .addHelpText('after', `
Examples:
  $ sallyport review approve rv_5wPzR0n9c1Qk2mXb7hT3aQ
  $ sallyport review approve rv_5wPzR0n9c1Qk2mXb7hT3aQ --rows 10 --reason 'ticket 2031'
  $ sallyport review approve rv_5wPzR0n9c1Qk2mXb7hT3aQ --yes --digest 9f86d081…`)
    .action((id: string, own: AnswerOptions, command: Command) => answer('approve', id, own, globalOptions(command)))

  const deny = review
    .command('deny')
    .description('Shows what is asked for, asks you, and denies it, whoever approved it.')
    .argument('<id>', 'id of the review: the ticket')
    .requiredOption('--reason <why>', 'why, and what to do instead; the requester reads it')
  confirmed(deny)
    .addHelpText('after', `
Examples:
  $ sallyport review deny rv_5wPzR0n9c1Qk2mXb7hT3aQ --reason 'do this in the migration instead'`)
    .action((id: string, own: AnswerOptions, command: Command) => answer('deny', id, own, globalOptions(command)))
}

function confirmed(command: Command): Command {
  return command
    .option('--yes', 'do not ask; needed where there is no terminal')
    .option('--digest <hex>', 'only if this is its digest, as `review show --json` told it', digestOf)
}

async function answer(given: AnswerRequest['answer'], id: string, own: AnswerOptions, options: GlobalOptions): Promise<void> {
  const terminal = process.stdin.isTTY && process.stderr.isTTY
  if (own.yes !== true && !terminal) {
    throw new Failure('this is no terminal, so you cannot be asked', `Look at it with "sallyport review show ${id}", then give --yes.`, EXIT.usage)
  }
  const client = await connect(options)
  const review = await client.review(id)
  if (own.digest !== undefined && own.digest !== review.digest) {
    throw new Failure('its digest is another: this is not what you saw', `Look at it again: sallyport review show ${id}`, EXIT.refused)
  }
  // Who may not answer is told so by the gateway, without being asked.
  if (own.yes !== true && review.mayAnswer) {
    process.stderr.write(`${reviewCard(review, terminalColumns(process.stderr))}\n\n`)
    if (!(await askYesNo(given === 'approve' ? 'Approve exactly this?' : 'Deny this?'))) throw new Failure('you did not say yes, so nothing was answered', 'It stays as it was.')
  }
  const narrow = { ...(own.rows !== undefined && { rows: own.rows }), ...(own.minutes !== undefined && { minutes: own.minutes }) }
  const answered = await client.answerReview(id, {
    answer: given, digest: review.digest, ...(own.reason !== undefined && { reason: own.reason }), ...(Object.keys(narrow).length > 0 && { narrow }),
  })
  print(options, answered, () => outcomeWords(answered, given))
}

function outcomeWords(review: Review, given: AnswerRequest['answer']): string {
  if (given === 'deny') return `Denied. ${review.kind === 'operation' ? 'It does not run.' : 'No access is given.'}`
  if (review.state === 'open') return `Your approval is kept. Still missing: ${missingWords(review)}.`
  return review.kind === 'operation' ? 'Approved. It may run once, as it is.' : 'Approved. Access is given from now on.'
}

function digestOf(text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new InvalidArgumentError('It is 64 hexadecimal digits.')
  return text
}
