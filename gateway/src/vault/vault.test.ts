import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { openStorage } from '../storage/open-storage.ts'
import { loadMasterKey } from './master-key.ts'
import { resolveSecret } from './resolve-secret.ts'
import { Secret } from './secret.ts'
import { openVault, VaultError } from './vault.ts'

async function memoryVault(masterKey = new Secret(randomBytes(32))) {
  const storage = await openStorage({ kind: 'sqlite', path: ':memory:' })
  return { vault: openVault({ masterKey, store: storage.vault }), store: storage.vault, storage, masterKey }
}

test('what is sealed comes back, and stands nowhere in the database in the clear', async () => {
  const { vault, store, storage } = await memoryVault()
  await fc.assert(
    fc.asyncProperty(fc.string({ minLength: 8, maxLength: 200 }), async (secret) => {
      await vault.seal('shop', secret)
      assert.equal((await vault.reveal('shop')).text, Buffer.from(secret).toString())
      assert.ok(!(await store.get('shop'))?.includes(secret))
    }),
    { numRuns: 50 },
  )
  await storage.close()
})

test('a record changed in any character does not open, and the error names the secret only', async () => {
  const { vault, store, storage } = await memoryVault()
  await vault.seal('shop', 'correct horse battery')
  const sealed = (await store.get('shop')) ?? ''
  await fc.assert(
    fc.asyncProperty(fc.nat(sealed.length - 1), fc.constantFrom(...'AZaz09-_.!'), async (at, character) => {
      fc.pre(sealed[at] !== character)
      await store.put('shop', sealed.slice(0, at) + character + sealed.slice(at + 1))
      await assert.rejects(vault.reveal('shop'), (error: Error) => error instanceof VaultError && error.message.includes('shop') && !error.message.includes('horse'))
    }),
    { numRuns: 200 },
  )
  await storage.close()
})

test('a record moved to another name does not open', async () => {
  const { vault, store, storage } = await memoryVault()
  await vault.seal('prod', 'one')
  await store.put('test', (await store.get('prod')) ?? '')
  await assert.rejects(vault.reveal('test'), VaultError)
  await storage.close()
})

test('another master key opens nothing; after rotation only the new one does', async () => {
  const { vault, storage, masterKey } = await memoryVault()
  await vault.seal('shop', 'kept')
  const next = new Secret(randomBytes(32))
  await assert.rejects(openVault({ masterKey: next, store: storage.vault }).reveal('shop'), VaultError)
  await vault.rotate(next)
  assert.equal((await openVault({ masterKey: next, store: storage.vault }).reveal('shop')).text, 'kept')
  await assert.rejects(openVault({ masterKey, store: storage.vault }).reveal('shop'), VaultError)
  await storage.close()
})

test('a secret shows in no printed or serialised form of what holds it', () => {
  const holder = { password: new Secret('hunter2hunter2') }
  for (const shown of [JSON.stringify(holder), inspect(holder), `${holder.password}`, String(Object.values(holder.password))]) assert.ok(!shown.includes('hunter2'))
})

test('the master key is made once, for its owner only, and a key others can read is refused', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-vault-'))
  const made = await loadMasterKey(undefined, dataDir)
  assert.deepEqual((await loadMasterKey(undefined, dataDir)).bytes, made.bytes)
  const path = join(dataDir, 'master.key')
  assert.equal(statSync(path).mode & 0o777, 0o600)
  chmodSync(path, 0o644)
  await assert.rejects(loadMasterKey(undefined, dataDir), /0600/)
  rmSync(dataDir, { recursive: true })
})

test('a reference that cannot be followed says which one, and a value that is no reference is not repeated', async () => {
  await assert.rejects(resolveSecret('env:SALLYPORT_NO_SUCH_VARIABLE', undefined), /SALLYPORT_NO_SUCH_VARIABLE/)
  await assert.rejects(resolveSecret('file:/nonexistent/secret', undefined), /nonexistent/)
  await assert.rejects(resolveSecret('vault:shop', undefined), /vault/)
  await assert.rejects(resolveSecret('plainpassword', undefined), (error: Error) => !error.message.includes('plainpassword'))
})
