import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, afterEach, before, describe, test } from 'node:test'
import { message, messageWith } from '../../src/protocols/ssh/messages.ts'
import { MESSAGE } from '../../src/protocols/ssh/wire/message-numbers.ts'
import { SshWriter } from '../../src/protocols/ssh/wire/ssh-writer.ts'
import { RawSsh, text } from '../support/raw-ssh.ts'
import { type ApiUser, person } from '../support/reviewing.ts'
import { type SshJourney, startSshJourney } from '../support/ssh-journey.ts'

/** What a client does that wants to run what it may not: none of it runs, and what cannot be followed ends the session. */
const POLICY = `
masks: []
rules:
  - { name: reads, when: operation.readOnly, then: allow }
  - { name: changes, when: '"touch" in operation.functions', then: review, reviewers: [dba], hold: 60s, expires: 15m, preview: none }
roles: { reviewer: [dba], operator: [], auditor: [], administrator: [] }
`

let journey: SshJourney
let dana: ApiUser
const open: RawSsh[] = []
before(async () => {
  journey = await startSshJourney({ policy: POLICY, target: ', limits: { channels: 8 }', sshd: { settings: ['AcceptEnv *'] } })
  dana = await person(() => journey.gateway, 'dana', 'dba')
})
afterEach(() => {
  for (const raw of open.splice(0)) raw.close()
})
after(() => journey.stop())

async function login(): Promise<RawSsh> {
  const raw = await RawSsh.open(journey.gateway.sshPort, journey.token)
  open.push(raw)
  return raw
}
const marker = (name: string): string => join(journey.sshd.folder, name)
const ran = (name: string): boolean => existsSync(marker(name))
const pty = (term: string, modes = Buffer.of(0)): Buffer => new SshWriter().string(term).uint32(80).uint32(24).uint32(0).uint32(0).string(modes).take()
const variable = (name: string, value: string): Buffer => new SshWriter().string(name).string(value).take()

async function deny(name: string): Promise<void> {
  await dana.answer(await dana.asked(name), { answer: 'deny', reason: 'no' })
}

describe('one channel runs one program', () => {
  test('whatever else is asked for while the first runs', async () => {
    const raw = await login()
    const channel = await raw.session(1)
    raw.exec(channel, 'sleep 0; cat')
    assert.equal(await raw.reply(1), true)
    for (const type of ['exec', 'subsystem']) {
      raw.request(channel, type, text(`touch ${marker('second')}`))
      assert.equal(await raw.reply(1), false)
    }
    raw.request(channel, 'shell', Buffer.alloc(0))
    assert.equal(await raw.reply(1), false)
    raw.send(message(MESSAGE.channelEof, channel))
    assert.equal((await raw.result(1)).status, 0)
    assert.ok(!ran('second'))
  })

  test('also while the first waits for its decision, and replies come in order', async () => {
    const raw = await login()
    const channel = await raw.session(1)
    raw.exec(channel, `touch ${marker('waiting')}`)
    raw.exec(channel, `touch ${marker('behind')}`)
    raw.request(channel, 'env', variable('LC_ALL', 'C'))
    raw.request(channel, 'pty-req', pty('xterm'))
    raw.request(channel, 'signal', text('TERM'), false)
    raw.request(channel, 'window-change', Buffer.alloc(16), false)
    await deny('waiting')
    assert.deepEqual([await raw.reply(1), await raw.reply(1), await raw.reply(1), await raw.reply(1)], [true, false, false, false])
    assert.equal((await raw.result(1)).status, 126)
    assert.ok(!ran('waiting') && !ran('behind'))
  })

  test('and what was asked for before an approval does not come behind it', async () => {
    const raw = await login()
    const channel = await raw.session(1)
    raw.exec(channel, `touch ${marker('approved')}`)
    raw.exec(channel, `touch ${marker('smuggled')}`)
    raw.request(channel, 'env', variable('LC_MESSAGES', 'C'))
    await dana.approve(await dana.asked('approved'))
    assert.deepEqual([await raw.reply(1), await raw.reply(1), await raw.reply(1)], [true, false, false])
    assert.equal((await raw.result(1)).status, 0)
    assert.ok(ran('approved') && !ran('smuggled'))
  })

  test('a refused one cannot be followed by another on its channel', async () => {
    const raw = await login()
    const channel = await raw.session(1)
    raw.exec(channel, 'rm -rf /nothing')
    raw.exec(channel, 'id')
    const { status, output } = await raw.result(1)
    assert.equal(status, 126)
    assert.equal(output, '')
  })
})

describe('data before a decision', () => {
  test('have no window, and end the session', async () => {
    const raw = await login()
    const channel = await raw.session(1)
    raw.request(channel, 'shell', Buffer.alloc(0))
    raw.send(message(MESSAGE.channelData, channel, `touch ${marker('early')}\n`))
    assert.match(await raw.end(), /more data than the window allows/)
    await sleep(300)
    assert.ok(!ran('early'))
  })

  test('are not kept where there is nothing in them, which takes no window', async () => {
    const raw = await login()
    const channel = await raw.session(1)
    raw.exec(channel, `touch ${marker('empty')}`)
    await dana.asked('empty')
    const before = await journey.gateway.memoryInUse()
    const empty = message(MESSAGE.channelData, channel, '')
    for (let sent = 0; sent < 200_000; sent++) {
      raw.send(empty)
      if (sent % 2_000 === 0) await sleep(1)
    }
    const behind = await raw.session(2)
    raw.exec(behind, 'echo all came')
    assert.equal((await raw.result(2)).output, 'all came\n')
    const grown = await journey.gateway.memoryInUse() - before
    assert.ok(grown < 10 * 1024 * 1024, `${grown} bytes are kept`)
    await deny('empty')
    assert.equal((await raw.result(1)).status, 126)
  })

  test('can be typed on a terminal that waits, and an interrupt gives up the wait', async () => {
    const raw = await login()
    const channel = await raw.session(1)
    raw.request(channel, 'pty-req', pty('xterm'))
    raw.exec(channel, `touch ${marker('interrupted')}`)
    const review = await dana.asked('interrupted')
    await raw.next(MESSAGE.channelWindowAdjust)
    raw.send(message(MESSAGE.channelData, channel, '\u0003'))
    const { status, errors } = await raw.result(1)
    assert.equal(status, 126)
    assert.match(errors, /cancelled while it waited/)
    assert.equal((await dana.review(review.id)).state, 'withdrawn')
  })

  test('a closed channel gives up the wait, and what is approved then does not run', async () => {
    const raw = await login()
    const channel = await raw.session(1)
    raw.exec(channel, `touch ${marker('closed')}`)
    const review = await dana.asked('closed')
    raw.send(message(MESSAGE.channelClose, channel))
    await raw.next(MESSAGE.channelClose)
    assert.equal((await dana.answer(review, { answer: 'approve' })).status, 409)
    assert.ok(!ran('closed'))
  })
})

describe('programs that are no plain text', () => {
  for (const [name, type, rest] of [
    ['a subsystem that is a path', 'subsystem', text('/bin/sh')],
    ['a subsystem with a command in it', 'subsystem', text('sftp; touch x')],
    ['a command with a NUL byte', 'exec', text(Buffer.from('true\0; touch x'))],
    ['a command that is not UTF-8', 'exec', text(Buffer.from([0x69, 0x64, 0xff, 0xfe]))],
    ['a command that is longer than what is analysed', 'exec', text(`echo ${'x'.repeat(200_000)}`)],
    ['an empty command', 'exec', text('')],
    ['a command that begins with an option', 'exec', text('-c id')],
    ['a computed command', 'exec', text('$(echo id)')],
  ] as const) {
    test(`${name} is not let through by a rule for what only reads`, async () => {
      const raw = await login()
      const channel = await raw.session(1)
      raw.request(channel, type, rest)
      const { status, output, errors } = await raw.result(1)
      assert.equal(output, '')
      assert.equal(status, 126, errors)
    })
  }
})

describe('the environment of a program', () => {
  test('takes no variable by which other programs would run', async () => {
    const raw = await login()
    const channel = await raw.session(1)
    const names = ['LD_PRELOAD', 'LD_LIBRARY_PATH', 'BASH_ENV', 'ENV', 'PATH', 'IFS', 'GIT_SSH_COMMAND', 'GIT_EXTERNAL_DIFF', 'PAGER', 'LC', 'LANGX', 'lc_all', 'PYTHONSTARTUP', 'BASH_FUNC_ls%%', '']
    for (const name of names) raw.request(channel, 'env', variable(name, '/tmp/x'))
    for (const name of names) assert.equal(await raw.reply(1), false, name)
    for (const value of ['zh_TW.BIG5', 'ja_JP.SJIS', 'zh_TW', '() { :; }; id', '/tmp/locale', '$(id)', '../../tmp', 'C;id', 'x'.repeat(65), 'a\0b']) {
      raw.request(channel, 'env', variable('LC_ALL', value))
      assert.equal(await raw.reply(1), false, value)
    }
    raw.request(channel, 'env', variable('LC_ALL', 'de_DE.UTF-8@euro'))
    assert.equal(await raw.reply(1), true)
  })

  test('takes terminals that are terminals', async () => {
    const raw = await login()
    const channel = await raw.session(1)
    for (const wrong of [pty('/tmp/terminfo'), pty('xterm\n'), pty('x'.repeat(65)), pty('xterm', Buffer.alloc(1025))]) {
      raw.request(channel, 'pty-req', wrong)
      assert.equal(await raw.reply(1), false)
    }
    raw.request(channel, 'pty-req', pty('xterm'))
    assert.equal(await raw.reply(1), true)
    raw.request(channel, 'pty-req', pty('xterm'))
    assert.equal(await raw.reply(1), false)
  })

  for (const type of ['auth-agent-req@openssh.com', 'x11-req', 'auth-agent-req', 'xon-xoff', 'exit-status', 'keepalive@openssh.com', 'unknown@example.com']) {
    test(`never passes ${type}`, async () => {
      const raw = await login()
      const channel = await raw.session(1)
      raw.request(channel, type, Buffer.alloc(0))
      assert.equal(await raw.reply(1), false)
    })
  }
})

describe('channels of other kinds', () => {
  for (const [type, rest] of [
    ['direct-streamlocal@openssh.com', new SshWriter().string('/var/run/docker.sock').string('').uint32(0).take()],
    ['tun@openssh.com', new SshWriter().uint32(1).uint32(0).take()],
    ['auth-agent@openssh.com', Buffer.alloc(0)],
    ['x11', new SshWriter().string('127.0.0.1').uint32(6000).take()],
    ['forwarded-tcpip', new SshWriter().string('127.0.0.1').uint32(22).string('127.0.0.1').uint32(9).take()],
    ['direct-tcpip', new SshWriter().string('127.0.0.1').uint32(22).string('127.0.0.1').uint32(9).take()],
  ] as const) {
    test(`${type} is refused, with words`, async () => {
      const raw = await login()
      raw.send(messageWith(MESSAGE.channelOpen, [type, 7, 1 << 20, 32_768], rest))
      const failure = await raw.next(MESSAGE.channelOpenFailure)
      assert.equal(failure.readUInt32BE(1), 7)
      assert.match(failure.toString('latin1', 13), /refused by rule/)
    })
  }

  test('are at most as many as the target allows', async () => {
    const raw = await login()
    for (let id = 0; id < 8; id++) await raw.session(id)
    raw.send(message(MESSAGE.channelOpen, 'session', 8, 1 << 20, 32_768))
    assert.match((await raw.next(MESSAGE.channelOpenFailure)).toString('latin1'), /at most 8 channels at once/)
  })

  test('are no more once the client has said so', async () => {
    const raw = await login()
    raw.send(message(MESSAGE.globalRequest, 'no-more-sessions@openssh.com', false))
    raw.send(message(MESSAGE.channelOpen, 'session', 1, 1 << 20, 32_768))
    await raw.next(MESSAGE.channelOpenFailure)
  })
})

describe('global requests', () => {
  test('are answered in their order, and none passes that is not governed', async () => {
    const raw = await login()
    const types = ['hostkeys-prove-00@openssh.com', 'streamlocal-forward@openssh.com', 'cancel-streamlocal-forward@openssh.com', 'keepalive@openssh.com', 'unknown']
    for (const type of types) raw.send(message(MESSAGE.globalRequest, type, true, '/tmp/socket'))
    raw.send(message(MESSAGE.globalRequest, 'tcpip-forward', true, '0.0.0.0', 0))
    for (let count = 0; count < types.length + 1; count++) await raw.next(MESSAGE.requestFailure)
    assert.doesNotMatch(journey.sshd.log(), /streamlocal|forwarding/)
  })
})

describe('messages that have no place', () => {
  const wrong: readonly (readonly [string, (raw: RawSsh, channel: number) => void, RegExp])[] = [
    ['for a channel that is not there', (raw) => raw.send(message(MESSAGE.channelData, 99, 'x')), /not there/],
    ['that confirm what nobody asked for', (raw, channel) => raw.send(message(MESSAGE.channelOpenConfirmation, channel, 1, 1, 1)), /not open/],
    ['that reply to nothing', (raw, channel) => raw.send(message(MESSAGE.channelSuccess, channel)), /nobody asked/],
    ['that answer no global request', (raw) => raw.send(message(MESSAGE.requestSuccess)), /nobody asked/],
    ['with extended data of the client', (raw, channel) => raw.send(message(MESSAGE.channelExtendedData, channel, 1, 'x')), /extended data/],
    ['that make a window larger than it can be', (raw, channel) => raw.send(message(MESSAGE.channelWindowAdjust, channel, 0xffff_ffff)), /window grew too large/],
    ['on a channel that was closed', (raw, channel) => {
      raw.send(message(MESSAGE.channelClose, channel))
      raw.exec(channel, `touch ${marker('after-close')}`)
    }, /closed|not there/],
    ['with data for a channel in which nothing runs', (raw, channel) => raw.send(message(MESSAGE.channelData, channel, '')), /nothing runs/],
    ['that ask for another service', (raw) => raw.send(message(MESSAGE.serviceRequest, 'ssh-userauth')), /no place/],
    ['of the server', (raw) => raw.send(message(MESSAGE.userauthSuccess)), /no place/],
    ['cut short', (raw) => raw.send(Buffer.of(MESSAGE.channelRequest, 0, 0)), /shorter/],
    ['whose strings are longer than they are', (raw, channel) => raw.send(messageWith(MESSAGE.channelRequest, [channel], Buffer.of(0xff, 0xff, 0xff, 0xff))), /shorter/],
  ]
  for (const [name, send, why] of wrong) {
    test(`${name} end the session`, async () => {
      const raw = await login()
      const channel = await raw.session(1)
      send(raw, channel)
      assert.match(await raw.end(), why)
      assert.ok(!ran('after-close'))
    })
  }

  test('another login after the login changes nothing', async () => {
    const raw = await login()
    raw.send(message(MESSAGE.userauthRequest, 'other', 'ssh-connection', 'none'))
    const channel = await raw.session(1)
    raw.exec(channel, 'echo still here')
    assert.equal((await raw.result(1)).output, 'still here\n')
  })

  test('more requests than can be answered end the session', async () => {
    const raw = await login()
    const channel = await raw.session(1)
    raw.exec(channel, `touch ${marker('flooded')}`)
    for (let count = 0; count < 200; count++) raw.request(channel, 'window-change', Buffer.alloc(16))
    assert.match(await raw.end(), /too many requests/)
    assert.ok(!ran('flooded'))
  })

  test('packets that are too small to be of use are not agreed on', async () => {
    const raw = await login()
    raw.send(message(MESSAGE.channelOpen, 'session', 1, 1 << 20, 1))
    await raw.next(MESSAGE.channelOpenFailure)
  })
})

describe('a login', () => {
  test('may be tried six times', async () => {
    const raw = await RawSsh.connect(journey.gateway.sshPort)
    open.push(raw)
    for (let attempt = 0; attempt < 6; attempt++) {
      raw.send(message(MESSAGE.userauthRequest, 'shop', 'ssh-connection', 'password', false, 'wrong'))
      if (attempt < 5) await raw.next(MESSAGE.userauthFailure)
    }
    assert.match(await raw.end(), /too many attempts/)
  })

  test('comes before everything else', async () => {
    const raw = await RawSsh.connect(journey.gateway.sshPort)
    open.push(raw)
    raw.send(message(MESSAGE.channelOpen, 'session', 1, 1 << 20, 32_768))
    assert.match(await raw.end(), /no place/)
  })

  test('is over before anything else is asked for', async () => {
    const raw = await RawSsh.connect(journey.gateway.sshPort)
    open.push(raw)
    raw.send(message(MESSAGE.userauthRequest, 'shop', 'ssh-connection', 'password', false, journey.token))
    raw.send(message(MESSAGE.channelOpen, 'session', 1, 1 << 20, 32_768))
    assert.match(await raw.end(), /before the login was over/)
  })

  test('takes no key that is not certified', async () => {
    const raw = await RawSsh.connect(journey.gateway.sshPort)
    open.push(raw)
    const key = Buffer.from(journey.sshd.hostKey.split(' ')[1] ?? '', 'base64')
    raw.send(message(MESSAGE.userauthRequest, 'shop', 'ssh-connection', 'publickey', false, 'ssh-ed25519', key))
    await raw.next(MESSAGE.userauthFailure)
    raw.send(message(MESSAGE.userauthRequest, 'shop', 'ssh-connection', 'hostbased', 'ssh-ed25519', key, 'host', 'root', ''))
    await raw.next(MESSAGE.userauthFailure)
  })
})

test('a channel whose client takes little gets all of it, piece by piece', async () => {
  const raw = await login()
  const channel = await raw.session(1, 300, 256)
  raw.exec(channel, 'head -c 3000 /dev/zero | tr "\\\\0" x')
  let length = 0
  while (length < 3000) {
    const data = await raw.next(MESSAGE.channelData)
    assert.ok(data.readUInt32BE(5) <= 256)
    length += data.readUInt32BE(5)
    raw.send(message(MESSAGE.channelWindowAdjust, channel, data.readUInt32BE(5)))
  }
  assert.equal(length, 3000)
})
