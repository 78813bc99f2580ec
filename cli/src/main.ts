import { readFileSync } from 'node:fs'
import { CommanderError } from 'commander'
import { z } from 'zod'
import { globalOptions } from './context.ts'
import { EXIT, Failure } from './failure.ts'
import { makeProgram } from './program.ts'

const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')))
const program = makeProgram(version)
let json = false
program.hook('preAction', (_program, command) => {
  json = globalOptions(command).json === true
})

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

/** Tells what went wrong, in words or as JSON on stderr, and gives the exit status. */
function report(error: unknown): number {
  // Help, the version and wrong usage: commander has printed all there is to say.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  const failure = error instanceof Failure ? error : new Failure(error instanceof Error ? error.message : String(error), '')
  const { message, hint, status } = failure
  if (json) console.error(JSON.stringify({ error: { message, hint, status } }))
  else console.error([`sallyport: ${message}`, hint].filter((line) => line !== '').join('\n'))
  return status
}
