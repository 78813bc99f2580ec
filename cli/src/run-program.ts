import { type Command, CommanderError } from 'commander'
import { globalOptions } from './context.ts'
import { EXIT, Failure } from './failure.ts'

/**
 * Runs a program with its arguments, and tells what went wrong.
 * @returns the exit status; undefined when nothing went wrong that a command has not told by itself
 */
export async function runProgram(program: Command, args: readonly string[]): Promise<number | undefined> {
  let json = false
  program.hook('preAction', (_program, command) => {
    json = globalOptions(command).json === true
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return undefined
  } catch (error) {
    return report(error, json)
  }
}

/** Tells what went wrong, in words or as JSON on stderr, and gives the exit status. */
function report(error: unknown, json: boolean): number {
  // Help, the version and wrong usage: commander has printed all there is to say.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  const failure = error instanceof Failure ? error : new Failure(error instanceof Error ? error.message : String(error), '')
  const { message, hint, status } = failure
  if (json) console.error(JSON.stringify({ error: { message, hint, status } }))
  else console.error([`sallyport: ${message}`, hint].filter((line) => line !== '').join('\n'))
  return status
}
