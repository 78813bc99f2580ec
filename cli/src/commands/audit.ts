import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { globalOptions, print } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { runningDemo } from '../identity-token.ts'

interface VerifyCommandOptions {
  readonly key?: string
  readonly checkpoint?: string
}

const EXAMPLES = `
Examples:
  $ sallyport audit verify
  $ sallyport audit verify /var/lib/sallyport/ledger --key verifier.pub --checkpoint yesterday.note`

/** `sallyport audit verify`. */
export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').summary('verify the ledger').description('The ledger: every decision and every outcome, in a Merkle log.')
    .addHelpText('after', EXAMPLES)

  audit
    .command('verify')
    .description('Proves that nothing in a ledger was altered, reordered or removed, from its files alone. Names the first bad entry.')
    .argument('[directory]', 'the ledger\'s folder; that of the running demo when absent')
    .option('--key <file>', 'the verifier key, from a place that the gateway cannot write; verifier.pub in the folder when absent')
    .option('--checkpoint <file>', 'a checkpoint kept elsewhere, which the log must contain: finds one put back to an older state')
    .addHelpText('after', EXAMPLES)
    .action(async (directory: string | undefined, own: VerifyCommandOptions, command: Command) => {
      const options = globalOptions(command)
      const folder = directory ?? (await runningDemo()).ledger
      const key = (await readText(own.key ?? join(folder, 'verifier.pub'), 'the verifier key')).trim()
      const known = own.checkpoint === undefined ? {} : { known: await readText(own.checkpoint, 'the checkpoint') }
      const { verifyLedger, describeFinding } = await import('@sallyport/gateway/ledger/verify')
      const report = await verifyLedger(folder, key, known).catch((error: unknown) => {
        throw new Failure(`the ledger cannot be verified: ${error instanceof Error ? error.message : String(error)}`, 'Check the folder, the key and the checkpoint.')
      })
      print(options, { directory: folder, ...report }, () => {
        if (report.bad !== undefined) return `BAD: ${describeFinding(report.bad)}\n${report.covered} entries before it are proved.`
        const behind = report.uncovered === 0 ? '' : `, ${report.uncovered} newer than the last checkpoint`
        return `The ledger holds: ${report.entries} entries, ${report.covered} proved by ${report.checkpoints} checkpoints${behind}.`
      })
      if (!report.ok) process.exitCode = EXIT.failure
    })
}

async function readText(file: string, what: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new Failure(`${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`, 'Check the path.')
  })
}
