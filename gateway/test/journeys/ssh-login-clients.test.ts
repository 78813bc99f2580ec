import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { message } from '../../src/protocols/ssh/messages.ts'
import { MESSAGE } from '../../src/protocols/ssh/wire/message-numbers.ts'
import { eventually } from '../support/eventually.ts'
import { readEvents } from '../support/ledger-records.ts'
import { RawSsh } from '../support/raw-ssh.ts'
import { type ClientResult, startClient } from '../support/run-client.ts'
import { type CertifiedSsh, startCertifiedSsh } from '../support/ssh-certified.ts'

const program = fileURLToPath(new URL('../../../cli/sallyport.mjs', import.meta.url))

let setup: CertifiedSsh
let token: string
before(async () => {
  setup = await startCertifiedSsh()
  token = await setup.issuer.agentToken('support-bot')
})
after(() => setup.stop())

function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'], HOME: setup.folder, XDG_CONFIG_HOME: join(setup.folder, 'xdg'), TMPDIR: setup.folder,
    SALLYPORT_API: setup.gateway.apiUrl, SALLYPORT_IDENTITY_TOKEN: token, SALLYPORT_DEMO_DIR: setup.folder, ...more,
  }
}

const run = (command: string, args: readonly string[], input = '', more: NodeJS.ProcessEnv = {}): Promise<ClientResult> =>
  startClient(command, args, input, { env: environment(more), cwd: setup.folder }).result
const sallyport = (...args: string[]) => run(process.execPath, [program, ...args])
const opened = async () => (await readEvents(setup.gateway.ledgerDirectory)).flatMap((event) => (event.event === 'session.opened' ? [event] : []))

describe('sallyport ssh', () => {
  test('runs a command with a certificate of its own, of which nothing is left', async () => {
    const { status, output, errors } = await sallyport('ssh', '--purpose', 'ticket 7', 'box', '--', 'sh', '-c', '"cat -; exit 3"')
    assert.deepEqual({ status, output }, { status: 3, output: '' }, errors)
    assert.equal((await opened()).at(-1)?.purpose, 'ticket 7')
    const left = (await run('ls', ['-A'])).output.split('\n').filter((name) => name.startsWith('sallyport-ssh-'))
    assert.deepEqual(left, [])
  })

  test('passes options on, and input and output whole', async () => {
    const bytes = 'x'.repeat(200_000)
    const { output, errors } = await run(process.execPath, [program, 'ssh', 'box', '-v', 'cat'], bytes)
    assert.equal(output, bytes)
    assert.match(errors, /Server host certificate: ssh-ed25519-cert-v01@openssh\.com/)
  })

  test('says what is wrong where there is no such target', async () => {
    const { status, errors } = await sallyport('ssh', 'nothing')
    assert.equal(status, 3)
    assert.match(errors, /no target "nothing"[^]*You may open box, other/)
  })
})

describe('sallyport run', () => {
  test('leads git and rsync to a target, and everything that reads a configuration of ssh', async () => {
    mkdirSync(join(setup.folder, 'from'))
    writeFileSync(join(setup.folder, 'from/a'), 'one')
    const to = join(setup.sshd.folder, 'rsynced')
    const synced = await sallyport('run', 'box', '--', 'rsync', '-a', 'from/', `box:${to}/`)
    assert.equal(synced.status, 0, synced.errors)
    assert.equal(readFileSync(join(to, 'a'), 'utf8'), 'one')
    assert.equal((await run('git', ['init', '-q', '--bare', join(setup.sshd.folder, 'repository')])).status, 0)
    const cloned = await sallyport('run', 'box', '--', 'git', 'clone', '-q', `box:${join(setup.sshd.folder, 'repository')}`, 'cloned')
    assert.equal(cloned.status, 0, cloned.errors)
    assert.ok(statSync(join(setup.folder, 'cloned/.git')).isDirectory())
    const own = await sallyport('run', 'box', '--', 'sh', '-c', 'ssh -F "$SALLYPORT_SSH_CONFIG" box echo in')
    assert.equal(own.output, 'in\n', own.errors)
  })
})

describe('sallyport ssh-config', () => {
  const config = () => join(setup.folder, 'ssh-config')
  const ssh = (target: string, command: string, more: NodeJS.ProcessEnv = {}) => run('ssh', ['-F', config(), target, command], '', more)

  test('lets plain ssh reach each target, with a certificate that is got when it is needed', async () => {
    const written = await sallyport('ssh-config', '--write', config())
    assert.equal(written.status, 0, written.errors)
    assert.match(written.errors, /: box, other\.\n$/)
    for (const target of ['box', 'other']) {
      const { output, errors } = await ssh(target, 'echo in')
      assert.equal(output, 'in\n', errors)
      assert.equal((await opened()).at(-1)?.target, target)
    }
  })

  test('uses a certificate again while it lasts, also of many at once', async () => {
    const issued = async () => (await readEvents(setup.gateway.ledgerDirectory)).filter(({ event }) => event === 'certificate.issued').length
    const before = await issued()
    const all = await Promise.all(Array.from({ length: 4 }, () => ssh('box', 'echo in')))
    for (const { output, errors } of all) assert.equal(output, 'in\n', errors)
    assert.equal(await issued(), before)
  })

  test('gets another for another identity, and tells in words when it gets none', async () => {
    const other = await setup.issuer.personToken('kim', ['users'])
    const { output, errors } = await ssh('box', 'echo in', { SALLYPORT_IDENTITY_TOKEN: other })
    assert.equal(output, 'in\n', errors)
    assert.equal((await opened()).at(-1)?.identity.name, 'kim')
    const wrong = await ssh('box', 'echo in', { SALLYPORT_IDENTITY_TOKEN: 'a.b.c' })
    assert.match(wrong.errors, /^sallyport: /)
  })

  test('serves scp, sftp, rsync and git as they are', async () => {
    writeFileSync(join(setup.folder, 'file'), 'content')
    const at = (name: string) => join(setup.sshd.folder, name)
    const scp = await run('scp', ['-q', '-F', config(), 'file', `box:${at('by-scp')}`])
    assert.equal(scp.status, 0, scp.errors)
    const sftp = await run('sftp', ['-q', '-F', config(), '-b', '-', 'box'], `put file ${at('by-sftp')}\n`)
    assert.equal(sftp.status, 0, sftp.errors)
    const rsync = await run('rsync', ['-e', `ssh -F ${config()}`, 'file', `box:${at('by-rsync')}`])
    assert.equal(rsync.status, 0, rsync.errors)
    for (const name of ['by-scp', 'by-sftp', 'by-rsync']) assert.equal(readFileSync(at(name), 'utf8'), 'content')
    const git = await run('git', ['ls-remote', `box:${at('repository')}`], '', { GIT_SSH_COMMAND: `ssh -F ${config()}` })
    assert.equal(git.status, 0, git.errors)
  })

  test('is written over what it wrote before', async () => {
    const before = readFileSync(config(), 'utf8')
    writeFileSync(config(), `${before}Host own\n  Port 7\n`)
    assert.equal((await sallyport('ssh-config', '--write', config())).status, 0)
    assert.equal(readFileSync(config(), 'utf8'), `${before}Host own\n  Port 7\n`)
  })
})

describe('a person without a token', () => {
  test('logs in with a browser elsewhere, by the code that ssh shows', async () => {
    const askpass = join(setup.folder, 'askpass')
    writeFileSync(askpass, '#!/bin/sh\necho\n', { mode: 0o700 })
    const knownHosts = join(setup.folder, 'device_hosts')
    writeFileSync(knownHosts, `${(await setup.trusted()).knownHosts}\n`)
    const child = spawn('ssh', [
      '-F', 'none', '-p', String(setup.port), '-l', 'box', '-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'StrictHostKeyChecking=yes',
      '-o', 'PreferredAuthentications=keyboard-interactive', '127.0.0.1', 'echo in',
    ], { env: environment({ SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' }), stdio: ['ignore', 'pipe', 'pipe'] })
    let words = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => { words += chunk })
    const output = text(child.stdout)
    await eventually('the code is shown', () => /code is [A-Z0-9-]+/i.test(words))
    const code = /code is ([A-Z0-9-]+)/i.exec(words)?.[1] ?? ''
    assert.ok(words.includes(setup.people.url), words)
    assert.equal(await setup.people.answer(code, 'dana'), 'done')
    assert.equal(await output, 'in\n', words)
    const { identity, target } = (await opened()).at(-1) ?? assert.fail()
    assert.deepEqual([identity.name, identity.kind, identity.issuer, target], ['dana', 'person', 'people', 'box'])
  })

  test('is told when nothing comes of it', async () => {
    const askpass = join(setup.folder, 'askpass')
    const child = spawn('ssh', [
      '-F', 'none', '-p', String(setup.port), '-l', 'box', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'StrictHostKeyChecking=no', '-o', 'NumberOfPasswordPrompts=1',
      '-o', 'PreferredAuthentications=keyboard-interactive', '127.0.0.1', 'echo in',
    ], { env: environment({ SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' }), stdio: ['ignore', 'pipe', 'pipe'] })
    let words = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => { words += chunk })
    const output = text(child.stdout)
    await eventually('the code is shown', () => /code is [A-Z0-9-]+/i.test(words))
    await setup.people.answer(/code is ([A-Z0-9-]+)/i.exec(words)?.[1] ?? '', undefined)
    assert.equal(await output, '')
    assert.match(words, /the login was refused in the browser/)
    await eventually('it is on record', async () => (await readEvents(setup.gateway.ledgerDirectory)).some((event) => event.event === 'login.refused' && /refused in the browser/.test(event.reason)))
  })

  test('who goes away, or asks for something else, before they press Enter takes nobody else along', async () => {
    for (const leave of [() => undefined, (raw: RawSsh) => raw.send(message(MESSAGE.userauthRequest, 'box', 'ssh-connection', 'none'))]) {
      const raw = await RawSsh.connect(setup.port)
      raw.send(message(MESSAGE.userauthRequest, 'box', 'ssh-connection', 'keyboard-interactive', '', ''))
      await raw.next(MESSAGE.userauthInfoRequest)
      raw.send(message(MESSAGE.userauthInfoResponse, 1, ''))
      await raw.next(MESSAGE.userauthInfoRequest, (payload) => /The code is/.test(payload.toString()))
      leave(raw)
      await sleep(200)
      raw.close()
      await sleep(200)
      const { status, errors } = await sallyport('ssh', 'box', '--', 'true')
      assert.equal(status, 0, errors)
    }
  })
})
