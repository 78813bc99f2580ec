import type { ReplayLine } from '@sallyport/contract'
import { type Command, InvalidArgumentError } from 'commander'
import { connect, globalOptions } from '../../context.ts'
import { safeJson } from '../../terminal/safe-json.ts'
import { writeOut } from '../../terminal/write-out.ts'
import { wholeNumber } from './list.ts'
import { type Pace, ReplayWriter } from './replay-writer.ts'
import { receivedToEnd } from './received-to-end.ts'

interface ReplayOptions {
  readonly rows: number
  readonly speed?: number
  readonly skipIdle?: number
}

export const MAX_ROWS = 1_000_000

/** `sallyport session replay`. */
export function addReplayCommand(session: Command): void {
  session
    .command('replay')
    .description('Shows statements with their results as the agent saw them, masked; terminals at their own pace.')
    .argument('<id>', 'id of the session')
    .option('--rows <number>', 'at most so many rows of each result', (text) => wholeNumber(text, MAX_ROWS), 20)
    .option('--speed <factor>', 'at the pace at which it happened, so many times faster; terminals are always paced, at 1', positive)
    .option('--skip-idle <seconds>', 'with a pace, wait no longer than this', positive)
    .addHelpText('after', `
Examples:
  $ sallyport session replay 0mi5p0s3c-Yk3vVhR0bTqLw8yN
  $ sallyport session replay 0mi5p0s3c-Yk3vVhR0bTqLw8yN --rows 5 --speed 10 --skip-idle 2
  $ sallyport session replay 0mi5p0s3c-Yk3vVhR0bTqLw8yN --json`)
    .action(async (id: string, own: ReplayOptions, command: Command) => {
      const options = globalOptions(command)
      const lines = receivedToEnd((await connect(options)).replay(id))
      if (options.json === true) return printJson(lines)
      const writer = new ReplayWriter(own.rows, paceOf(own))
      for await (const line of lines) await writeOut(await writer.write(line))
      await writeOut(writer.rest())
    })
}

/** One line a piece, as they come. */
export async function printJson(lines: AsyncIterable<ReplayLine>): Promise<void> {
  for await (const line of lines) await writeOut(`${safeJson(line)}\n`)
}

function paceOf({ speed, skipIdle }: ReplayOptions): Pace {
  return { statements: speed !== undefined, speed: speed ?? 1, maxWaitMs: skipIdle === undefined ? Infinity : skipIdle * 1_000 }
}

function positive(text: string): number {
  const value = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || !(value > 0) || value > 1e6) throw new InvalidArgumentError('It is a number above 0.')
  return value
}
