import { EXIT, Failure } from '../../failure.ts'
import { askYesNo } from '../../terminal/ask-yes-no.ts'

/** Asks once what is to be done is on the screen. @throws Failure where nobody can be asked, or says no */
export async function confirm(shown: string, question: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw new Failure('nobody is here to say yes', 'Look with --dry-run, then say --yes.', EXIT.usage)
  process.stderr.write(`${shown}\n`)
  if (!await askYesNo(question)) throw new Failure('nothing was changed', 'Say y to do it.')
}
