import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { startEchoServer } from '../../../../test/support/ssh-echo-server.ts'
import { runOverTransport } from '../../../../test/support/ssh-test-client.ts'
import { startSshd } from '../../../../test/support/sshd.ts'
import { makeCertificate } from '../wire/make-certificate.ts'
import { makeEd25519Key, readPrivateKey } from '../wire/private-key.ts'
import { publicKeyLine } from '../wire/public-key.ts'
import type { ClientRole, HostIdentity } from './roles.ts'
import type { SshTransport } from './ssh-transport.ts'

const MB = 1024 * 1024
const CIPHERS = ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes256-ctr']
const MACS = ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com']

interface Ran {
  readonly code: number
  readonly out: Buffer
  readonly log: string
}

const folder = mkdtempSync(join(tmpdir(), 'sallyport-transport-'))
after(() => rmSync(folder, { recursive: true }))

/** The real client, against a server on this port that lets everyone in. */
async function ssh(port: number, options: readonly string[], command: string, input = Buffer.alloc(0)): Promise<Ran> {
  return await new Promise((resolve) => {
    const args = [
      // The first value given for an option counts.
      '-v', '-F', '/dev/null', '-p', String(port), ...options, '-o', 'StrictHostKeyChecking=no', '-o', `UserKnownHostsFile=${join(folder, 'none')}`,
      '-o', 'BatchMode=yes', 'someone@127.0.0.1', command,
    ]
    const child = execFile('ssh', args, { encoding: 'buffer', maxBuffer: 256 * MB }, (error, out, log) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, log: log.toString() })
    })
    child.stdin?.end(input)
  })
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

const trusting: ClientRole = { role: 'client', verifyHost: () => Promise.resolve() }

describe('the OpenSSH client, towards the server role', () => {
  const hostKey = makeEd25519Key()

  for (const kex of ['curve25519-sha256', 'curve25519-sha256@libssh.org']) {
    test(`agrees on keys by ${kex}`, async () => {
      await using server = await startServer({})
      const { code, log } = await ssh(server.port, ['-o', `KexAlgorithms=${kex}`], 'cat')
      assert.equal(code, 0, log)
      assert.ok(log.includes(`kex: algorithm: ${kex}`))
      assert.match(log, /resetting send seqnr/)
      assert.match(log, /server-sig-algs=<ssh-ed25519,/)
    })
  }

  for (const cipher of CIPHERS) {
    for (const mac of cipher.includes('gcm') ? MACS.slice(0, 1) : MACS) {
      test(`sends and receives by ${cipher} ${mac}, also while it changes keys again and again`, async () => {
        await using server = await startServer({})
        const input = randomBytes(6 * MB + 17)
        const { code, out, log } = await ssh(server.port, ['-c', cipher, '-m', mac, '-o', 'RekeyLimit=1M'], 'cat', input)
        assert.equal(code, 0, log.slice(-2000))
        assert.equal(sha256(out), sha256(input))
        assert.ok(log.includes(`client->server cipher: ${cipher}`))
        assert.ok((log.match(/SSH2_MSG_NEWKEYS received/g) ?? []).length > 5)
        assert.deepEqual(server.ends, [undefined])
      })
    }
  }

  test('follows when the gateway asks for new keys, under load in both directions', async () => {
    await using server = await startServer({ rekeyBytes: MB })
    const input = randomBytes(8 * MB + 5)
    const { code, out, log } = await ssh(server.port, [], 'cat', input)
    assert.equal(code, 0, log.slice(-2000))
    assert.equal(sha256(out), sha256(input))
    assert.ok((log.match(/SSH2_MSG_NEWKEYS received/g) ?? []).length > 7)
  })

  test('trusts a host certificate by its authority alone, and refuses a host that has none', async () => {
    const ca = makeEd25519Key()
    const hostCertificate = makeCertificate({
      kind: 'host', key: hostKey.publicKey, serial: 1n, keyId: 'gateway', principals: ['127.0.0.1'], validAfter: 0, validBefore: 2 ** 33,
    }, ca)
    const known = join(folder, 'authorities')
    writeFileSync(known, `@cert-authority * ${publicKeyLine(ca.publicKey.blob)}\n`)
    const options = ['-o', 'StrictHostKeyChecking=yes', '-o', `UserKnownHostsFile=${known}`]
    await using certified = await startServer({ hostCertificate })
    await using bare = await startServer({})
    const accepted = await ssh(certified.port, options, 'count')
    assert.equal(accepted.code, 0, accepted.log)
    assert.ok(accepted.log.includes('kex: host key algorithm: ssh-ed25519-cert-v01@openssh.com'))
    const refused = await ssh(bare.port, options, 'count')
    assert.equal(refused.code, 255)
    assert.match(refused.log, /Host key verification failed/)
  })

  test('and nothing that is weak: no SHA-1, CBC, plain MAC or other key exchange is agreed on', async () => {
    await using server = await startServer({})
    for (const options of [
      ['-o', 'KexAlgorithms=diffie-hellman-group14-sha1'], ['-o', 'KexAlgorithms=diffie-hellman-group14-sha256'], ['-o', 'KexAlgorithms=ecdh-sha2-nistp256'],
      ['-c', 'aes128-cbc'], ['-c', 'chacha20-poly1305@openssh.com'], ['-c', 'aes128-ctr', '-m', 'hmac-sha1'], ['-c', 'aes128-ctr', '-m', 'hmac-sha2-256'],
      ['-o', 'HostKeyAlgorithms=rsa-sha2-512'],
    ]) {
      const { code, log } = await ssh(server.port, options, 'cat')
      assert.equal(code, 255)
      assert.match(log, /no matching|Unable to negotiate|there is no/, options.join(' '))
    }
  })

  test('ssh-audit finds nothing to fail or to warn of', { skip: found('ssh-audit') ? false : "Debian's ssh-audit is not installed" }, async () => {
    await using server = await startServer({})
    const report = await new Promise<string>((resolve) => {
      execFile('ssh-audit', ['-n', '-p', String(server.port), '127.0.0.1'], (_error, out) => resolve(out))
    })
    assert.match(report, /\(kex\) curve25519-sha256 /)
    assert.match(report, /\(enc\) aes128-gcm@openssh\.com/)
    // This ssh-audit is older than these two.
    const complaints = report.split('\n').filter((line) => /\[(fail|warn)\]/.test(line))
    assert.deepEqual(complaints.filter((line) => !/^\(kex\) (mlkem768x25519-sha256|kex-strict-s-v00@openssh\.com) +-- \[warn\] unknown algorithm$/.test(line)), [])
  })

  async function startServer(role: { readonly hostCertificate?: Buffer, readonly rekeyBytes?: number }) {
    const server = await startEchoServer({ role: 'server', hostKey, ...role })
    return { ...server, [Symbol.asyncDispose]: async () => await server.close() }
  }
})

describe('the client role, towards the OpenSSH server', () => {
  const hostKeys = ['ecdsa', 'rsa'].map((type) => {
    const file = join(folder, `host_${type}`)
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', file])
    return file
  })

  const SUITES = [
    ['KexAlgorithms curve25519-sha256', 'keyExchange', 'curve25519-sha256'],
    ['KexAlgorithms curve25519-sha256@libssh.org', 'keyExchange', 'curve25519-sha256@libssh.org'],
    ['KexAlgorithms ecdh-sha2-nistp256', 'keyExchange', 'ecdh-sha2-nistp256'],
    ['KexAlgorithms ecdh-sha2-nistp384', 'keyExchange', 'ecdh-sha2-nistp384'],
    ['KexAlgorithms ecdh-sha2-nistp521', 'keyExchange', 'ecdh-sha2-nistp521'],
    ['KexAlgorithms diffie-hellman-group14-sha256', 'keyExchange', 'diffie-hellman-group14-sha256'],
    ['KexAlgorithms diffie-hellman-group16-sha512', 'keyExchange', 'diffie-hellman-group16-sha512'],
    ...CIPHERS.map((cipher) => [`Ciphers ${cipher}`, 'cipherIn', cipher] as const),
    ...[...MACS, 'hmac-sha2-256', 'hmac-sha2-512'].map((mac) => [`Ciphers aes256-ctr\nMACs ${mac}`, 'cipherOut', 'aes256-ctr'] as const),
  ] as const

  for (const [setting, what, name] of SUITES) {
    test(`sends and receives under ${setting.replace('\n', ', ')}, also while the server changes keys`, async () => {
      await using sshd = await startServer([setting, 'RekeyLimit 1M'])
      const input = randomBytes(3 * MB + 7)
      let agreed: unknown
      const { out, status } = await run(sshd, trusting, 'cat', input, (transport) => void transport.ready.then((agreement) => (agreed = agreement[what])))
      assert.equal(status, 0)
      assert.equal(agreed, name)
      assert.equal(sha256(out), sha256(input))
    })
  }

  test('asks for new keys itself, under load in both directions', async () => {
    await using sshd = await startServer([])
    const input = randomBytes(8 * MB + 5)
    const { out, status } = await run(sshd, { ...trusting, rekeyBytes: MB }, 'cat', input)
    assert.equal(status, 0)
    assert.equal(sha256(out), sha256(input))
  })

  test('shows the host key that the server has proved to hold, of every kind, bare and certified', async () => {
    const ca = join(folder, 'host_ca')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', ca])
    for (const file of hostKeys) execFileSync('ssh-keygen', ['-q', '-s', ca, '-h', '-I', 'h', '-n', 'web1,127.0.0.1', `${file}.pub`])
    await using sshd = await startServer(hostKeys.flatMap((file) => [`HostKey ${file}`, `HostCertificate ${file}-cert.pub`]))
    for (const [algorithm, line, certified] of [
      ['ssh-ed25519', sshd.hostKey, false],
      ['ecdsa-sha2-nistp256', readFileSync(`${hostKeys[0]}.pub`, 'utf8'), false],
      ['rsa-sha2-512', readFileSync(`${hostKeys[1]}.pub`, 'utf8'), false],
      ['rsa-sha2-256', readFileSync(`${hostKeys[1]}.pub`, 'utf8'), false],
      ['ecdsa-sha2-nistp256-cert-v01@openssh.com', readFileSync(`${hostKeys[0]}.pub`, 'utf8'), true],
      ['rsa-sha2-512-cert-v01@openssh.com', readFileSync(`${hostKeys[1]}.pub`, 'utf8'), true],
      ['rsa-sha2-256-cert-v01@openssh.com', readFileSync(`${hostKeys[1]}.pub`, 'utf8'), true],
    ] as const) {
      let host: HostIdentity | undefined
      const verifyHost = (shown: HostIdentity): Promise<void> => {
        host = shown
        return Promise.resolve()
      }
      const { status } = await run(sshd, { role: 'client', hostKeyAlgorithms: [algorithm], verifyHost }, 'true')
      assert.equal(status, 0, algorithm)
      assert.ok(host !== undefined && line.startsWith(publicKeyLine(host.key.blob)), algorithm)
      assert.deepEqual(host.certificate?.principals, certified ? ['web1', '127.0.0.1'] : undefined)
      assert.equal(host.certificate === undefined ? undefined : publicKeyLine(host.certificate.authority.blob), certified ? readFileSync(`${ca}.pub`, 'utf8').split(' ', 2).join(' ') : undefined)
    }
  })

  test('sends nothing more to a host that is not the target, and says why to its caller alone', async () => {
    await using sshd = await startServer([])
    const role: ClientRole = { role: 'client', verifyHost: () => Promise.reject(new Error('the pinned key is another')) }
    await assert.rejects(run(sshd, role, 'true'), /the pinned key is another/)
    assert.match(await eventuallyLogged(sshd, /the host key was not accepted/), /not accepted/)
    assert.doesNotMatch(sshd.log(), /pinned/)
  })

  test('knows by which signatures it may log in, before its login is asked for', async () => {
    await using sshd = await startServer([])
    let known: readonly string[] | undefined
    await run(sshd, trusting, 'true', undefined, (transport) => {
      void transport.ready.then(() => {
        const inner = transport.onPayload
        transport.onPayload = (payload) => {
          known ??= transport.peerSignatureAlgorithms
          inner(payload)
        }
      })
    })
    assert.ok(known?.includes('rsa-sha2-512'))
  })

  async function startServer(settings: readonly string[]) {
    const sshd = await startSshd({ settings: settings.flatMap((line) => line.split('\n')) })
    return { ...sshd, [Symbol.asyncDispose]: async () => await sshd.stop() }
  }

  async function run(
    sshd: { readonly port: number, readonly keyFile: string }, role: ClientRole, command: string, input = Buffer.alloc(0),
    started?: (transport: SshTransport) => void,
  ): Promise<{ out: Buffer, status: number }> {
    const out: Buffer[] = []
    const login = { user: userInfo().username, key: readPrivateKey(readFileSync(sshd.keyFile, 'utf8')) }
    const status = await runOverTransport(sshd.port, role, login, command, input, (bytes) => void out.push(Buffer.from(bytes)), started)
    return { out: Buffer.concat(out), status }
  }
})

async function eventuallyLogged(sshd: { log(): string }, pattern: RegExp): Promise<string> {
  for (let tries = 0; tries < 100 && !pattern.test(sshd.log()); tries++) await new Promise((resolve) => setTimeout(resolve, 20))
  return sshd.log()
}

function found(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
