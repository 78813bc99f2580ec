import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { newMasterKeyLine, parseMasterKeys } from './master-key.ts'
import { openMasterKey } from './open-master-key.ts'
import { resolveSecret, type SecretSources } from './resolve-secret.ts'
import { Secret, SecretError } from './secret.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-secrets-'))
after(() => rmSync(folder, { recursive: true }))

/** Reads a reference as the gateway does, with an environment and a list of warnings of its own. */
async function read(reference: string, given: Partial<SecretSources> = {}): Promise<string> {
  return (await resolveSecret(reference, { environment: {}, folder, warn: () => undefined, ...given })).expose()
}

describe('a reference to a secret', () => {
  test('vault:NAME is read from the vault, and cannot be while there is none', async () => {
    assert.equal(await read('vault:shop', { vault: { reveal: async (name) => new Secret(`secret of ${name}`) } }), 'secret of shop')
    await assert.rejects(read('vault:shop'), /vault:shop.*not open/)
  })

  test('what the gateway made for itself is told to nobody by a reference', async () => {
    const vault = { reveal: async () => new Secret('of the gateway') }
    for (const name of ['gateway.target-authority', 'gateway.mask-key', 'gateway.x']) await assert.rejects(read(`vault:${name}`, { vault }), /is the gateway's own/)
    assert.equal(await read('vault:gateway-shop', { vault }), 'of the gateway')
  })

  test('env:NAME is read from the environment; unset or empty is an error that names the variable', async () => {
    assert.equal(await read('env:DB_PASSWORD', { environment: { DB_PASSWORD: 'from outside' } }), 'from outside')
    await assert.rejects(read('env:DB_PASSWORD', { environment: { DB_PASSWORD: '' } }), /DB_PASSWORD is not set/)
    await assert.rejects(read('env:DB_PASSWORD'), /DB_PASSWORD is not set/)
  })

  test('file:PATH is read without its last line break, and with a warning when others can read it', async () => {
    const path = join(folder, 'password')
    const warnings: string[] = []
    const warn = (message: string) => void warnings.push(message)
    writeFileSync(path, 'from a file\n', { mode: 0o600 })
    assert.equal(await read('file:password', { warn }), 'from a file')
    assert.deepEqual(warnings, [])
    chmodSync(path, 0o644)
    assert.equal(await read(`file:${path}`, { warn }), 'from a file')
    assert.equal(warnings.length, 1)
    assert.match(warnings.join(), /password holds a secret and can be read by others; run: chmod 600/)
    assert.doesNotMatch(warnings.join(), /from a file/)
  })

  test('a certificate that everybody may read gives no warning, a private key beside it does', async () => {
    const path = join(folder, 'cert.pem')
    const warnings: string[] = []
    const warn = (message: string) => void warnings.push(message)
    writeFileSync(path, '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n', { mode: 0o644 })
    await read(`file:${path}`, { warn })
    assert.equal(warnings.length, 0)
    writeFileSync(path, '-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n')
    await read(`file:${path}`, { warn })
    assert.equal(warnings.length, 1)
  })

  test('a file that is missing, empty, too large or no file is an error that names it', async () => {
    const big = join(folder, 'big')
    writeFileSync(big, Buffer.alloc(1024 * 1024 + 1, 'x'), { mode: 0o600 })
    const empty = join(folder, 'empty')
    writeFileSync(empty, '\n', { mode: 0o600 })
    for (const path of [join(folder, 'absent'), big, empty, folder, '/dev/zero']) {
      await assert.rejects(read(`file:${path}`), (error) => error instanceof SecretError && error.message.includes(path))
    }
  })

  test('what is no reference is not repeated: it may be the secret', async () => {
    for (const text of ['hunter2', 'vault:', 'vault:hunter2 x', 'env:hunter-2', 'file:', 'http://hunter2', '']) {
      await assert.rejects(read(text), (error) => error instanceof SecretError && !error.message.includes('hunter'))
    }
  })
})

const load = (reference: string | undefined, dataDir = folder, environment: Record<string, string> = {}, isNew = true) =>
  openMasterKey({ ...(reference === undefined ? {} : { reference }), dataDir, isNew, folder, environment })

describe('the master key', () => {
  test('is made once in the data folder, for its owner only, and leaves no draft', async () => {
    const dataDir = join(folder, 'data', 'deep')
    const made = await load(undefined, dataDir)
    const path = join(dataDir, 'master.key')
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(dataDir), ['master.key'])
    assert.ok((await load(undefined, dataDir)).current.id.equals(made.current.id))
    assert.ok((await load(`file:${path}`)).current.id.equals(made.current.id))
  })

  test('is the same for all that start at once', async () => {
    for (let round = 0; round < 30; round++) {
      const dataDir = join(folder, `race-${round}`)
      // Some begin later than others, as processes do.
      const made = await Promise.all(Array.from({ length: 6 }, async (_, index) => {
        await new Promise((resolve) => setTimeout(resolve, index % 3))
        return load(undefined, dataDir)
      }))
      assert.equal(new Set(made.map(({ current }) => current.id.toString('hex'))).size, 1)
      assert.deepEqual(readdirSync(dataDir), ['master.key'])
    }
  })

  test('is refused when others can read or change the file', async () => {
    const path = join(folder, 'loose.key')
    writeFileSync(path, newMasterKeyLine(), { mode: 0o600 })
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o644, 0o666]) {
      chmodSync(path, mode)
      await assert.rejects(load(`file:${path}`), /chmod 600/)
    }
  })

  test('given by file is never made: a mistyped path must not start with a new key', async () => {
    mkdirSync(join(folder, 'typo'))
    await assert.rejects(load('file:typo/master.key'), /there is no master key file/)
    assert.deepEqual(readdirSync(join(folder, 'typo')), [])
  })

  test('that is missing where a gateway was before is not made anew', async () => {
    mkdirSync(join(folder, 'lost'))
    await assert.rejects(load(undefined, join(folder, 'lost'), {}, false), /there is no master key file/)
    assert.deepEqual(readdirSync(join(folder, 'lost')), [])
  })

  test('comes from the environment, and from nothing else', async () => {
    const line = newMasterKeyLine()
    const loaded = await load('env:MASTER_KEY', folder, { MASTER_KEY: line })
    assert.ok(loaded.current.id.equals(parseMasterKeys(line, 'x').current.id))
    await assert.rejects(load('env:MASTER_KEY'), /MASTER_KEY is not set/)
    for (const other of ['vault:key', 'hunter2']) await assert.rejects(load(other), /file:PATH or env:NAME/)
  })

  test('has 32 bytes in strict base64, and an error about it never holds it', () => {
    const short = randomBytes(31).toString('base64')
    for (const text of ['', '\n', short, randomBytes(33).toString('base64'), randomBytes(32).toString('hex'), `${newMasterKeyLine()}x`]) {
      assert.throws(() => parseMasterKeys(text, 'the file'), (error) => error instanceof SecretError
        && error.message.includes('the file') && (text.trim() === '' || !error.message.includes(text.trim())))
    }
    assert.throws(() => parseMasterKeys(newMasterKeyLine().repeat(17), 'the file'), /more than 16/)
    const { current, earlier } = parseMasterKeys(`${newMasterKeyLine()}\n  ${newMasterKeyLine()}`, 'the file')
    assert.equal(earlier.length, 1)
    assert.ok(!earlier[0]?.id.equals(current.id))
  })
})
