import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { type SshJourney, startSshJourney } from '../support/ssh-journey.ts'

describe('OpenSSH through the gateway', () => {
  let journey: SshJourney
  before(async () => {
    journey = await startSshJourney({ target: ", environment: [LANG, 'LC_*', 'SALLY_*']" })
  })
  after(() => journey.stop())

  const cases: readonly { readonly name: string; readonly flags?: readonly string[]; readonly command?: string; readonly input?: string; readonly status?: number; readonly output?: string | RegExp; readonly errors?: string | RegExp }[] = [
    { name: 'exit status 0', command: 'true', output: '' },
    { name: 'exit status 1', command: 'false', status: 1 },
    { name: 'exit status 255', command: 'exit 255', status: 255 },
    { name: 'exit status 3 after output', command: 'echo some; exit 3', status: 3, output: 'some\n' },
    { name: 'the end by a signal', command: 'kill -TERM $$', status: 255 },
    { name: 'standard output and standard error apart', command: 'echo out; echo err >&2', output: 'out\n', errors: 'err\n' },
    { name: 'the end of standard input', command: 'cat; echo end', input: 'some input', output: 'some inputend\n' },
    { name: 'no input at all with -n', flags: ['-n'], command: 'cat; echo end', output: 'end\n' },
    { name: 'words with quotes and newlines', command: `printf '%s|' "a  b" 'c"d' $'e\\nf'`, output: 'a  b|c"d|e\nf|' },
    { name: 'a text that is not ASCII', command: 'echo grüße', output: 'grüße\n' },
    { name: 'a terminal', flags: ['-tt'], command: 'tty && stty size', output: /^\/dev\/pts\/\d+\r\n\d+ \d+\r\n$/ },
    { name: 'the name of the terminal', flags: ['-tt'], command: 'echo $TERM', output: 'xterm\r\n' },
    { name: 'no terminal without -t', command: 'tty', status: 1, output: 'not a tty\n' },
    { name: 'a shell with its commands from standard input', flags: ['-T'], input: 'echo from the shell\nexit 7\n', status: 7, output: 'from the shell\n' },
    { name: 'variables that the target allows', flags: ['-o', 'SetEnv=LC_THING=one SALLY_THING=two'], command: 'echo "$LC_THING $SALLY_THING"', output: 'one two\n' },
    { name: 'no variables besides', flags: ['-o', 'SetEnv=OTHER=1 LC_PATH=/tmp/x LC_CODE=$(id)'], command: 'echo "[$OTHER$LC_PATH$LC_CODE]"', output: '[]\n' },
    { name: 'no agent, although it was asked for', flags: ['-A'], command: 'echo "[$SSH_AUTH_SOCK]"', output: '[]\n' },
    { name: 'no X11, although it was asked for', flags: ['-X'], command: 'echo "[$DISPLAY]"', output: '[]\n' },
    { name: 'compression that was asked for', flags: ['-C'], command: 'echo hi', output: 'hi\n' },
    { name: 'new keys in the middle', flags: ['-o', 'RekeyLimit=64K'], command: 'head -c 3000000 /dev/zero | wc -c; head -c 3000000 /dev/zero | tr "\\0" x', output: /^3000000\nx{3000000}$/ },
    { name: 'questions whether it is there', flags: ['-o', 'ServerAliveInterval=1', '-o', 'ServerAliveCountMax=1'], command: 'sleep 4; echo late', output: 'late\n' },
    { name: 'a quiet program for a while', command: 'sleep 1; echo late', output: 'late\n' },
  ]
  for (const { name, flags = [], command, input = '', status = 0, output, errors } of cases) {
    test(`passes ${name}`, async () => {
      const result = await journey.ssh(['-o', 'LogLevel=ERROR', ...flags], command, input)
      if (typeof output === 'string') assert.equal(result.output, output, result.errors)
      else if (output !== undefined) assert.match(result.output, output)
      if (typeof errors === 'string') assert.equal(result.errors, errors)
      assert.equal(result.status, status, result.errors)
    })
  }

  test('passes 30 MB unchanged in both directions at once', async () => {
    const bytes = randomBytes(30 << 20)
    const file = join(journey.folder, 'big')
    writeFileSync(file, bytes)
    const digest = createHash('sha256').update(bytes).digest('hex')
    const { output } = await journey.start('bash', ['-c', `sshpass -e ssh -F ${journey.flags[1]} shop cat < ${file} | sha256sum`]).result
    assert.equal(output, `${digest}  -\n`)
  })

  test('runs many programs in one connection, each with its own exit status', async () => {
    // A program that closes its output first: the client then closes the channel before it knows the status.
    const socket = join(journey.folder, 'mux')
    const flags = [...journey.flags, '-o', `ControlPath=${socket}`]
    const master = journey.start('sshpass', ['-e', 'ssh', ...flags, '-M', '-N', 'shop'])
    await eventually('there is a master', () => existsSync(socket))
    const results = await Promise.all(Array.from({ length: 10 }, (_, index) => journey.start('ssh', [...flags, 'shop', `echo number ${index}; exec >&- 2>&-; sleep 0.5; exit ${index}`]).result))
    assert.deepEqual(results.map(({ output }) => output), results.map((_, index) => `number ${index}\n`))
    assert.deepEqual(results.map(({ status }) => status), results.map((_, index) => index))
    await journey.start('ssh', [...flags, '-O', 'exit', 'shop']).result
    await master.result
  })

  test('carries connections to where the target reaches, and to where the client does', async () => {
    const [there, here] = [await freePort(), await freePort()]
    const client = journey.start('sshpass', ['-e', 'ssh', ...journey.flags, '-N', '-o', 'ExitOnForwardFailure=yes', '-L', `${there}:127.0.0.1:${journey.sshd.port}`, '-R', `${here}:127.0.0.1:${journey.gateway.sshPort}`, 'shop'])
    assert.match(await greeting(there), /^SSH-2\.0-OpenSSH/)
    assert.match(await greeting(here), /^SSH-2\.0-Sallyport/)
    process.kill(client.pid)
    await client.result
  })

  test('serves 40 connections at once', async () => {
    const results = await Promise.all(Array.from({ length: 40 }, (_, index) => journey.ssh(['-o', 'LogLevel=ERROR'], `echo ${index}`)))
    assert.deepEqual(results.map(({ output, errors }) => output + errors), results.map((_, index) => `${index}\n`))
  })

  test('says of a wrong token, and of a target that is not there, what to do', async () => {
    const wrong = await journey.start('bash', ['-c', `SSHPASS=wrong sshpass -e ssh -F ${journey.flags[1]} shop true`]).result
    assert.equal(wrong.status, 255)
    assert.match(wrong.errors, /sallyport: this is not a token\r?\nsallyport: Give a session token or an identity token\./)
    const nowhere = await journey.ssh(['-l', 'nowhere'], 'true')
    assert.match(nowhere.errors, /sallyport: this login does not open that target, or there is none of that name/)
  })

  test('takes the token as the answer to a question, too', async () => {
    const { output } = await journey.ssh(['-o', 'PreferredAuthentications=keyboard-interactive', '-o', 'LogLevel=ERROR'], 'echo hi')
    assert.equal(output, 'hi\n')
  })

  test('takes back a slow reader without holding its data in memory', async () => {
    const before = await journey.gateway.memoryInUse()
    const client = journey.start('bash', ['-c', `sshpass -e ssh -F ${journey.flags[1]} shop 'head -c 60000000 /dev/zero' | (sleep 5; wc -c)`])
    await sleep(4_000)
    const meanwhile = await journey.gateway.memoryInUse()
    assert.ok(meanwhile - before < 24 << 20, `${meanwhile - before} bytes more`)
    assert.equal((await client.result).output.trim(), '60000000')
  })
})

describe('a target that cannot be reached', () => {
  test('is told to the client with words', async () => {
    const journey = await startSshJourney()
    try {
      await journey.sshd.stop()
      const { status, errors } = await journey.ssh([], 'true')
      assert.equal(status, 255)
      assert.match(errors, /sallyport: the target cannot be reached: the connection failed \(ECONNREFUSED\)/)
    } finally {
      await journey.stop()
    }
  })

  test('is not believed with another host key', async () => {
    const journey = await startSshJourney({ hostKey: `SHA256:${'A'.repeat(43)}` })
    try {
      const { status, errors } = await journey.ssh([], 'true')
      assert.equal(status, 255)
      assert.match(errors, /sallyport: the target did not prove that it is the one: its host key is SHA256:[^ ]{43}, which the policy does not name/)
      assert.doesNotMatch(journey.sshd.log(), /Accepted|Failed/)
    } finally {
      await journey.stop()
    }
  })
})

async function greeting(port: number): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = connect(port, '127.0.0.1')
    const came = await Promise.race([once(socket, 'data').then(([chunk]) => String(chunk), () => undefined), sleep(5_000)])
    socket.destroy()
    if (came !== undefined) return came
    await sleep(100)
  }
  return ''
}
