import { setTimeout as sleep } from 'node:timers/promises'
import type { Grant, Review } from '@sallyport/contract'
import { type Command, Option } from 'commander'
import { connect, globalOptions, print } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { oneLine, shorten } from '../terminal/plain-text.ts'
import { plainTable } from '../terminal/table.ts'
import { minutesOf } from './review/minutes.ts'
import { answerWords, missingWords } from './review/review-words.ts'

interface AskedFor {
  readonly for: number
  readonly reason: string
  readonly rule?: string
  readonly wait?: boolean
}

const EXAMPLES = `
Examples:
  $ sallyport access request shop --for 30m --reason 'ticket 2031' --wait
  $ sallyport access list
  $ sallyport access end gr_5wPzR0n9c1Qk2mXb7hT3aQ
  $ sallyport access break-glass shop --for 15m --reason 'incident 42: payments are down'`

const POLL_MS = 2_000

/** `sallyport access request|list|end|break-glass`. */
export function addAccessCommands(program: Command): void {
  const access = program.command('access').summary('ask for access to a target for a while')
    .description('Access: time windows on targets, granted by people, that end by themselves.').addHelpText('after', EXAMPLES)

  access
    .command('request')
    .description('Asks people for access to a target. Exit status: 0 given, 3 denied, 4 nobody has answered yet.')
    .argument('<target>', 'name of the target')
    .requiredOption('--for <time>', 'how long, such as 30m or 2h', minutesOf)
    .requiredOption('--reason <why>', 'why; those who answer read it')
    .option('--rule <name>', 'the rule that is to hold, where more than one could')
    .option('--wait', 'wait until it is answered')
    .addHelpText('after', EXAMPLES)
    .action(async (target: string, own: AskedFor, command: Command) => {
      const options = globalOptions(command)
      const client = await connect(options)
      let review = await client.requestAccess(asked(target, own))
      if (own.wait === true) {
        if (options.json !== true) process.stderr.write(`${askedWords(review)}\nWaiting; Ctrl-C leaves it open.\n`)
        review = await answered(review, async (id) => client.review(id).catch(async () => (await connect(options)).review(id)))
      }
      process.exitCode = statusOf(review)
      print(options, review, () => askedWords(review))
    })

  access
    .command('list')
    .description('Lists access that is given now: your own, or all for an auditor, operator or administrator.')
    .action(async (_own: object, command: Command) => {
      const options = globalOptions(command)
      const list = await (await connect(options)).grants()
      print(options, list, () => (list.grants.length === 0 ? 'No access is given now.' : grantTable(list.grants)))
    })

  access
    .command('end')
    .description('Ends access before its time, and the sessions under it: your own, or any for operators and administrators.')
    .argument('<id>', 'id of the grant')
    .action(async (id: string, _own: object, command: Command) => {
      const options = globalOptions(command)
      const ended = await (await connect(options)).endGrant(id)
      print(options, ended, () => `Access ${ended.id} of ${oneLine(ended.requester.name)} to ${oneLine(ended.target)} is ended.`)
    })

  access
    .command('break-glass')
    .description('Takes access at once, for people of a group that a rule names for that. Everybody concerned is told, and it stands out in the ledger.')
    .argument('<target>', 'name of the target')
    .requiredOption('--reason <why>', 'why it cannot wait')
    .addOption(new Option('--for <time>', 'how long, at most 60m').argParser(minutesOf).default(15, '15m'))
    .option('--rule <name>', 'only this rule; when absent all that name your group')
    .addHelpText('after', EXAMPLES)
    .action(async (target: string, own: AskedFor, command: Command) => {
      const options = globalOptions(command)
      const grant = await (await connect(options)).breakGlass(asked(target, own))
      print(options, grant, () => `You have access to ${oneLine(grant.target)} until ${grant.until}, by rules ${oneLine(grant.rules.join(', '))} (${grant.id}). Open a new session for it.\n`
        + `End it when you are done: sallyport access end ${grant.id}`)
    })
}

function asked(target: string, { for: minutes, reason, rule }: AskedFor) {
  return { target, minutes, reason, ...(rule !== undefined && { rule }) }
}

/** @param read asks for it anew */
async function answered(review: Review, read: (id: string) => Promise<Review>): Promise<Review> {
  let now = review
  while (now.state === 'open') {
    await sleep(POLL_MS)
    now = await read(review.id)
    if (now.state === 'open' && Date.now() > Date.parse(now.expiresAt) + 60_000) throw new Failure('nobody answered in time', 'Ask again.', EXIT.waiting)
  }
  return now
}

function statusOf({ state }: Review): number {
  if (state === 'open') return EXIT.waiting
  return state === 'used' || state === 'approved' ? EXIT.ok : EXIT.refused
}

function askedWords(review: Review): string {
  const what = `access to ${oneLine(review.target)}`
  const last = review.answers.at(-1)
  switch (review.state) {
    case 'open':
      return `Asked for ${what} (${review.id}): ${missingWords(review)} must approve it, until ${review.expiresAt}.\nThey answer with: sallyport review show ${review.id}`
    case 'used':
    case 'approved':
      return `You have ${what}: see "sallyport access list" for until when. Open a new session for it.`
    default:
      return `There is no ${what}: it was ${review.state === 'denied' && last !== undefined ? answerWords(last) : review.state}.`
  }
}

function grantTable(grants: readonly Grant[]): string {
  return plainTable(['GRANT', 'KIND', 'WHO', 'TARGET', 'RULES', 'UNTIL', 'REASON'], grants.map(({ id, kind, requester, target, rules, until, reason }) =>
    [id, kind, shorten([requester.name, ...requester.actors.map((actor) => `by ${actor}`)].join(' '), 40), oneLine(target), shorten(rules.join(', '), 40), until, shorten(reason, 60)]))
}
