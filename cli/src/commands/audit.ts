import { createWriteStream } from 'node:fs'
import { access, readFile, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { AuditReport } from '@sallyport/gateway/ledger/audit'
import type { Command } from 'commander'
import { connect, globalOptions, print } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { runningDemo } from '../identity-token.ts'

interface KeyOption {
  readonly key?: string
}

const EXAMPLES = `
Examples:
  $ sallyport audit verify
  $ sallyport audit verify /var/lib/sallyport/ledger --key verifier.pub --from yesterday.note
  $ sallyport audit prove 0mi5p0s3c-Yk3vVhR0bTqLw8yN:3 --output third.tlog-proof
  $ sallyport audit export 0mi5p0s3c-Yk3vVhR0bTqLw8yN && sallyport audit verify 0mi5p0s3c-Yk3vVhR0bTqLw8yN.tar --key verifier.pub
  $ sallyport audit tiles /srv/www/ledger`

/** `sallyport audit verify|prove|export|tiles`. */
export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').summary('prove what the ledger holds').description('The ledger: every decision and every outcome, in a Merkle log.')
    .addHelpText('after', EXAMPLES)
  addVerify(audit)
  addProve(audit)
  addExport(audit)
  addTiles(audit)
}

function addVerify(audit: Command): void {
  audit
    .command('verify')
    .description('Proves offline that nothing was altered, reordered or removed: in a ledger, a copy of it made by `audit tiles`, a bundle of `audit export`, or a proof of `audit prove`. Names the first thing that is wrong.')
    .argument('[path]', 'what to prove; the ledger of the running demo when absent')
    .option('--key <file>', 'the verifier key, from a place that the gateway cannot write; when absent verifier.pub in the folder, or beside the file')
    .option('--recordings <folder>', 'with a ledger: where the segments of recordings are; when absent the folder of that name beside it, if there is one')
    .option('--from <file>', 'a checkpoint kept elsewhere, or the file of an anchor with all of them: the log must have gone on from each; finds one that was put back or rewritten')
    .addHelpText('after', EXAMPLES)
    .action(async (given: string | undefined, own: KeyOption & { from?: string; recordings?: string }, command: Command) => {
      const options = globalOptions(command)
      const path = given ?? (await runningDemo()).ledger
      const asked = {
        ...(own.recordings !== undefined && { recordings: own.recordings }),
        ...(own.from !== undefined && { known: await readText(own.from, 'the checkpoint') }),
      }
      const ledger = await import('@sallyport/gateway/ledger/audit')
      const key = await verifierKey(own.key, path)
      const { kind, report } = await ledger.audit(path, key, asked).catch((error: unknown) => {
        throw new Failure(`this cannot be verified: ${messageOf(error)}`, 'Check the path, the key and the checkpoint.')
      })
      const { bad } = report
      print(options, { path, kind, ...report, ...(bad !== undefined && { problem: ledger.describeFinding(bad) }) }, () => (
        bad === undefined ? inWords({ kind, report } as AuditReport) : `BAD: ${ledger.describeFinding(bad)}`))
      if (!report.ok) process.exitCode = EXIT.failure
    })
}

function addProve(audit: Command): void {
  audit
    .command('prove')
    .description('Writes a file that proves one event with nothing but the public key (C2SP tlog-proof, the event itself in it).')
    .argument('<event>', 'its number in the ledger, or SESSION:N for the decision on the Nth operation of a session')
    .argument('[directory]', 'the ledger\'s folder; that of the running demo when absent')
    .option('--key <file>', 'the verifier key; verifier.pub in the folder when absent')
    .option('--output <file>', 'where to write; standard output when absent')
    .action(async (event: string, directory: string | undefined, own: KeyOption & { output?: string }, command: Command) => {
      const options = globalOptions(command)
      const folder = directory ?? (await runningDemo()).ledger
      const key = await verifierKey(own.key, folder)
      const index = await indexOf(event, folder)
      const { proveEntry } = await import('@sallyport/gateway/ledger/audit')
      const { text, entry } = await proveEntry(folder, key, index).catch((error: unknown) => {
        throw new Failure(`this event cannot be proved: ${messageOf(error)}`, 'A checkpoint follows within a second of an event. Check the number and the folder.')
      })
      if (own.output === undefined && options.json !== true) {
        process.stdout.write(text)
        return
      }
      if (own.output !== undefined) await writeFile(own.output, text)
      print(options, { index, event: JSON.parse(entry.toString('utf8')) as unknown, proof: text }, () => `Entry ${index} is proved by ${own.output}.`)
    })
}

function addExport(audit: Command): void {
  audit
    .command('export')
    .description('Fetches a session as one file: its events with their proof, and its recording, sealed, with the key if that still exists. For auditors and administrators; that it was fetched goes on record.')
    .argument('<session>', 'the session\'s id')
    .option('--output <file>', 'where to write; SESSION.tar when absent')
    .option('--sealed', 'leave out the recording\'s key: it proves the same, and its content stays closed')
    .action(async (session: string, own: { output?: string; sealed?: true }, command: Command) => {
      const options = globalOptions(command)
      const output = resolve(own.output ?? `${basename(session)}.tar`)
      const body = await (await connect(options)).bundle(session, own.sealed === true)
      await pipeline(body, createWriteStream(output, { mode: 0o600 }))
      print(options, { session, file: output }, () => (
        own.sealed === true ? `Written to ${output}.` : `Written to ${output}. It may hold the key of the recording: keep it as carefully as what was recorded.`))
    })
}

function addTiles(audit: Command): void {
  audit
    .command('tiles')
    .description('Copies a ledger into a tree of files as C2SP tlog-tiles serves them, entries included, for any web server and for tools that read such logs.')
    .argument('<target>', 'the folder to write')
    .argument('[directory]', 'the ledger\'s folder; that of the running demo when absent')
    .option('--key <file>', 'the verifier key; verifier.pub in the folder when absent')
    .action(async (target: string, directory: string | undefined, own: KeyOption, command: Command) => {
      const options = globalOptions(command)
      const folder = directory ?? (await runningDemo()).ledger
      const key = await verifierKey(own.key, folder)
      const { writeTiles } = await import('@sallyport/gateway/ledger/audit')
      const entries = await writeTiles(folder, key, target).catch((error: unknown) => {
        throw new Failure(`the ledger cannot be copied: ${messageOf(error)}`, 'Check both folders. `sallyport audit verify` tells what is wrong with a ledger.')
      })
      print(options, { target: resolve(target), entries }, () => `${entries} entries, up to the latest checkpoint, are in ${target}.`)
    })
}

function segments(count: number, kind = ''): string {
  return `${count} ${kind}${count === 1 ? 'segment' : 'segments'}`
}

function agreed(known: number | undefined): string {
  return known === undefined ? '' : ` It went on from ${known === 1 ? 'the checkpoint' : `all ${known} checkpoints`} kept elsewhere.`
}

function inWords({ kind, report }: AuditReport): string {
  switch (kind) {
    case 'ledger': {
      const behind = report.uncovered === 0 ? '' : `, ${report.uncovered} newer than the last checkpoint`
      return `The ledger holds: ${report.entries} entries, ${report.covered} proved by ${report.checkpoints} checkpoints${behind}.${agreed(report.known)}${report.segments === undefined ? '' : ` The recordings hold: ${segments(report.segments, 'sealed ')}.`}`
    }
    case 'tiles':
      return `The copy holds: ${report.entries} entries, proved by its checkpoint.${agreed(report.known)}`
    case 'bundle': {
      const destroyed = report.destroyedAtMs === undefined ? '' : `; its recording was destroyed at ${new Date(report.destroyedAtMs).toISOString()}`
      const opened = report.opened ? ', which the key opens' : ''
      return `The bundle holds: session ${report.session}, ${report.entries} events, ${segments(report.segments)} of its recording${opened}${destroyed}.`
    }
    case 'proof':
      return `The proof holds: entry ${report.index} of the log is\n${report.entry}`
  }
}

/** Where an event stands in the ledger. */
async function indexOf(event: string, folder: string): Promise<number> {
  if (/^\d{1,15}$/.test(event)) return Number(event)
  const [, session, n] = /^([\w-]{1,64}):([1-9]\d{0,8})$/.exec(event) ?? []
  if (session === undefined) throw new Failure(`"${event}" is neither a number nor SESSION:N`, 'Such as 1042, or 0mi5p0s3c-Yk3vVhR0bTqLw8yN:3.', EXIT.usage)
  const { findOperation } = await import('@sallyport/gateway/ledger/audit')
  const index = await findOperation(folder, session, Number(n))
  if (index === undefined) throw new Failure(`the ledger holds no operation ${n} of session ${session}`, 'See its operations: `sallyport session show`.')
  return index
}

/** A folder has its key in it; a file may have one beside it. */
async function verifierKey(given: string | undefined, path: string): Promise<string> {
  await access(path).catch((error: unknown) => {
    throw new Failure(`${path} cannot be read: ${messageOf(error)}`, 'Check the path.', EXIT.usage)
  })
  if (given !== undefined) return (await readText(given, 'the verifier key')).trim()
  for (const file of [join(path, 'verifier.pub'), join(path, '..', 'verifier.pub')]) {
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text !== undefined) return text.trim()
  }
  throw new Failure('there is no verifier key', 'Give --key FILE, with the key as GET /ledger/verifier.pub gives it.', EXIT.usage)
}

async function readText(file: string, what: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new Failure(`${what} cannot be read: ${messageOf(error)}`, 'Check the path.')
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
