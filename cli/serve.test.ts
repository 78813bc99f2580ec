import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'

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
  return { child, closed, first: String(first[0]) }
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

  test('takes no secret as an argument, and no empty one', () => {
    const file = document('none')
    assert.equal(spawnSync(process.execPath, [program, 'vault', 'set', 'shop', secret, '--config', file], { input: '' }).status, 2)
    const { status, stderr } = spawnSync(process.execPath, [program, 'vault', 'set', 'shop', '--config', file], { input: '\n', encoding: 'utf8' })
    assert.equal(status, 2)
    assert.match(stderr, /empty/)
  })
})
