import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, lchownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../failure.ts'
import type { KeptLogin, Secrets } from './kept-login.ts'
import type { Keyring } from './keyring.ts'
import { loginDirectory, LoginStore } from './login-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-logins-'))
after(() => rmSync(folder, { recursive: true }))

const GATEWAY = 'https://gateway.example.com'
const isRoot = process.getuid?.() === 0
const SECRET = 'refresh-token-that-nobody-may-see'
const secrets: Secrets = { token: 'a.b.c', expiresAtMs: 1_000, refreshToken: SECRET }

function loginAt(gateway: string, loggedInAt = '2026-11-22T10:00:00.000Z'): KeptLogin {
  return {
    version: 1, gateway, subject: 'dana', loggedInAt,
    issuer: { name: 'corp', issuer: 'https://login.example.com', audience: 'sallyport', clientId: 'cli', scopes: ['openid'], verificationHosts: [] },
  }
}
const none = () => Promise.reject(new Error('no\u001b[2J keyring'))
/** A keyring in memory, as small or as broken as a test wants it. */
function keyringOf(behaviour: Partial<Keyring> & { room?: number } = {}): { held: Map<string, string>; open: () => Promise<Keyring> } {
  const held = new Map<string, string>()
  const keyring: Keyring = {
    get: (account) => Promise.resolve(held.get(account)),
    set: (account, secret) => secret.length > (behaviour.room ?? 1e6) ? Promise.reject(new Error('too long')) : Promise.resolve(void held.set(account, secret)),
    remove: (account) => Promise.resolve(void held.delete(account)),
    ...behaviour,
  }
  return { held, open: () => Promise.resolve(keyring) }
}
let made = 0
async function keptInFile(): Promise<{ store: LoginStore; path: string; directory: string }> {
  made += 1
  const directory = join(folder, `case-${made}`, 'logins')
  const store = new LoginStore(directory, none)
  await store.write(loginAt(GATEWAY), secrets, 'file')
  return { store, path: store.fileOf(GATEWAY), directory }
}
async function refuses(store: LoginStore, words: RegExp): Promise<void> {
  await assert.rejects(store.read(GATEWAY), (error: unknown) => {
    assert.ok(error instanceof Failure)
    assert.match(error.message, words)
    assert.ok(!(error.message + error.hint).includes(SECRET))
    return true
  })
}

suite('a login in a file', () => {
  test('comes back as it was written, in a file and a folder of its owner alone', async () => {
    const { store, path, directory } = await keptInFile()
    assert.deepEqual(await store.read(GATEWAY), { login: loginAt(GATEWAY), secrets, place: 'file' })
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    assert.equal(await store.read('https://another.example.com'), undefined)
  })

  test('is 0600 whatever the umask is', () => {
    const directory = join(folder, 'umask')
    const code = `process.umask(0); const { LoginStore } = await import(${JSON.stringify(new URL('./login-store.ts', import.meta.url).href)})
      await new LoginStore(${JSON.stringify(directory)}).write(${JSON.stringify(loginAt(GATEWAY))}, ${JSON.stringify(secrets)}, 'file')`
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.deepEqual([statSync(directory).mode & 0o777, ...readdirSync(directory).map((name) => statSync(join(directory, name)).mode & 0o777)], [0o700, 0o600])
  })

  for (const mode of [0o640, 0o604, 0o660, 0o602, 0o644, 0o610]) {
    test(`is refused with mode ${mode.toString(8)}, but can be ended`, async () => {
      const { store, path } = await keptInFile()
      chmodSync(path, mode)
      await refuses(store, /is open to others/)
      assert.equal((await store.read(GATEWAY, true))?.secrets.refreshToken, SECRET)
      assert.equal((await store.list()).broken.length, 1)
      await store.remove(GATEWAY)
      assert.equal(existsSync(path), false)
    })
  }
  test('is refused in a folder that others can change', async () => {
    const { store, directory } = await keptInFile()
    chmodSync(directory, 0o770)
    await refuses(store, /can be changed by others/)
    await assert.rejects(store.write(loginAt(GATEWAY), secrets, 'file'), /can be changed by others/)
    chmodSync(directory, 0o700)
  })
  test('is refused when it belongs to somebody else', { skip: isRoot ? false : 'only root can give files away' }, async () => {
    const { store, path, directory } = await keptInFile()
    chownSync(path, 12_345, 12_345)
    await refuses(store, /belongs to somebody else/)
    await assert.rejects(store.read(GATEWAY, true), /belongs to somebody else/)
    chownSync(path, 0, 0)
    chownSync(directory, 12_345, 12_345)
    await refuses(store, /belongs to somebody else/)
    chownSync(directory, 0, 0)
    assert.ok(await store.read(GATEWAY))
  })
  test('is refused behind a link, dangling or not, of its owner or not', async () => {
    const { store, path } = await keptInFile()
    renameSync(path, `${path}.real`)
    symlinkSync(`${path}.real`, path)
    await refuses(store, /is a link/)
    if (isRoot) lchownSync(path, 12_345, 12_345)
    await refuses(store, /is a link/)
    rmSync(`${path}.real`)
    await refuses(store, /is a link/)
  })
  test('is replaced, not followed, when a link stands in its place', async () => {
    const { store, path } = await keptInFile()
    const victim = join(folder, 'victim')
    writeFileSync(victim, 'untouched')
    rmSync(path)
    symlinkSync(victim, path)
    await store.write(loginAt(GATEWAY), secrets, 'file')
    assert.equal(readFileSync(victim, 'utf8'), 'untouched')
    assert.deepEqual((await store.read(GATEWAY))?.secrets, secrets)
  })
  test('is refused as a folder or a pipe, without waiting', async () => {
    const { store, path } = await keptInFile()
    rmSync(path)
    mkdirSync(path, { mode: 0o700 })
    await refuses(store, /is no file/)
    rmSync(path, { recursive: true })
    if (spawnSync('mkfifo', ['-m', '600', path]).status === 0) await refuses(store, /is no file/)
  })
  test('is refused when it is too large', async () => {
    const { store, path } = await keptInFile()
    writeFileSync(path, 'a'.repeat(200_000))
    await refuses(store, /too large/)
  })
  test('is refused when it was copied from another gateway, or moved', async () => {
    const { store, path } = await keptInFile()
    const other = 'https://another.example.com'
    renameSync(path, store.fileOf(other))
    await assert.rejects(store.read(other), /cannot be read/)
  })
  test('is refused, never half believed, whatever is changed in it', async () => {
    const { store, path } = await keptInFile()
    const text = readFileSync(path, 'utf8')
    await fc.assert(fc.asyncProperty(fc.nat(text.length - 1), fc.string({ maxLength: 6 }), fc.nat(6), async (at, put, cut) => {
      writeFileSync(path, text.slice(0, at) + put + text.slice(at + cut))
      const found = await store.read(GATEWAY).catch((error: unknown) => {
        assert.ok(error instanceof Failure && !error.message.includes(SECRET))
      })
      assert.ok(found === undefined || found.login.gateway === GATEWAY)
    }), { numRuns: 300 })
    for (const wrong of ['', '{}', 'null', '[]', text.slice(0, -20), text.replace('"version":1', '"version":2'), text.replace('"subject"', '"extra":1,"subject"')]) {
      writeFileSync(path, wrong)
      await refuses(store, /cannot be read/)
    }
  })
  test('leaves no draft behind, and lists the latest first', async () => {
    const { store, directory } = await keptInFile()
    await store.write(loginAt('https://later.example.com', '2026-11-23T10:00:00.000Z'), secrets, 'file')
    assert.deepEqual((await store.list()).logins.map(({ gateway }) => gateway), ['https://later.example.com', GATEWAY])
    assert.deepEqual(readdirSync(directory).filter((name) => !name.endsWith('.json')), [])
  })
  test('is in the folder that XDG says, if that is an absolute path', () => {
    assert.equal(loginDirectory({ XDG_CONFIG_HOME: '/x' }), '/x/sallyport/logins')
    for (const XDG_CONFIG_HOME of ['', 'relative', './x']) assert.equal(loginDirectory({ XDG_CONFIG_HOME }), join(homedir(), '.config/sallyport/logins'))
  })
})

suite('a login in the keyring', () => {
  const directory = () => join(folder, `keyring-${(made += 1)}`)

  test('leaves no secret in the file', async () => {
    const { held, open } = keyringOf()
    const store = new LoginStore(directory(), open)
    assert.deepEqual(await store.write(loginAt(GATEWAY), secrets, 'keyring'), { place: 'keyring', file: store.fileOf(GATEWAY) })
    assert.doesNotMatch(readFileSync(store.fileOf(GATEWAY), 'utf8'), /refresh-token|a\.b\.c/)
    assert.deepEqual(await store.read(GATEWAY), { login: loginAt(GATEWAY), secrets, place: 'keyring' })
    await store.remove(GATEWAY)
    assert.deepEqual([held.size, await store.read(GATEWAY)], [0, undefined])
  })
  test('is the refresh token alone where there is no room for both', async () => {
    const { open } = keyringOf({ room: JSON.stringify({ expiresAtMs: 1_000, refreshToken: SECRET }).length })
    const store = new LoginStore(directory(), open)
    assert.equal((await store.write(loginAt(GATEWAY), secrets, 'keyring')).place, 'keyring')
    assert.deepEqual((await store.read(GATEWAY))?.secrets, { expiresAtMs: 1_000, refreshToken: SECRET })
  })
  for (const [what, open] of [
    ['is not there', none],
    ['takes nothing', keyringOf({ room: 0 }).open],
    ['forgets what it is given', keyringOf({ set: () => Promise.resolve() }).open],
    ['gives something else', keyringOf({ get: () => Promise.resolve('{}') }).open],
  ] as const) {
    test(`goes into the file, with a reason that steers no terminal, where the keyring ${what}`, async () => {
      const store = new LoginStore(directory(), open)
      const kept = await store.write(loginAt(GATEWAY), secrets, 'keyring')
      assert.equal(kept.place, 'file')
      assert.ok(kept.noKeyring !== undefined && !kept.noKeyring.includes('\u001b') && !kept.noKeyring.includes(SECRET))
      assert.deepEqual((await store.read(GATEWAY))?.secrets, secrets)
    })
  }
  test('that is locked or was emptied later is said, and can be removed', async () => {
    const { held, open } = keyringOf()
    const path = directory()
    await new LoginStore(path, open).write(loginAt(GATEWAY), secrets, 'keyring')
    await refuses(new LoginStore(path, none), /does not give it/)
    held.set(GATEWAY, 'nonsense')
    await refuses(new LoginStore(path, open), /the keyring cannot be read/)
    held.clear()
    await refuses(new LoginStore(path, open), /the keyring cannot be read/)
    const store = new LoginStore(path, none)
    await store.remove(GATEWAY)
    assert.equal(await store.read(GATEWAY), undefined)
  })
})

/** A real Secret Service in a session bus of its own, where Debian's packages for it are installed. */
const hasSecretService = ['dbus-run-session', 'gnome-keyring-daemon'].every((program) => spawnSync(program, ['--version']).status === 0)
test('a real keyring keeps a login', { skip: hasSecretService ? false : 'gnome-keyring or dbus-run-session is not installed' }, () => {
  const directory = join(folder, 'real')
  const code = `const { LoginStore } = await import(${JSON.stringify(new URL('./login-store.ts', import.meta.url).href)})
    const store = new LoginStore(${JSON.stringify(directory)})
    const kept = await store.write(${JSON.stringify(loginAt(GATEWAY))}, ${JSON.stringify(secrets)}, 'keyring')
    const { secrets } = await new LoginStore(${JSON.stringify(directory)}).read(${JSON.stringify(GATEWAY)})
    await store.remove(${JSON.stringify(GATEWAY)})
    console.log(JSON.stringify([kept.place, kept.noKeyring, secrets, await store.read(${JSON.stringify(GATEWAY)}) ?? null]))`
  const home = join(folder, 'home')
  mkdirSync(home, { mode: 0o700 })
  const script = `echo -n password | gnome-keyring-daemon --unlock --components=secrets >/dev/null && "$0" --input-type=module -e "$1"`
  const { status, stdout, stderr } = spawnSync('dbus-run-session', ['--', 'sh', '-c', script, process.execPath, code], {
    encoding: 'utf8', timeout: 60_000, env: { PATH: process.env['PATH'], HOME: home, XDG_RUNTIME_DIR: home, XDG_DATA_HOME: home },
  })
  assert.equal(status, 0, stderr)
  assert.deepEqual(JSON.parse(stdout), ['keyring', null, secrets, null])
})
