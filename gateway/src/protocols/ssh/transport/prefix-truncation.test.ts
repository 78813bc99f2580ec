import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { userInfo } from 'node:os'
import { Transform } from 'node:stream'
import { describe, test } from 'node:test'
import { eventually } from '../../../../test/support/eventually.ts'
import { startEchoServer } from '../../../../test/support/ssh-echo-server.ts'
import { runOverTransport } from '../../../../test/support/ssh-test-client.ts'
import { startSshd } from '../../../../test/support/sshd.ts'
import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { MESSAGE } from '../wire/message-numbers.ts'
import { makeEd25519Key, readPrivateKey } from '../wire/private-key.ts'

const PARAMIKO = '/usr/lib/python3/dist-packages/paramiko'
/** SSH_MSG_IGNORE without encryption: what an attacker puts in, so that another packet can be left out later. */
const IGNORE = Buffer.from([0, 0, 0, 12, 6, MESSAGE.ignore, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])

/** Puts an IGNORE before the n-th packet without encryption that passes. */
function inserting(before: number): Transform {
  let held = Buffer.alloc(0)
  let packets = -1
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      held = Buffer.concat([held, chunk])
      while (packets <= before) {
        const length = packets < 0 ? held.indexOf(0x0a) + 1 : held.length < 4 ? 0 : 4 + held.readUInt32BE(0)
        if (length === 0 || held.length < length) return done()
        if (packets === before) this.push(IGNORE)
        this.push(held.subarray(0, length))
        held = held.subarray(length)
        packets++
      }
      done(null, held)
      held = Buffer.alloc(0)
    },
  })
}

/** A port that leads to another, with an attacker on the way. */
async function attacked(port: number, toServer: () => Transform | undefined, toClient: () => Transform | undefined) {
  const sockets: Socket[] = []
  const pass = (from: Socket, through: Transform | undefined, to: Socket): void => {
    from.on('error', () => to.destroy())
    from.on('close', () => to.end())
    if (through === undefined) from.pipe(to)
    else from.pipe(through).pipe(to)
  }
  const server = createServer((client) => {
    const target = connect(port, '127.0.0.1')
    sockets.push(client, target)
    pass(client, toServer(), target)
    pass(target, toClient(), client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('an attacker who puts packets into the first key exchange (CVE-2023-48795)', () => {
  // Before KEXINIT, before INIT or REPLY, and before NEWKEYS.
  for (const before of [0, 1, 2]) {
    test(`is found by the server role, before packet ${before} of an OpenSSH client`, async () => {
      const server = await startEchoServer({ role: 'server', hostKey: makeEd25519Key() })
      await using way = await attacked(server.port, () => inserting(before), () => undefined)
      const code = await new Promise((resolve) => {
        execFile('ssh', ['-F', '/dev/null', '-p', String(way.port), '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', 'x@127.0.0.1', 'count'], (error) => resolve(error?.code))
          .stdin?.end()
      })
      assert.equal(code, 255)
      // The client may be gone before the server's own end of the connection is.
      await eventually('the connection has ended', () => server.ends.length === 1)
      await server.close()
      assert.ok(server.ends[0] instanceof MalformedFrameError)
    })

    test(`is found by the client role, before packet ${before} of an OpenSSH server`, async () => {
      const sshd = await startSshd()
      await using way = await attacked(sshd.port, () => undefined, () => inserting(before))
      const key = readPrivateKey(readFileSync(sshd.keyFile, 'utf8'))
      await assert.rejects(
        runOverTransport(way.port, { role: 'client', verifyHost: () => Promise.resolve() }, { user: userInfo().username, key }, 'true', Buffer.alloc(0), () => undefined),
        MalformedFrameError,
      )
      await sshd.stop()
    })
  }

  test('does not disturb who sends nothing: the same way without packets put in works', async () => {
    const sshd = await startSshd()
    await using way = await attacked(sshd.port, () => undefined, () => undefined)
    const key = readPrivateKey(readFileSync(sshd.keyFile, 'utf8'))
    assert.equal(await runOverTransport(way.port, { role: 'client', verifyHost: () => Promise.resolve() }, { user: userInfo().username, key }, 'exit 3', Buffer.alloc(0), () => undefined), 3)
    await sshd.stop()
  })
})

describe('paramiko, which knows nothing of strict key exchange', { skip: existsSync(PARAMIKO) ? false : "Debian's python3-paramiko is not installed" }, () => {
  const PROGRAM = `
import sys, paramiko
port = int(sys.argv[1])
transport = paramiko.Transport(('127.0.0.1', port))
transport.get_security_options().ciphers = (sys.argv[2],)
transport.get_security_options().digests = (sys.argv[3],)
transport.start_client(timeout=20)
transport.auth_none('x')
channel = transport.open_session()
transport.renegotiate_keys()
channel.exec_command('send 3000000')
count = 0
while True:
    data = channel.recv(65536)
    if not data: break
    count += len(data)
print(transport.remote_version, transport.host_key_type, count, channel.recv_exit_status())
transport.close()
`
  async function paramiko(port: number, cipher: string, mac: string): Promise<string> {
    return await new Promise((resolve) => {
      execFile('/usr/bin/python3', ['-c', PROGRAM, String(port), cipher, mac], (error, out, errors) => resolve(error === null ? out.trim() : `${out}\n${errors}`))
    })
  }

  for (const [cipher, mac] of [['aes128-ctr', 'hmac-sha2-256-etm@openssh.com'], ['aes256-ctr', 'hmac-sha2-512-etm@openssh.com']] as const) {
    test(`logs in, receives and changes keys by ${cipher} ${mac}`, async () => {
      const server = await startEchoServer({ role: 'server', hostKey: makeEd25519Key() })
      assert.equal(await paramiko(server.port, cipher, mac), 'SSH-2.0-Sallyport ssh-ed25519 3000000 0')
      await server.close()
    })
  }

  test('is kept from an attacker all the same', async () => {
    const server = await startEchoServer({ role: 'server', hostKey: makeEd25519Key() })
    await using way = await attacked(server.port, () => inserting(1), () => undefined)
    assert.doesNotMatch(await paramiko(way.port, 'aes128-ctr', 'hmac-sha2-256-etm@openssh.com'), /^SSH-2\.0-Sallyport/)
    await server.close()
    assert.ok(server.ends[0] instanceof MalformedFrameError)
  })
})
