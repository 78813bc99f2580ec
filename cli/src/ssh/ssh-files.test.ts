import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import type { ApiClient } from '../api-client.ts'
import { Failure } from '../failure.ts'
import { hostBlock, renewingMatch } from './host-block.ts'
import { makeKeyPair } from './key-pair.ts'
import { putSection, withSection } from './ssh-config-section.ts'
import { isFresh, renewCertificate, sshFiles } from './ssh-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-ssh-'))
after(() => rmSync(folder, { recursive: true }))
const GATEWAY = 'https://gateway.example.com:7400'

test('a key pair is one that ssh reads, and its halves belong together', () => {
  for (const comment of ['sallyport', 'x', '']) {
    const { privateKey, publicKey } = makeKeyPair(comment)
    const file = join(folder, `key-${comment}`)
    writeFileSync(file, privateKey, { mode: 0o600 })
    assert.equal(execFileSync('ssh-keygen', ['-y', '-P', '', '-f', file], { encoding: 'utf8' }).trim(), publicKey.trim())
  }
})

describe('the files of a certificate', () => {
  const files = sshFiles(join(folder, 'kept'), 'box')
  const asked: string[] = []
  let lastsMs = 900_000
  const client = {
    sshAuthorities: () => Promise.resolve({ hostAuthority: 'ssh-ed25519 AAAA', hostKey: 'ssh-ed25519 BBBB', knownHosts: '@cert-authority gateway ssh-ed25519 AAAA', targetAuthority: 'ssh-ed25519 AAAA' }),
    sshCertificate: ({ publicKey }: { publicKey: string }) => {
      asked.push(publicKey)
      return Promise.resolve({ certificate: `certificate ${asked.length}`, tokenId: 'tok_1', targets: ['box'], expiresAt: new Date(Date.now() + lastsMs).toISOString() })
    },
  } as unknown as ApiClient

  test('are fresh for their holder while they last, and for nobody else', async () => {
    assert.equal(await isFresh(files, 'dana'), false)
    await renewCertificate(client, 'box', files, 'dana')
    assert.equal(await isFresh(files, 'dana'), true)
    assert.equal(await isFresh(files, 'kim'), false)
    assert.ok(!readdirSync(join(folder, 'kept')).includes('box-cert.pub'))
    lastsMs = 30_000
    await renewCertificate(client, 'box', files, 'dana')
    assert.equal(await isFresh(files, 'dana'), false)
  })

  test('are their owner\'s alone, and the key stays the same', () => {
    for (const name of readdirSync(join(folder, 'kept'))) assert.equal(statSync(join(folder, 'kept', name)).mode & 0o777, 0o600, name)
    assert.equal(new Set(asked).size, 1)
    assert.equal(readFileSync(files.knownHosts, 'utf8'), '@cert-authority gateway ssh-ed25519 AAAA\ngateway ssh-ed25519 BBBB\n')
  })

  test('are of one key however many are asked for at once', async () => {
    asked.length = 0
    const others = sshFiles(join(folder, 'at-once'), 'box')
    await Promise.all(Array.from({ length: 12 }, () => renewCertificate(client, 'box', others, 'dana')))
    assert.equal(new Set(asked).size, 1)
    assert.equal(execFileSync('ssh-keygen', ['-y', '-P', '', '-f', others.identity], { encoding: 'utf8' }).trim(), asked[0])
  })
})

describe('what ssh is told', () => {
  const target = { name: 'box', protocol: 'ssh', host: '127.0.0.1', port: 2222, tls: false, labels: {} }
  const files = sshFiles('/home dir/100%', 'box')

  test('is what it understands: gateway, name, files and whom to trust', () => {
    const config = join(folder, 'config')
    const marker = join(folder, 'renewed for 100%')
    writeFileSync(config, renewingMatch('box', ['/bin/touch', marker]) + hostBlock(target, files, GATEWAY) + 'Match all\nUser other\n')
    const shown = execFileSync('ssh', ['-G', '-F', config, 'box'], { encoding: 'utf8' })
    for (const line of ['hostname 127.0.0.1', 'port 2222', 'user box', 'identityfile /home dir/100%%/box', 'certificatefile /home dir/100%%/box-cert.pub', 'stricthostkeychecking true', 'forwardagent no', 'identitiesonly yes']) {
      assert.ok(shown.includes(`${line}\n`), line)
    }
    assert.ok(statSync(marker).isFile())
    rmSync(marker)
    execFileSync('ssh', ['-G', '-F', config, 'elsewhere'])
    assert.throws(() => statSync(marker))
  })

  test('is the gateway\'s own address where it listens on all', () => {
    assert.match(hostBlock({ ...target, host: '0.0.0.0' }, files, GATEWAY), /HostName gateway\.example\.com\n/)
  })

  test('is nothing that could be read otherwise', () => {
    for (const name of ['-oProxyCommand=x', 'a b', 'a*', '!x', 'a\nHost *', '']) assert.throws(() => hostBlock({ ...target, name }, files, GATEWAY), Failure)
    assert.throws(() => hostBlock({ ...target, protocol: 'postgres' }, files, GATEWAY), Failure)
    for (const word of ['a\'b', 'a"b', 'a\nb', 'a\\b']) assert.throws(() => renewingMatch('box', [word]), Failure)
    assert.throws(() => hostBlock(target, sshFiles('/a"b', 'box'), GATEWAY), Failure)
  })

  test('is put before what is there, replaced when it is written again, and the rest left alone', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', '\n', '#', ' ', '\r', '>') }), fc.string(), (before, gateway) => {
      const name = gateway.replaceAll(/[\r\n]/g, '')
      const once = withSection(before, name, 'one\n')
      assert.equal(once, `# >>> sallyport ${name}\none\n# <<< sallyport ${name}\n${before}`)
      assert.equal(withSection(once, name, 'two\nthree\n'), `# >>> sallyport ${name}\ntwo\nthree\n# <<< sallyport ${name}\n${before}`)
    }))
  })

  test('keeps mode and place of the file, also behind a link', async () => {
    const real = join(folder, 'real')
    writeFileSync(real, 'Host x\n', { mode: 0o644 })
    symlinkSync(real, join(folder, 'link'))
    await putSection(join(folder, 'link'), GATEWAY, 'Host box\n')
    assert.equal(readFileSync(real, 'utf8'), `# >>> sallyport ${GATEWAY}\nHost box\n# <<< sallyport ${GATEWAY}\nHost x\n`)
    assert.equal(statSync(real).mode & 0o777, 0o644)
    await putSection(join(folder, 'made', 'config'), GATEWAY, 'Host box\n')
    assert.equal(statSync(join(folder, 'made', 'config')).mode & 0o777, 0o600)
  })
})
