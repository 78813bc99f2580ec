import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually } from '../gateway/test/support/eventually.ts'

const program = fileURLToPath(new URL('sallyport.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'sallyport-serve-'))
after(() => rmSync(folder, { recursive: true }))

/** A document in a folder of its own, which its relative paths start from. */
function document(name: string): string {
  mkdirSync(join(folder, name))
  const file = join(folder, name, 'sallyport.yaml')
  writeFileSync(file, `version: 1
gateway:
  dataDir: data
  api: { port: 0 }
  protocols: { postgres: { port: 0 }, ssh: { port: 0 } }
`)
  return file
}

async function serve(file: string, ...more: string[]) {
  // On this signal a promise is rejected that nobody waits for.
  const lost = '--import=data:text/javascript,process.on("SIGUSR2",()=>void(Promise.reject(new(Error)("lost"))))'
  const child = spawn(process.execPath, [lost, program, 'serve', '--config', file, ...more], { cwd: tmpdir() })
  const closed = once(child, 'close')
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => { errors += text })
  const first = await Promise.race([once(child.stdout, 'data'), closed.then(() => assert.fail(errors))])
  return { child, closed, first: String(first[0]), errors: () => errors }
}

suite('serve', () => {
  test('says when and where it is ready, keeps its data beside the document, and ends with 0 when it is asked to', async () => {
    const file = document('plain')
    const { child, closed, first } = await serve(file, '--json')
    const { api, listeners } = JSON.parse(first) as { api: string; listeners: Record<string, { host: string; port: number }> }
    assert.equal((await fetch(new URL('/healthz', api))).status, 200)
    assert.equal(listeners['postgres']?.host, '127.0.0.1')
    assert.deepEqual(readdirSync(join(folder, 'plain')).toSorted(), ['data', 'sallyport.yaml'])
    child.kill('SIGTERM')
    assert.deepEqual(await closed, [0, null])
  })

  test('ends in good order also after clients were there', async () => {
    const { child, closed, first } = await serve(document('visited'), '--json')
    const { listeners } = JSON.parse(first) as { listeners: Record<string, { host: string; port: number }> }
    const client = connect(listeners['postgres'] ?? assert.fail('no listener'))
    client.end('GET / HTTP/1.1\r\n\r\n')
    await once(client.resume(), 'close')
    child.kill('SIGTERM')
    assert.deepEqual(await closed, [0, null])
  })

  test('ends in good order also when it is asked to twice', async () => {
    const { child, closed } = await serve(document('twice'))
    child.kill('SIGTERM')
    child.stderr.on('data', (text: string) => text.includes('ending every session') && child.kill('SIGTERM'))
    assert.deepEqual(await closed, [0, null])
  })

  test('goes on when a promise fails that nobody waited for, and says so', async () => {
    const { child, closed, first } = await serve(document('lost'), '--json')
    child.kill('SIGUSR2')
    for (let text = ''; !text.includes('nobody waited for; the gateway goes on: Error: lost');) text += String((await once(child.stderr, 'data'))[0])
    const { api } = JSON.parse(first) as { api: string }
    assert.equal((await fetch(new URL('/healthz', api))).status, 200)
    child.kill('SIGTERM')
    assert.deepEqual(await closed, [0, null])
  })

  test('tells a person the same in words', async () => {
    const { child, closed, first } = await serve(document('words'))
    assert.match(first, /The gateway is ready\. Control API: http:\/\/127\.0\.0\.1:\d+\npostgres: 127\.0\.0\.1:\d+/)
    child.kill('SIGINT')
    assert.deepEqual(await closed, [0, null])
  })

  for (const { what, settings, words } of [
    { what: 'an address that is taken', settings: '  api: { port: PORT }\n', words: /EADDRINUSE.*\nNothing was started\. Addresses .* in the gateway section/ },
    { what: 'a certificate that is none', settings: '  api: { port: 0 }\n  tls: { cert: file:sallyport.yaml, key: file:sallyport.yaml }\n', words: /gateway\.tls: certificate and key cannot be used/ },
  ]) {
    test(`says that it cannot start with ${what}`, async () => {
      const taken = createServer().listen(0, '127.0.0.1')
      await once(taken, 'listening')
      const file = document(what.replaceAll(' ', '-'))
      writeFileSync(file, `version: 1\ngateway:\n  dataDir: data\n  protocols: { postgres: { port: 0 } }\n${settings.replace('PORT', String((taken.address() as AddressInfo).port))}`)
      const { status, stderr } = spawnSync(process.execPath, [program, 'serve', '--config', file], { encoding: 'utf8', timeout: 30_000 })
      taken.close()
      assert.equal(status, 1, stderr)
      assert.match(stderr, words)
    })
  }

  test('says at once that nothing can be kept where its data are to go', () => {
    const file = document('no-folder')
    writeFileSync(join(folder, 'no-folder', 'data'), 'a file')
    const { status, stderr, stdout } = spawnSync(process.execPath, [program, 'serve', '--config', file], { encoding: 'utf8', timeout: 30_000 })
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, /^sallyport: gateway\.dataDir: nothing can be kept in \S+data: .* no folder\.\nName a folder/)
  })

  test('says at the start that an anchor cannot be reached', async () => {
    const file = document('mistyped')
    writeFileSync(file, `${readFileSync(file, 'utf8')}  ledger: { anchors: [{ file: no-such-mount/checkpoints }] }\n`)
    const { child, closed, errors } = await serve(file)
    await eventually('it is said', () => errors().includes('cannot be reached'))
    assert.match(errors(), /"anchor":"[^"]*no-such-mount\/checkpoints","error":"ENOENT[^"]*","msg":"an anchor cannot be reached: is its path or address right/)
    child.kill('SIGTERM')
    await closed
  })

  test('two gateways do not share one ledger: the second says so', async () => {
    const file = document('shared')
    const { child, closed } = await serve(file)
    const second = spawnSync(process.execPath, [program, 'serve', '--config', file], { encoding: 'utf8', timeout: 30_000 })
    assert.equal(second.status, 1, second.stderr)
    assert.match(second.stderr, /in use/)
    child.kill('SIGTERM')
    await closed
  })
})

suite('vault set', () => {
  const secret = 'correct horse battery staple'

  test('seals what comes by standard input; nothing on disk holds it in clear', () => {
    const file = document('vault')
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'vault', 'set', 'shop', '--config', file], { input: `${secret}\n`, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.match(stdout, /vault:shop/)
    assert.ok(!(stdout + stderr).includes(secret))
    const data = join(folder, 'vault', 'data')
    const files = readdirSync(data)
    assert.ok(files.length >= 2)
    for (const one of files) assert.ok(!readFileSync(join(data, one)).includes(secret), one)
  })

  test('makes no new master key in the place of one that is lost', () => {
    const file = document('lost-key')
    const set = () => spawnSync(process.execPath, [program, 'vault', 'set', 'shop', '--config', file], { input: `${secret}\n`, encoding: 'utf8' })
    assert.equal(set().status, 0)
    rmSync(join(folder, 'lost-key', 'data', 'master.key'))
    const { status, stderr } = set()
    assert.equal(status, 1)
    assert.match(stderr, /there is no master key file .*: put it back from a backup/)
    assert.ok(!readdirSync(join(folder, 'lost-key', 'data')).includes('master.key'))
  })

  test('takes no secret as an argument, and no empty one', () => {
    const file = document('none')
    assert.equal(spawnSync(process.execPath, [program, 'vault', 'set', 'shop', secret, '--config', file], { input: '' }).status, 2)
    const { status, stderr } = spawnSync(process.execPath, [program, 'vault', 'set', 'shop', '--config', file], { input: '\n', encoding: 'utf8' })
    assert.equal(status, 2)
    assert.match(stderr, /empty/)
  })
})

suite('vault list, remove and renew', () => {
  const run = (file: string, args: readonly string[], input = '') => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'vault', ...args, '--config', file], { input, encoding: 'utf8' })
    return { status, stdout, stderr }
  }

  test('list what is there without values, and remove what nothing refers to', () => {
    const file = document('vault-list')
    assert.match(run(file, ['list']).stdout, /^The vault is empty\.\n$/)
    run(file, ['set', 'shop'], 'first secret')
    run(file, ['set', 'shop'], 'second secret')
    run(file, ['set', 'other'], 'third secret')
    const { secrets } = JSON.parse(run(file, ['list', '--json']).stdout) as { secrets: { name: string; version: number; sealedAt: string; masterKey: string; own: boolean }[] }
    assert.deepEqual(secrets.map(({ sealedAt: _, ...rest }) => rest), [
      { name: 'other', version: 1, masterKey: 'current', own: false }, { name: 'shop', version: 2, masterKey: 'current', own: false },
    ])
    const { stdout } = run(file, ['list'])
    assert.match(stdout, /NAME +VERSION +SEALED +MASTER KEY\s+other +1 +2\d{3}-\S+Z +current\s+shop +2 /)
    assert.ok(!stdout.includes('secret'))

    writeFileSync(file, `${readFileSync(file, 'utf8')}  reviews: { webhooks: [{ name: chat, url: 'https://chat.example.com', secret: vault:shop, events: [review.requested] }] }\n`)
    assert.deepEqual([run(file, ['remove', 'shop']).status, run(file, ['remove', 'shop']).stderr], [1, 'sallyport: the document refers to vault:shop: change that and apply it first\n'])
    assert.deepEqual([run(file, ['remove', 'other']).status, run(file, ['remove', 'other']).stderr], [0, 'sallyport: there is no secret "other" in the vault\n'])
    assert.match(run(file, ['list']).stdout, /shop/)
  })

  test('keep the gateway\'s own names from being set or removed, and make its keys anew', async () => {
    const file = document('vault-own')
    const { child, closed } = await serve(file)
    child.kill('SIGTERM')
    await closed
    const listed = () => (JSON.parse(run(file, ['list', '--json']).stdout) as { secrets: { name: string; version: number; own: boolean }[] }).secrets
    assert.deepEqual(listed().map(({ name, version, own }) => `${name} ${version} ${own}`),
      ['host-authority', 'host-key', 'login-authority', 'mask-key', 'target-authority'].map((name) => `gateway.${name} 1 true`))
    for (const args of [['set', 'gateway.mask-key'], ['set', 'gateway.mine'], ['remove', 'gateway.mask-key']]) {
      const { status, stderr } = run(file, args, 'mine')
      assert.equal(status, 1)
      assert.match(stderr, /names that begin with "gateway\." are the gateway's own/)
    }
    assert.match(run(file, ['renew', 'gateway.target-authority']).stdout, /^ssh-ed25519 \S+\ngateway\.target-authority is made anew\. Restart every gateway/)
    assert.deepEqual(JSON.parse(run(file, ['renew', 'gateway.mask-key', '--json']).stdout), { name: 'gateway.mask-key', renewed: true })
    assert.match(run(file, ['renew', 'shop']).stderr, /no key that the gateway makes for itself; those are gateway\.mask-key, gateway\.host-key/)
    assert.deepEqual(listed().map(({ version }) => version), [1, 1, 1, 2, 2])
  })
})
