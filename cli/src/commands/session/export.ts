import { createWriteStream } from 'node:fs'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { EXPORT_FORMATS } from '@sallyport/contract'
import { type Command, Option } from 'commander'
import { connect, globalOptions } from '../../context.ts'
import { Failure } from '../../failure.ts'
import { wholeNumber } from './list.ts'

interface ExportOptions {
  readonly format: (typeof EXPORT_FORMATS)[number]
  readonly operation?: number
  readonly output?: string
}

/** `sallyport session export`. */
export function addExportCommand(session: Command): void {
  session
    .command('export')
    .description('Writes a session as JSON lines (all of it), CSV, asciicast v3, or OCSF, to standard output or a file.')
    .argument('<id>', 'id of the session')
    .addOption(new Option('--format <format>', 'which').choices(EXPORT_FORMATS).default('jsonl'))
    .option('--operation <number>', 'with csv: the result rows of this operation, instead of the list of operations', (text) => wholeNumber(text, Number.MAX_SAFE_INTEGER))
    .option('--output <file>', 'a new file to write to')
    .addHelpText('after', `
Examples:
  $ sallyport session export 0mi5p0s3c-Yk3vVhR0bTqLw8yN --format ocsf > session.jsonl
  $ sallyport session export 0mi5p0s3c-Yk3vVhR0bTqLw8yN --format csv --operation 3 --output rows.csv`)
    .action(async (id: string, own: ExportOptions, command: Command) => {
      const client = await connect(globalOptions(command))
      const body = await client.export(id, own.format, own.operation)
      // A file that is there is not written over, and what a session held is for its owner's eyes.
      const to = own.output === undefined ? standardOutput() : createWriteStream(own.output, { flags: 'wx', mode: 0o600 })
      await pipeline(body, to).catch((error: unknown) => {
        throw new Failure(`the export is not complete: ${error instanceof Error ? error.message : String(error)}`, 'Throw away what was written, and try again.')
      })
    })
}

/** Not ended with the pipeline: other words may follow. */
function standardOutput(): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => void process.stdout.write(chunk, done),
  })
}
