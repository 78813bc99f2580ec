import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { type MasterKeys, newMasterKeyLine, parseMasterKeys } from './master-key.ts'
import { Secret, SecretError } from './secret.ts'
import { openVault } from './vault.ts'
import type { VaultStore } from './vault-store.ts'

/** A store in memory: the port is a few lines, and the real one has its own tests. */
class Records implements VaultStore {
  readonly records = new Map<string, string>()
  get = async (name: string) => this.records.get(name)
  put = async (name: string, sealed: string) => void this.records.set(name, sealed)
  add = async (name: string, sealed: string) => !this.records.has(name) && this.records.set(name, sealed).has(name)
  replace = async (name: string, before: string, sealed: string) => void (this.records.get(name) === before && this.records.set(name, sealed))
  list = async () => [...this.records.keys()].sort()
  changes = async () => new Map([...this.records.keys()].map((name) => [name, 1] as const))
  delete = async (name: string) => void this.records.delete(name)
}

function keys(...lines: readonly string[]): MasterKeys {
  return parseMasterKeys(lines.join(''), 'the test')
}

function setup(masterKey = keys(newMasterKeyLine())) {
  const store = new Records()
  return { store, vault: openVault({ masterKey, store }) }
}

function named(name: string, secret: string): (error: unknown) => boolean {
  return (error) => error instanceof SecretError && error.message.includes(name) && !error.message.includes(secret)
}

const wellFormed = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }).filter((text) => text.isWellFormed())

describe('the vault', () => {
  test('reveals what was sealed, whatever the text', async () => {
    const { vault } = setup()
    await fc.assert(fc.asyncProperty(wellFormed, async (secret) => {
      await vault.seal('shop', secret)
      assert.equal((await vault.reveal('shop')).expose(), secret)
    }), { numRuns: 200 })
  })

  test('seals the same secret differently each time, and nothing of it stands in the record', async () => {
    const { vault, store } = setup()
    const secret = 'correct horse battery staple'
    const seen = new Set<string>()
    for (let round = 0; round < 20; round++) {
      await vault.seal('shop', secret)
      const record = store.records.get('shop') ?? ''
      assert.ok(!Buffer.from(record, 'base64').includes(secret))
      seen.add(record)
    }
    assert.equal(seen.size, 20)
  })

  test('opens no record in which any bit, byte or length was changed', async () => {
    const { vault, store } = setup()
    await vault.seal('shop', 'correct horse battery staple')
    const sealed = Buffer.from(store.records.get('shop') ?? '', 'base64')
    const change = fc.oneof(
      fc.tuple(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, bits]) => {
        const changed = Buffer.from(sealed)
        changed[at] = (changed[at] ?? 0) ^ bits
        return changed.toString('base64')
      }),
      fc.nat(sealed.length - 1).map((length) => sealed.subarray(0, length).toString('base64')),
      fc.uint8Array({ minLength: 1, maxLength: 40 }).map((more) => Buffer.concat([sealed, more]).toString('base64')),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('base64')),
      fc.string({ maxLength: 200 }),
      // The same bytes in another spelling: records are compared and copied as text.
      fc.constantFrom(`${sealed.toString('base64')}=`, ` ${sealed.toString('base64')}`, `${sealed.toString('base64url')}-`),
    )
    await fc.assert(fc.asyncProperty(change, async (record) => {
      store.records.set('shop', record)
      await assert.rejects(vault.reveal('shop'), named('"shop"', 'horse'))
    }), { numRuns: 2000 })
  })

  test('opens no record under another name, nor the older half of one with the newer half', async () => {
    const { vault, store } = setup()
    await vault.seal('prod', 'one')
    await vault.seal('test', 'two')
    store.records.set('test', store.records.get('prod') ?? '')
    await assert.rejects(vault.reveal('test'), named('"test"', 'one'))

    const first = Buffer.from(store.records.get('prod') ?? '', 'base64')
    await vault.seal('prod', 'six')
    const second = Buffer.from(store.records.get('prod') ?? '', 'base64')
    for (const cut of [1, 9, 13, 73]) {
      for (const [head, tail] of [[first, second], [second, first]] as const) {
        const spliced = Buffer.concat([head.subarray(0, cut), tail.subarray(cut)])
        if (spliced.equals(first) || spliced.equals(second)) continue
        store.records.set('prod', spliced.toString('base64'))
        await assert.rejects(vault.reveal('prod'), named('"prod"', 'six'), `cut at ${cut}`)
      }
    }
  })

  test('says which secret needs a master key that is not at hand', async () => {
    const { vault, store } = setup()
    await vault.seal('shop', 'kept')
    const other = openVault({ masterKey: keys(newMasterKeyLine()), store })
    await assert.rejects(other.reveal('shop'), /"shop" was sealed under a master key that is not at hand/)
  })

  test('keeps what is there where a secret is only to be made once', async () => {
    const { vault } = setup()
    await Promise.all([vault.sealNew('own', 'first'), vault.sealNew('own', 'second')])
    assert.equal((await vault.reveal('own')).expose(), 'first')
    await assert.rejects(vault.sealNew('other', ''), SecretError)
  })

  test('rotates to a new master key, also when cut off in the midst, and then needs the old one no more', async () => {
    const [old, next] = [newMasterKeyLine(), newMasterKeyLine()]
    const { vault, store } = setup(keys(old))
    for (const name of ['a', 'b', 'c']) await vault.seal(name, `secret of ${name}`)

    const both = keys(next, old)
    const failing = openVault({ masterKey: both, store: {
      get: store.get, put: store.put, add: store.add, list: store.list, changes: store.changes, delete: store.delete,
      replace: async (name, before, sealed) => {
        if (name === 'c') throw new Error('cut off')
        await store.replace(name, before, sealed)
      },
    } })
    await assert.rejects(failing.reseal(), /cut off/)
    for (const name of ['a', 'b', 'c']) {
      assert.equal((await openVault({ masterKey: both, store }).reveal(name)).expose(), `secret of ${name}`)
    }

    const done = store.records.get('a')
    assert.deepEqual(await openVault({ masterKey: both, store }).reseal(), [])
    assert.equal(store.records.get('a'), done, 'passed over')
    const after = openVault({ masterKey: keys(next), store })
    for (const name of ['a', 'b', 'c']) assert.equal((await after.reveal(name)).expose(), `secret of ${name}`)
    await assert.rejects(vault.reveal('a'), SecretError)
  })

  test('rotation names a record that does not open, and does not touch it', async () => {
    const [old, next] = [newMasterKeyLine(), newMasterKeyLine()]
    const { vault, store } = setup(keys(old))
    await vault.seal('shop', 'kept')
    const record = Buffer.from(store.records.get('shop') ?? '', 'base64')
    record[20] = (record[20] ?? 0) ^ 1
    store.records.set('shop', record.toString('base64'))
    await vault.seal('beside', 'kept too')
    assert.deepEqual(await openVault({ masterKey: keys(next, old), store }).reseal(), ['shop'])
    assert.equal(store.records.get('shop'), record.toString('base64'))
    assert.equal((await openVault({ masterKey: keys(next), store }).reveal('beside')).expose(), 'kept too')
  })

  test('rotation leaves what another process sealed meanwhile', async () => {
    const [old, next] = [newMasterKeyLine(), newMasterKeyLine()]
    const { vault, store } = setup(keys(old))
    await vault.seal('shop', 'before')
    const rotating = openVault({ masterKey: keys(next, old), store: {
      get: store.get, put: store.put, add: store.add, list: store.list, changes: store.changes, delete: store.delete,
      replace: async (name, before, sealed) => {
        await vault.seal('shop', 'after')
        await store.replace(name, before, sealed)
      },
    } })
    assert.deepEqual(await rotating.reseal(), [])
    assert.equal((await vault.reveal('shop')).expose(), 'after')
  })

  test('replaces, lists and deletes; replacing mends a damaged record', async () => {
    const { vault, store } = setup()
    await vault.seal('shop', 'one')
    store.records.set('shop', 'nonsense')
    await vault.seal('shop', 'two')
    assert.equal((await vault.reveal('shop')).expose(), 'two')
    assert.deepEqual(await vault.list(), ['shop'])
    await vault.delete('shop')
    await assert.rejects(vault.reveal('shop'), /no secret "shop"/)
  })

  test('tells of each secret how often it was sealed, and whether its master key is at hand, but no value', async () => {
    const [first, second, third] = [newMasterKeyLine(), newMasterKeyLine(), newMasterKeyLine()] as const
    const { vault, store } = setup(keys(first))
    await vault.seal('lost', 'hunter2')
    await openVault({ masterKey: keys(second), store }).seal('old', 'hunter2')
    const now = openVault({ masterKey: keys(third, second), store })
    await now.seal('shop', 'hunter1')
    await now.seal('shop', 'hunter2')
    await now.seal('moved', 'hunter2')
    store.records.set('broken', store.records.get('moved') ?? '')
    store.records.set('none', 'nonsense')
    const told = await now.inspect()
    assert.deepEqual(told.map(({ name, version, masterKey }) => [name, version, masterKey]), [
      ['broken', 1, 'damaged'], ['lost', 1, 'missing'], ['moved', 1, 'current'], ['none', undefined, 'damaged'], ['old', 1, 'earlier'], ['shop', 2, 'current'],
    ])
    assert.ok(!JSON.stringify(told).includes('hunter'))
  })

  test('carries out changes in the order of the calls, however long the store takes for each', async () => {
    const store = new Records()
    let delayMs = 30
    const slow = openVault({ masterKey: keys(newMasterKeyLine()), store: {
      get: store.get, add: store.add, replace: store.replace, list: store.list, changes: store.changes, delete: store.delete,
      put: async (name, sealed) => {
        await new Promise((resolve) => setTimeout(resolve, (delayMs -= 5)))
        await store.put(name, sealed)
      },
    } })
    await Promise.all(['1', '2', '3', '4'].map((secret) => slow.seal('shop', secret)))
    assert.equal((await slow.reveal('shop')).expose(), '4')
  })

  test('refuses names that are none without repeating them, and secrets that are empty or huge', async () => {
    const { vault } = setup()
    for (const name of ['', ' ', 'hunter2 hunter2', '../x\0', 'x'.repeat(129)]) {
      await assert.rejects(vault.seal(name, 's'), (error) => error instanceof SecretError && !error.message.includes('hunter2'))
      await assert.rejects(vault.reveal(name), SecretError)
    }
    await assert.rejects(vault.seal('shop', ''), /empty/)
    await assert.rejects(vault.seal('shop', 'x'.repeat(64 * 1024 + 1)), /larger/)
    await vault.seal('shop', 'x'.repeat(64 * 1024))
    assert.equal((await vault.reveal('shop')).expose().length, 64 * 1024)
  })
})

test('neither a secret nor a master key shows in any printed or serialised form of what holds it', () => {
  const line = randomBytes(32).toString('base64')
  const holder = { password: new Secret('hunter2'), keys: keys(line), list: [new Secret('hunter2')] }
  const shown = [
    JSON.stringify(holder), inspect(holder, { depth: 9, showHidden: true }), holder.password.toString(),
    inspect(holder.keys.current), JSON.stringify(Object.entries(holder.password)),
    JSON.stringify(Object.assign({}, holder.password)), JSON.stringify(Object.assign({}, holder.keys.current)),
  ].join('\n')
  assert.ok(!shown.includes('hunter2'))
  assert.ok(!shown.includes(line))
  assert.ok(!shown.includes(Buffer.from(line, 'base64').toString('hex').slice(0, 8)))
  assert.match(JSON.stringify(holder), /"password":"\[secret\]"/)
})
