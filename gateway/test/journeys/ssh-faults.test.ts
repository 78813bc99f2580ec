import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { routes, TOKEN_EXCHANGE_GRANT, TokenExchangeResponse } from '@sallyport/contract'
import { eventually } from '../support/eventually.ts'
import { readEvents } from '../support/ledger-records.ts'
import { ApiUser } from '../support/reviewing.ts'
import { isRunning } from '../support/running-programs.ts'
import { type SshJourney, sshTargetEntry, startSshJourney } from '../support/ssh-journey.ts'

const POLICY = `
masks: []
rules:
  - { name: to-itself, when: 'operation.actions == ["forward"] && operation.objects.all(o, o.startsWith("127.0.0.1:"))', then: allow }
  - { name: commands, when: '!("forward" in operation.actions) && !("listen" in operation.actions)', then: allow }
roles: { reviewer: [], operator: [ops], auditor: [auditors], administrator: [] }
`
const QUIET = ['-o', 'LogLevel=ERROR']

let journey: SshJourney
before(async () => {
  journey = await startSshJourney({ policy: POLICY, gateway: { settings: 'limits: { tokenLifetime: 2s }' } })
})
after(() => journey.stop())

describe('a target', () => {
  test('that goes away in the middle is told to the client, and the session ends', async () => {
    const client = journey.ssh(QUIET, 'sleep 31.4831')
    await eventually('it runs', () => isRunning('sleep 31.4831'))
    // What a server that dies leaves behind ends by itself.
    process.kill(parentOf('sleep 31.4831'), 'SIGKILL')
    const { status, errors } = await client
    assert.equal(status, 255)
    assert.match(errors, /the target closed the connection/)
  })

  test('that is stopped for a while keeps nobody else waiting, and goes on afterwards', async () => {
    const client = journey.ssh(QUIET, 'sleep 8.4832; echo went on')
    await eventually('it runs', () => isRunning('sleep 8.4832'))
    const server = parentOf('sleep 8.4832')
    process.kill(server, 'SIGSTOP')
    assert.equal((await journey.ssh(QUIET, 'echo another')).output, 'another\n')
    process.kill(server, 'SIGCONT')
    assert.match((await client).output, /went on/)
  })

  test('that says nothing is given up', { timeout: 60_000 }, async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const other = await startSshJourney({ policy: POLICY, gateway: { otherTargets: sshTargetEntry('shop', { ...journey.sshd, port }) } })
    try {
      const { status, errors } = await other.ssh(QUIET, 'true')
      assert.equal(status, 255)
      assert.match(errors, /the target cannot be reached: it did not answer in time/)
    } finally {
      await other.stop()
      silent.close()
    }
  })
})

describe('a client', () => {
  test('that says nothing is closed in time', async () => {
    const socket = connect(journey.gateway.sshPort, '127.0.0.1')
    socket.resume()
    await once(socket, 'close')
  })

  test('that speaks another protocol is closed', async () => {
    const socket = connect(journey.gateway.sshPort, '127.0.0.1')
    socket.resume()
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(socket, 'close')
  })

  test('beyond the limit is told so, and its place is free once others have gone', { timeout: 60_000 }, async () => {
    const other = await startSshJourney({ policy: POLICY, gateway: { settings: 'limits: { connections: 2 }' } })
    const knock = async (words: string): Promise<Socket> => {
      const socket = connect(other.gateway.sshPort, '127.0.0.1')
      await once(socket, 'connect')
      socket.write(words)
      return socket
    }
    try {
      const within = [await knock(''), await knock('')]
      const refused = await Promise.all([1, 2, 3].map(() => knock('SSH-2.0-test\r\n')))
      for (const socket of refused) {
        const [words] = (await once(socket, 'data')) as [Buffer]
        assert.match(words.toString(), /too many connections to the gateway/)
      }
      for (const socket of within) socket.destroy()
      await eventually('another comes in', async () => (await other.ssh(QUIET, 'true')).status === 0, 20_000)
      for (const socket of refused) socket.destroy()
    } finally {
      await other.stop()
    }
  })

  test('whose token has expired is told so', async () => {
    const body = new URLSearchParams({ grant_type: TOKEN_EXCHANGE_GRANT, subject_token: journey.token, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt', audience: 'shop', purpose: 'ticket 7' })
    const answer = await fetch(`${journey.gateway.apiUrl}${routes.token}`, { method: 'POST', body })
    const expired = TokenExchangeResponse.parse(await answer.json()).access_token
    await sleep(2_500)
    const { status, errors } = await journey.start('env', [`SSHPASS=${expired}`, 'sshpass', '-e', 'ssh', ...journey.flags, 'shop', 'true']).result
    assert.equal(status, 255)
    assert.match(errors, /sallyport: .*expired/)
    await eventually('it is on record', async () => (await readEvents(journey.gateway.ledgerDirectory)).some(({ event }) => event === 'login.refused'))
  })

  test('whose identity is locked is put out, and comes in no more', async () => {
    const client = journey.ssh(QUIET, 'sleep 4833')
    await eventually('it runs', () => isRunning('sleep 4833'))
    const operator = new ApiUser(() => journey.gateway, await journey.gateway.issuer.personToken('olga', ['ops']))
    const placed = await operator.call('POST', '/api/v1/locks', { kind: 'agent', name: 'support-bot', reason: 'looks odd' })
    assert.ok(placed.status < 300, JSON.stringify(placed.body))
    assert.match((await client).errors, /looks odd|locked/)
    await eventually('it does not run', () => !isRunning('sleep 4833'), 10_000)
    assert.match((await journey.ssh([], 'true')).errors, /sallyport: .*locked/)
    assert.ok((await operator.call('DELETE', '/api/v1/locks/agent/support-bot?reason=over')).status < 300)
    assert.equal((await journey.ssh(QUIET, 'true')).status, 0)
  })
})

describe('a forwarded connection', () => {
  test('passes where a rule lets it', async () => {
    const { output } = await journey.start('bash', ['-c', `sshpass -e ssh -F ${journey.flags[1] ?? ''} -W 127.0.0.1:${journey.sshd.port} shop < <(sleep 3) | head -c 15`]).result
    assert.equal(output, 'SSH-2.0-OpenSSH')
  })

  test('is refused elsewhere, with words, and is on record', async () => {
    const { status, errors } = await journey.ssh(['-o', 'LogLevel=INFO', '-W', '10.1.2.3:22'])
    assert.notEqual(status, 0)
    assert.match(errors, /administratively prohibited: refused by rule "no-rule-matched": no rule lets support-bot run "forward" on 10\.1\.2\.3:22/)
    const decided = (await readEvents(journey.gateway.ledgerDirectory)).findLast((event) => event.event === 'operation.decided' && event.actions.includes('forward'))
    assert.ok(decided?.event === 'operation.decided' && decided.text === 'forward 10.1.2.3:22' && decided.decision === 'deny')
  })

  test('is not listened for without a rule', async () => {
    const { errors } = await journey.ssh(['-N', '-o', 'ExitOnForwardFailure=yes', '-R', '0:127.0.0.1:1'])
    assert.match(errors, /remote port forwarding failed/)
  })
})

/** Process id of the server of the connection in which a program runs: sshd, above the shell. */
function parentOf(words: string): number {
  const status = (id: string): { words: string; parent: string } => {
    try {
      return { words: readFileSync(`/proc/${id}/cmdline`, 'latin1').replaceAll('\0', ' ').trim(), parent: /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, 'latin1'))?.[1] ?? '1' }
    } catch {
      return { words: '', parent: '1' }
    }
  }
  let id = readdirSync('/proc').find((name) => /^\d+$/.test(name) && status(name).words === words) ?? assert.fail(`${words} does not run`)
  while (!status(id).words.startsWith('sshd:')) id = status(id).parent === '1' ? assert.fail('no server above it') : status(id).parent
  return Number(id)
}
