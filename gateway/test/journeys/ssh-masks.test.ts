import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../support/eventually.ts'
import { readEvents } from '../support/ledger-records.ts'
import { person } from '../support/reviewing.ts'
import { type SshJourney, startSshJourney } from '../support/ssh-journey.ts'

const POLICY = `
masks:
  - { name: addresses, detect: [email], method: redact }
rules:
  - { name: everything, then: allow }
roles: { reviewer: [], operator: [], auditor: [auditors], administrator: [] }
`
const SECRET = 'secret@example.com'
const QUIET = ['-o', 'LogLevel=ERROR']

let journey: SshJourney
before(async () => {
  journey = await startSshJourney({ policy: POLICY })
  writeFileSync(join(journey.sshd.folder, 'people'), `1 ${SECRET} beside\n`)
})
after(() => journey.stop())

test('values are masked on standard output and standard error, each for itself, however they are written', async () => {
  const half = Math.floor(SECRET.length / 2)
  const { output, errors } = await journey.ssh(QUIET, `cat ${journey.sshd.folder}/people; cat ${journey.sshd.folder}/people >&2; printf '${SECRET.slice(0, half)}'; printf '${SECRET.slice(half)} end'`)
  for (const text of [output, errors]) {
    assert.ok(!text.includes(SECRET), text)
    assert.match(text, /1 .* beside/)
  }
  assert.match(output, / end$/)
  await eventually('how many they were is on record', async () => (await readEvents(journey.gateway.ledgerDirectory)).some((event) => event.event === 'operation.finished' && event.masked === 3))
})

test('what has no end of a line yet is shown all the same, soon', async () => {
  const client = journey.start('sshpass', ['-e', 'ssh', ...journey.flags, ...QUIET, '-tt', 'shop', 'printf "name? "; sleep 3'])
  const { output } = await client.result
  assert.equal(output, 'name? ')
})

test('the recording has no more than the client got', async () => {
  await journey.ssh(QUIET, `cat ${journey.sshd.folder}/people`)
  const opened = (await readEvents(journey.gateway.ledgerDirectory)).findLast(({ event }) => event === 'session.opened')
  assert.ok(opened?.event === 'session.opened')
  const auditor = await person(() => journey.gateway, 'ada', 'auditors')
  let shown = ''
  await eventually('its recording is kept', async () => {
    const answer = await fetch(`${journey.gateway.apiUrl}/api/v1/sessions/${opened.session}/replay`, { headers: auditor.headers })
    const lines = (await answer.text()).trim().split('\n').map((line) => JSON.parse(line) as { readonly base64?: string })
    shown = lines.map(({ base64 = '' }) => Buffer.from(base64, 'base64').toString()).join('')
    await sleep(200)
    return shown.includes('beside')
  })
  assert.ok(!shown.includes(SECRET))
})

test('bytes that hold nothing to mask pass unchanged', async () => {
  // Among so many bytes some would look like an address by chance.
  const bytes = randomBytes(4 << 20).map((byte) => (byte === 0x40 ? 0x41 : byte))
  const file = join(journey.sshd.folder, 'bytes')
  writeFileSync(file, bytes)
  const { output } = await journey.start('bash', ['-c', `sshpass -e ssh -F ${journey.flags[1] ?? ''} ${QUIET.join(' ')} shop 'cat ${file}' | sha256sum`]).result
  assert.equal(output.slice(0, 64), createHash('sha256').update(bytes).digest('hex'))
})

test('files are not copied where they could not be masked, and the words say what to do', async () => {
  const copied = join(journey.folder, 'copied')
  for (const flags of ['', '-O']) {
    const { status, errors } = await journey.start('bash', ['-c', `sshpass -e scp -F ${journey.flags[1] ?? ''} ${QUIET.join(' ')} ${flags} shop:${journey.sshd.folder}/people copied`]).result
    assert.notEqual(status, 0)
    assert.match(errors, /the content of a file cannot be masked while it is copied \(mask "addresses"\)/, flags)
    assert.match(errors, /such as cat/)
    assert.ok(!existsSync(copied))
  }
})

test('files are copied to the target all the same', async () => {
  writeFileSync(join(journey.folder, 'up'), `${SECRET}\n`)
  for (const flags of ['', '-O']) {
    const { status, errors } = await journey.start('bash', ['-c', `sshpass -e scp -F ${journey.flags[1] ?? ''} ${QUIET.join(' ')} ${flags} up shop:${journey.sshd.folder}/up`]).result
    assert.equal(status, 0, errors)
  }
})
