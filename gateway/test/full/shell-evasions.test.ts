import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { eventually } from '../support/eventually.ts'
import type { ClientResult, RunningClient } from '../support/run-client.ts'
import { makeShellSandbox } from '../support/shell-sandbox.ts'
import type { ShellSandbox } from '../support/shell-sandbox.ts'
import { type SshJourney, startSshJourney } from '../support/ssh-journey.ts'
import { legitimateCommands } from '../tables/legitimate-commands.ts'
import { shellEvasions } from '../tables/shell-evasions.ts'

const NO_DESTRUCTION = `
masks: []
rules:
  - name: no-destruction
    when: >-
      operation.unknown || operation.actions.exists(a, a in ["remove", "write", "rename", "permit", "link", "format", "mount", "uninstall", "stop",
      "shutdown", "kill", "schedule", "account", "privilege", "send"])
    then: deny
    message: nothing destructive is run here
  - { name: everything-else, then: allow }
`

const READS_ONLY = `
masks: []
rules:
  - { name: reads, when: operation.readOnly, then: allow }
`

/** Those whose shell proves that they change something: others could harm this machine, should one ever get through. */
const provable = shellEvasions.filter(({ unproved }) => unproved === undefined)

/** Clients at once. */
const CLIENTS = 6

for (const [rule, policy] of [['no destructive commands', NO_DESTRUCTION], ['reads only', READS_ONLY]] as const) {
  describe(`a host behind the gateway under the rule: ${rule}`, () => {
    let sandbox: ShellSandbox
    let untouched: string
    let journey: SshJourney
    let master: RunningClient
    let socket: string

    before(async () => {
      sandbox = makeShellSandbox()
      untouched = sandbox.snapshot()
      const shell = join(sandbox.folder, '..', 'shell')
      sandbox.installShell(shell)
      journey = await startSshJourney({ policy, sshd: { settings: [`ForceCommand ${shell}`] } })
      socket = join(journey.folder, 'mux')
      master = journey.start('sshpass', ['-e', 'ssh', ...journey.flags, '-o', `ControlPath=${socket}`, '-M', '-N', 'shop'])
      await eventually('there is a connection', () => existsSync(socket))
    })

    after(async () => {
      await journey.start('ssh', [...journey.flags, '-o', `ControlPath=${socket}`, '-O', 'exit', 'shop']).result
      await master.result
      await journey.stop()
      sandbox.remove()
    })

    const send = (command: string): Promise<ClientResult> =>
      journey.start('ssh', [...journey.flags, '-o', `ControlPath=${socket}`, '-o', 'LogLevel=ERROR', 'shop', command]).result

    it('runs in the folder that the evasions are made for', async () => {
      assert.match((await send('cat victim')).output, /precious/)
    })

    it('lets no evasion through, and says so on standard error', async () => {
      const through: string[] = []
      await eachOf(provable, async ({ class: kind, name, command }) => {
        const { status, errors } = await send(command)
        if (status !== 126 || !errors.startsWith('sallyport: ')) through.push(`${kind}: ${name}: ${status} ${errors}`)
      })
      assert.deepEqual(through, [])
      assert.equal(sandbox.snapshot(), untouched)
      assert.doesNotMatch(journey.sshd.log(), /victim/)
    })

    // What only reads passes the laxer rule as well.
    if (policy === READS_ONLY) it('lets the reads of every day through', async () => {
      const refused: string[] = []
      const reads = legitimateCommands.filter(({ command, actions }) => actions.join() === 'read' && IN_FOLDER.some((word) => command.includes(word)) && !command.includes('tail -f') && !command.includes('rsync --server'))
      assert.ok(reads.length > 100)
      await eachOf(reads, async ({ command }) => {
        const { errors } = await send(command)
        if (errors.includes('sallyport: ')) refused.push(`${command}: ${errors}`)
      })
      assert.deepEqual(refused, [])
      assert.equal(sandbox.snapshot(), untouched)
    })
  })
}

/** Reads of what is in the folder: quick, and the same everywhere. */
const IN_FOLDER = ['other', 'victim', 'tree', 'echo', 'git ', 'pwd']

async function eachOf<Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items]
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await act(item)
  }))
}
