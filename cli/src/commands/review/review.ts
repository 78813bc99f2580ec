import type { Command } from 'commander'
import { connect, globalOptions, print } from '../../context.ts'
import { terminalColumns } from '../../terminal/boxed-text.ts'
import { addAnswerCommands } from './answer.ts'
import { addListCommand } from './list.ts'
import { reviewCard } from './review-card.ts'

/** `sallyport review …`. */
export function addReviewCommands(program: Command): void {
  const review = program.command('review').summary('see and answer what waits for a person')
    .description('Reviews: operations that are held, and requests for access, until people answer them.')
  addListCommand(review)

  review
    .command('show')
    .description('Shows one review: what is asked for exactly, by whom, why, what it would touch, and who has answered.')
    .argument('<id>', 'id of the review: the ticket')
    .addHelpText('after', `
Examples:
  $ sallyport review show rv_5wPzR0n9c1Qk2mXb7hT3aQ
  $ sallyport review show rv_5wPzR0n9c1Qk2mXb7hT3aQ --json`)
    .action(async (id: string, _own: object, command: Command) => {
      const options = globalOptions(command)
      const shown = await (await connect(options)).review(id)
      print(options, shown, () => reviewCard(shown, terminalColumns(process.stdout)))
    })

  addAnswerCommands(review)

  review
    .command('withdraw')
    .description('Takes back what you asked for yourself.')
    .argument('<id>', 'id of the review: the ticket')
    .action(async (id: string, _own: object, command: Command) => {
      const options = globalOptions(command)
      const withdrawn = await (await connect(options)).withdrawReview(id)
      print(options, withdrawn, () => `Review ${withdrawn.id} is withdrawn.`)
    })

  review.addHelpText('after', `
Examples:
  $ sallyport review list
  $ sallyport review list --watch
  $ sallyport review show rv_5wPzR0n9c1Qk2mXb7hT3aQ
  $ sallyport review approve rv_5wPzR0n9c1Qk2mXb7hT3aQ --rows 10
  $ sallyport review deny rv_5wPzR0n9c1Qk2mXb7hT3aQ --reason 'add a WHERE clause'`)
}
