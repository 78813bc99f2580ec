import { readFile, writeFile } from 'node:fs/promises'
import { type AuditorKey, auditorKey, newAuditorKeyPem } from '@sallyport/gateway/originals'
import type { Command } from 'commander'
import { connect, globalOptions, print } from '../context.ts'
import { Failure } from '../failure.ts'
import { oneLine } from '../terminal/plain-text.ts'

/** `sallyport originals new-key|open`. */
export function addOriginalsCommands(program: Command): void {
  const originals = program.command('originals').summary('masked values as they were, for an auditor')
    .description('Masked values as the targets sent them, where the policy keeps them sealed to an auditor\'s key.')

  originals
    .command('new-key')
    .description('Makes an auditor\'s key: prints the public half for record.originals.publicKey. Keep the file away from the gateway.')
    .requiredOption('--out <file>', 'where the private key goes; must not exist')
    .action(async (own: { out: string }, command: Command) => {
      const pem = newAuditorKeyPem()
      await writeFile(own.out, pem, { mode: 0o600, flag: 'wx' }).catch((error: unknown) => {
        throw new Failure(`the key was not written: ${messageOf(error)}`, 'Give a path where no file is yet.')
      })
      const { publicKey } = auditorKey(pem)
      print(globalOptions(command), { publicKey, file: own.out }, () => publicKey)
    })

  originals
    .command('open')
    .description('Opens the masked values of a session, here and with the private key; for auditors. With --json, one JSON object a line.')
    .argument('<session>', 'id of the session')
    .requiredOption('--key <file>', 'the auditor\'s private key')
    .action(async (session: string, own: { key: string }, command: Command) => {
      const options = globalOptions(command)
      const key = await readKey(own.key)
      for await (const sealed of (await connect(options)).originals(session)) {
        for (const { operation, row, column, value } of open(key, session, sealed)) {
          const text = textOf(value)
          const json = { operation, row, column, ...(text === undefined ? { base64: value.toString('base64') } : { value: text }) }
          const words = `operation ${operation}  row ${row}  column ${column}  ${text === undefined ? `\\x${value.toString('hex')}` : oneLine(text)}`
          process.stdout.write(`${options.json === true ? JSON.stringify(json) : words}\n`)
        }
      }
    })

  originals.addHelpText('after', `
Examples:
  $ sallyport originals new-key --out auditor.key
  $ sallyport originals open 0mf2q9x7a-Zk3vVhR0bTqLw8yN --key auditor.key`)
}

async function readKey(file: string): Promise<AuditorKey> {
  try {
    return auditorKey(await readFile(file, 'utf8'))
  } catch (error) {
    throw new Failure(`${file} holds no auditor's key: ${messageOf(error)}`, 'Give the file that `sallyport originals new-key` made.')
  }
}

function* open(key: AuditorKey, session: string, sealed: Buffer): ReturnType<AuditorKey['open']> {
  try {
    yield* key.open(session, sealed)
  } catch {
    throw new Failure('the values do not open with this key', 'They were sealed to another key: see record.originals.publicKey in the policy of that time.')
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textOf(value: Buffer): string | undefined {
  try {
    return utf8.decode(value)
  } catch {
    return undefined
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
