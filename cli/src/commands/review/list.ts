import { REVIEW_STATES, type Review, type ReviewLine } from '@sallyport/contract'
import { type Command, Option } from 'commander'
import { connect, globalOptions, print } from '../../context.ts'
import { EXIT, Failure } from '../../failure.ts'
import { safeJson } from '../../terminal/safe-json.ts'
import { writeOut } from '../../terminal/write-out.ts'
import { upTo200 } from '../session/list.ts'
import { followReviews } from './follow.ts'
import { newsLine, reviewTable } from './review-words.ts'

interface ListOptions {
  readonly state: Review['state'] | 'any'
  readonly limit: number
  readonly after?: string
  readonly watch?: boolean
}

/** `sallyport review list`. */
export function addListCommand(review: Command): void {
  review
    .command('list')
    .description('Lists reviews, the newest first: those that you may answer (open *), and your own; all for an auditor, operator or administrator.')
    .addOption(new Option('--state <state>', 'only those in this state').choices([...REVIEW_STATES, 'any']).default('open'))
    .option('--limit <number>', 'at most this many, 1 to 200', upTo200, 50)
    .option('--after <cursor>', '"next" of the page before')
    .option('--watch', 'show what is open, then what comes and what becomes of it, until you stop it')
    .addHelpText('after', `
Examples:
  $ sallyport review list
  $ sallyport review list --state denied --json
  $ sallyport review list --watch`)
    .action(async (own: ListOptions, command: Command) => {
      const options = globalOptions(command)
      if (own.watch === true) {
        if (own.after !== undefined || own.state !== 'open') throw new Failure('--watch goes without --state and --after', 'It shows what is open, and whatever becomes of it.', EXIT.usage)
        const write = options.json === true ? (line: ReviewLine) => `${safeJson(line)}\n` : newsWords
        for await (const line of followReviews(() => connect(options))) await writeOut(write(line))
        return
      }
      const list = await (await connect(options)).reviews(own.state === 'any' ? undefined : own.state, own.limit, own.after)
      print(options, list, () => {
        const more = list.next === null ? '' : `\nMore with --after ${list.next}`
        return (list.reviews.length === 0 ? 'No reviews.' : reviewTable(list.reviews)) + more
      })
    })
}

function newsWords(line: ReviewLine): string {
  if (line.type === 'review') return `${newsLine(line.review)}\n`
  return line.type === 'live' ? '-- what follows is new; answer in another terminal\n' : ''
}
