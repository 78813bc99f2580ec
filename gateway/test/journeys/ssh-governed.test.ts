import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import type { RecordedEvent } from '../../src/governance/recording/event-schema.ts'
import { serverUser } from '../support/embedded-binaries.ts'
import { eventually } from '../support/eventually.ts'
import { proveLedger, readEvents } from '../support/ledger-records.ts'
import { type ApiUser, person } from '../support/reviewing.ts'
import { isRunning } from '../support/running-programs.ts'
import { type SshJourney, startSshJourney } from '../support/ssh-journey.ts'

const POLICY = `
masks: []
rules:
  - { name: reads, when: operation.readOnly, then: allow }
  - { name: no-removal, when: '"remove" in operation.actions', then: deny, message: nothing is removed here }
  - { name: changes, when: '!operation.readOnly && !("shell" in operation.actions) && !("sleep" in operation.functions)', then: review, reviewers: [dba], hold: 60s, expires: 15m, preview: none }
  - { name: waiting, when: '"sleep" in operation.functions || "shell" in operation.actions', then: allow }
roles: { reviewer: [dba], operator: [on-call], auditor: [auditors], administrator: [platform] }
`

const QUIET = ['-o', 'LogLevel=ERROR']

let journey: SshJourney
let dana: ApiUser
let operator: ApiUser
let auditor: ApiUser
before(async () => {
  journey = await startSshJourney({ policy: POLICY })
  dana = await person(() => journey.gateway, 'dana', 'dba')
  operator = await person(() => journey.gateway, 'olga', 'on-call')
  auditor = await person(() => journey.gateway, 'ada', 'auditors')
})
after(() => journey.stop())

const target = (name: string): string => join(journey.sshd.folder, name)
const events = (): Promise<RecordedEvent[]> => readEvents(journey.gateway.ledgerDirectory)

async function session(): Promise<string> {
  const { body } = await operator.call('GET', '/api/v1/sessions?state=open')
  const { sessions } = body as { sessions: { id: string; target: string }[] }
  return sessions.find((one) => one.target === 'shop')?.id ?? assert.fail('no session is open')
}

describe('a command that the policy refuses', () => {
  test('never reaches the target, and its sender reads why on standard error', async () => {
    writeFileSync(target('keep'), 'x')
    const { status, output, errors } = await journey.ssh(QUIET, `rm ${target('keep')}`)
    assert.equal(status, 126)
    assert.equal(output, '')
    assert.match(errors, /^sallyport: refused by rule "no-removal": nothing is removed here\nsallyport: Do not send it again unchanged\. /)
    assert.ok(existsSync(target('keep')))
    assert.doesNotMatch(journey.sshd.log(), /Starting session: command.*\n(?![\s\S]*)/)
  })

  test('is told on a terminal with line breaks that a terminal needs', async () => {
    const { status, output } = await journey.ssh([...QUIET, '-tt'], `rm ${target('keep')}`)
    assert.equal(status, 126)
    // The words are not the program's output.
    assert.equal(output, '')
  })

  test('leaves other channels of the connection alone', async () => {
    const { output, errors, status } = await journey.ssh(QUIET, `echo before; cat /etc/hostname >/dev/null; echo after`)
    assert.equal(output, 'before\nafter\n', errors)
    assert.equal(status, 0)
  })
})

describe('a command that a person must approve', () => {
  test('waits, says so, and runs once it is approved', async () => {
    const waiting = journey.ssh(QUIET, `touch ${target('approved')}`)
    const review = await dana.asked('approved')
    assert.equal(review.protocol, 'ssh')
    assert.equal(review.card.text, `touch ${target('approved')}`)
    assert.ok(!existsSync(target('approved')))
    await dana.approve(review)
    const { status, errors } = await waiting
    assert.equal(status, 0, errors)
    assert.match(errors, /^sallyport: held for review by rule "changes": 1 of dba must approve it; waiting 60 s \(ticket rv_/)
    assert.ok(existsSync(target('approved')))
  })

  test('does not run when it is denied', async () => {
    const waiting = journey.ssh(QUIET, `touch ${target('denied')}`)
    const review = await dana.asked('denied')
    await dana.answer(review, { answer: 'deny', reason: 'not today' })
    const { status, errors } = await waiting
    assert.equal(status, 126)
    assert.match(errors, /dana denied it: not today/)
    assert.ok(!existsSync(target('denied')))
  })

  test('gets its ticket back where it may not wait, and runs when it is sent again', async () => {
    const waiting = journey.start('sshpass', ['-e', 'ssh', ...journey.flags, ...QUIET, 'shop', `touch ${target('later')}`])
    const review = await dana.asked('later')
    process.kill(waiting.pid)
    await waiting.result
    // Approved before, it would run for the client that has gone.
    await eventually('the gateway has noticed', async () => (await events()).some((event) => event.event === 'session.closed' && event.session === review.session))
    await dana.approve(review)
    const { status, errors } = await journey.ssh(QUIET, `touch ${target('later')}`)
    assert.equal(status, 0, errors)
    assert.doesNotMatch(errors, /held/)
    const again = journey.ssh(QUIET, `touch ${target('later')}`)
    const asked = await dana.asked('later')
    assert.notEqual(asked.id, review.id)
    await dana.answer(asked, { answer: 'deny', reason: 'once only' })
    assert.equal((await again).status, 126)
  })

  test('is another operation with another environment, or with a terminal', async () => {
    const digests = new Set<string>()
    for (const flags of [[], ['-o', 'SetEnv=LC_TIME=C'], ['-tt']]) {
      const waiting = journey.ssh([...QUIET, ...flags], `touch ${target('digest')}`)
      const review = await dana.asked('digest')
      digests.add(review.digest)
      await dana.answer(review, { answer: 'deny', reason: 'only asked' })
      await waiting
    }
    assert.equal(digests.size, 3)
  })
})

describe('a session', () => {
  test('leaves what was decided, how it ended and what came of it in the ledger', async () => {
    await journey.ssh(QUIET, 'printf one; printf two >&2; exit 3')
    const all = await events()
    const decided = all.findLast((event) => event.event === 'operation.decided' && event.text.startsWith('printf one'))
    assert.ok(decided?.event === 'operation.decided')
    const finished = all.find((event) => event.event === 'operation.finished' && event.session === decided.session && event.n === decided.n)
    assert.ok(finished?.event === 'operation.finished')
    assert.deepEqual([finished.result, finished.code, finished.bytes], ['failed', 'exit 3', 6])
    // Which of both came first is for the target to say.
    assert.ok(['onetwo', 'twoone'].map((text) => createHash('sha256').update(text).digest('hex')).includes(finished.digest ?? ''))
    const opened = all.find((event) => event.event === 'session.opened' && event.session === decided.session)
    assert.ok(opened?.event === 'session.opened' && opened.application.startsWith('OpenSSH'))
    const used = all.find((event) => event.event === 'credential.used' && event.session === decided.session)
    assert.ok(used?.event === 'credential.used' && used.method === 'publickey' && used.tls === 'verified')
  })

  test('can be replayed as it was on the terminal', async () => {
    const { output } = await journey.start('/usr/bin/python3', [join(import.meta.dirname, 'ssh_terminal.py'), 'typed', ...journey.flags]).result
    assert.match(output, /typed by hand/)
    const opened = (await events()).findLast((event) => event.event === 'session.opened')
    assert.ok(opened?.event === 'session.opened')
    await eventually('its recording is kept', async () => (await events()).some((event) => event.event === 'session.closed' && event.session === opened.session))
    await sleep(500)
    const replay = await fetch(`${journey.gateway.apiUrl}/api/v1/sessions/${opened.session}/replay`, { headers: auditor.headers })
    const lines = (await replay.text()).trim().split('\n').map((line) => JSON.parse(line) as { type: string; base64?: string; columns?: number; rows?: number })
    assert.ok(lines.some(({ type, columns, rows }) => type === 'resize' && columns === 91 && rows === 27))
    const shown = lines.filter(({ type }) => type === 'output').map(({ base64 = '' }) => Buffer.from(base64, 'base64').toString()).join('')
    assert.match(shown, /typed by hand/)
    const cast = await (await fetch(`${journey.gateway.apiUrl}/api/v1/sessions/${opened.session}/export?format=asciicast`, { headers: auditor.headers })).text()
    assert.match(cast, /^\{"version":3,"term":\{"cols":91,"rows":27\}/)
    assert.match(cast, /"r","91x27"/)
  })

  test('can be watched while it goes on', async () => {
    const client = journey.ssh([...QUIET, '-tt'], 'echo begun; sleep 4804')
    await eventually('it runs', () => isRunning('sleep 4804'))
    const watched = await fetch(`${journey.gateway.apiUrl}/api/v1/sessions/${await session()}/events?output=lines`, { headers: auditor.headers })
    assert.equal(watched.status, 200)
    let shown = ''
    const ended = (async () => {
      let rest = ''
      for await (const piece of watched.body ?? []) {
        const lines = (rest + Buffer.from(piece).toString()).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines.filter((text) => text !== '')) {
          const { type, base64 = '' } = JSON.parse(line) as { readonly type: string; readonly base64?: string }
          if (type === 'output') shown += Buffer.from(base64, 'base64').toString()
        }
      }
    })()
    await eventually('its output is seen', () => shown.includes('begun'))
    assert.equal((await operator.call('DELETE', `/api/v1/sessions/${await session()}`)).status, 204)
    await client
    await ended
  })

  test('that is ended ends its client, and what it runs on the target', async () => {
    const client = journey.ssh([...QUIET, '-tt'], 'sleep 4801 & sleep 4802')
    await eventually('both run', () => isRunning('sleep 4801') && isRunning('sleep 4802'))
    assert.equal((await operator.call('DELETE', `/api/v1/sessions/${await session()}`)).status, 204)
    const { errors } = await client
    assert.match(errors, /the session was ended/)
    await eventually('none runs', () => !isRunning('sleep 4801') && !isRunning('sleep 4802'), 10_000)
  })

  test('that is ended ends also what has closed its output, with its channel closed by the client', async () => {
    const socket = join(journey.folder, 'mux')
    const flags = [...journey.flags, ...QUIET, '-o', `ControlPath=${socket}`]
    const master = journey.start('sshpass', ['-e', 'ssh', ...flags, '-M', '-N', 'shop'])
    await eventually('there is a master', () => existsSync(socket))
    const client = journey.start('ssh', [...flags, 'shop', 'exec >&- 2>&-; sleep 4806; true'])
    await eventually('it runs', () => isRunning('sleep 4806'))
    await sleep(500)
    assert.ok(isRunning('sleep 4806'))
    assert.equal((await operator.call('DELETE', `/api/v1/sessions/${await session()}`)).status, 204)
    await Promise.all([client.result, master.result])
    await eventually('it does not run', () => !isRunning('sleep 4806'), 10_000)
  })

  test('ends what it runs when its client is killed', async () => {
    const client = journey.start('sshpass', ['-e', 'ssh', ...journey.flags, ...QUIET, 'shop', 'sleep 4803'])
    await eventually('it runs', () => isRunning('sleep 4803'))
    process.kill(client.pid, 'SIGTERM')
    await client.result
    await eventually('it does not run', () => !isRunning('sleep 4803'), 10_000)
  })

  test('is ended by a change of the policy for its target', async () => {
    const client = journey.ssh(QUIET, 'sleep 4804')
    await eventually('it runs', () => isRunning('sleep 4804'))
    const admin = await person(() => journey.gateway, 'pat', 'platform')
    const { body } = await admin.call('GET', '/api/v1/policy')
    const text = String(body['text'])
    assert.equal((await admin.call('POST', '/api/v1/policy', text.replace('env: test', 'env: changed'))).status, 200)
    const { status, errors } = await client
    assert.equal(status, 255)
    assert.match(errors, /the policy changed/)
    await eventually('it does not run', () => !isRunning('sleep 4804'), 10_000)
  })

  test('leaves a ledger that can be proved', async () => {
    const { ok, bad } = await proveLedger(journey.gateway.ledgerDirectory)
    assert.ok(ok, JSON.stringify(bad))
  })
})

describe('programs of another user than root', () => {
  const user = serverUser()?.name
  test('are ended by signals alone', { skip: user === undefined ? 'only root can log in others' : false }, async () => {
    const other = await startSshJourney({ policy: POLICY, sshd: { user: user ?? '', settings: ['UsePAM yes'] }, target: ', endPrograms: signals' })
    try {
      const client = other.start('sshpass', ['-e', 'ssh', ...other.flags, ...QUIET, 'shop', 'sleep 4805; sleep 4806'])
      await eventually('it runs', () => isRunning('sleep 4805'))
      process.kill(client.pid, 'SIGTERM')
      await client.result
      await eventually('it does not run', () => !isRunning('sleep 4805'), 10_000)
    } finally {
      await other.stop()
    }
  })
})
