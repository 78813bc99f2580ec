import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { freePort } from '../../test/support/free-port.ts'
import { type StateDatabase, stateDatabases } from '../../test/support/state-databases.ts'
import type { SessionTokenRecord } from '../governance/session-tokens.ts'
import type { Session } from '../governance/session.ts'
import type { VaultStore } from '../vault/vault-store.ts'
import { openStorage, type Storage, type StorageLocation } from './open-storage.ts'

for (const [name, start] of Object.entries(stateDatabases)) {
  describe(`storage on ${name}`, () => {
    let database: StateDatabase
    const open: Storage[] = []
    const opened = async (location: StorageLocation, gateway?: string) => {
      const storage = await openStorage(location, gateway === undefined ? {} : { gateway })
      open.push(storage)
      return storage
    }
    before(async () => {
      database = await start()
    })
    after(async () => {
      await Promise.all(open.map((storage) => storage.close()))
      await database.stop()
    })

    it('keeps what it holds when it is opened again', async () => {
      const location = await database.fresh()
      const first = await openStorage(location)
      await first.settings.put('greeting', 'hello')
      await first.settings.put('greeting', 'grüß Gott')
      await first.close()
      const second = await opened(location)
      assert.equal(await second.settings.get('greeting'), 'grüß Gott')
      assert.equal(await second.settings.get('toString'), undefined)
    })

    it('migrates once when several processes start at the same moment', async () => {
      const location = await database.fresh()
      const outcomes = await Promise.all([1, 2, 3].map(() => openElsewhere(location)))
      assert.deepEqual(outcomes, [0, 0, 0])
      assert.deepEqual(await (await opened(location)).vault.list(), [])
    })

    it('numbers policy versions from 1 without gaps, and keeps an unchanged text once', async () => {
      const { policyVersions } = await opened(await database.fresh())
      assert.equal(await policyVersions.newest(), undefined)
      assert.equal(await policyVersions.append('one', 'file'), 1)
      assert.equal(await policyVersions.append('one', 'avery'), 1)
      assert.equal(await policyVersions.append('two', 'avery'), 2)
      assert.equal(await policyVersions.append('one', 'avery'), 3)
      const newest = await policyVersions.newest()
      assert.deepEqual([newest?.version, newest?.text, newest?.appliedBy], [3, 'one', 'avery'])
      assert.equal((await policyVersions.get(2))?.text, 'two')
      assert.ok(Math.abs(Date.now() - (newest?.appliedAtMs ?? 0)) < 60_000)
    })

    it('gives different numbers to policies applied at once by different gateways', async () => {
      const location = await database.fresh()
      const one = await opened(location, 'one')
      const two = await opened(location, 'two')
      const texts = Array.from({ length: 12 }, (_, index) => `text ${index}`)
      const numbers = await Promise.all(texts.map((text, index) => (index % 2 === 0 ? one : two).policyVersions.append(text, 'x')))
      assert.deepEqual([...new Set(numbers)].sort((a, b) => a - b), texts.map((_, index) => index + 1))
    })

    it('gives the vault back what it was given, and forgets what it is told to forget', async () => {
      const vault: VaultStore = (await opened(await database.fresh())).vault
      await vault.put('shop', 'sealed-1')
      await vault.put('Zeta', 'sealed-2')
      await vault.put('shop', 'sealed-3')
      assert.deepEqual(await vault.list(), ['Zeta', 'shop'])
      assert.equal(await vault.get('shop'), 'sealed-3')
      assert.deepEqual(await Promise.all([vault.add('shop', 'sealed-4'), vault.add('new', 'one'), vault.add('new', 'other')]).then((added) => added.filter(Boolean).length), 1)
      assert.equal(await vault.get('shop'), 'sealed-3')
      await vault.replace('shop', 'sealed-1', 'sealed-5')
      assert.equal(await vault.get('shop'), 'sealed-3')
      await vault.replace('shop', 'sealed-3', 'sealed-5')
      assert.equal(await vault.get('shop'), 'sealed-5')
      await vault.delete('new')
      await vault.delete('shop')
      await vault.delete('shop')
      assert.equal(await vault.get('shop'), undefined)
    })

    it('takes what looks like SQL as a value', async () => {
      const { vault } = await opened(await database.fresh())
      const name = `x'); drop table vault_secrets; --`
      await vault.put(name, '$1 ? :a')
      assert.equal(await vault.get(name), '$1 ? :a')
    })

    it('finds a session token by its hash alone, whole, until it is swept', async () => {
      const { sessionTokens } = await opened(await database.fresh())
      const record = tokenRecord('tok_1', 'idt_1', 5_000_000_000_000)
      await sessionTokens.add(record)
      assert.deepEqual(await sessionTokens.find(record.hash), { ...record, revoked: false })
      assert.equal(await sessionTokens.find(tokenRecord('tok_1', 'x', 1).hash), undefined)
      assert.deepEqual(await sessionTokens.findById('tok_1'), { ...record, revoked: false })
      assert.equal(await sessionTokens.findById(record.hash), undefined)
      await assert.rejects(sessionTokens.add(record))
      await sessionTokens.sweep(5_000_000_000_001)
      assert.equal(await sessionTokens.find(record.hash), undefined)
    })

    it('revokes one session token without its siblings', async () => {
      const { sessionTokens } = await opened(await database.fresh())
      const [one, two] = [tokenRecord('tok_1', 'idt_1', 9e12), tokenRecord('tok_2', 'idt_1', 9e12)]
      await sessionTokens.add(one)
      await sessionTokens.add(two)
      assert.deepEqual(await sessionTokens.revoke('tok_1', 9e12), ['tok_1'])
      assert.equal((await sessionTokens.find(one.hash))?.revoked, true)
      assert.equal((await sessionTokens.find(two.hash))?.revoked, false)
    })

    it('revokes with an identity token all that was exchanged for it, before and after', async () => {
      const { sessionTokens } = await opened(await database.fresh())
      const [before, other, later] = ['idt_1', 'idt_2', 'idt_1'].map((parent, index) => tokenRecord(`tok_${index}`, parent, 9e12))
      if (before === undefined || other === undefined || later === undefined) assert.fail()
      await sessionTokens.add(before)
      await sessionTokens.add(other)
      assert.deepEqual(await sessionTokens.revoke('idt_1', 9e12), ['idt_1', 'tok_0'])
      await sessionTokens.add(later)
      const states = await Promise.all([before, other, later].map(async ({ hash }) => (await sessionTokens.find(hash))?.revoked))
      assert.deepEqual(states, [true, false, true])
      assert.equal(await sessionTokens.isRevoked('idt_1'), true)
      assert.equal(await sessionTokens.isRevoked('idt_2'), false)
    })

    it('revokes with an actor token what was exchanged with it', async () => {
      const { sessionTokens } = await opened(await database.fresh())
      const delegated = { ...tokenRecord('tok_1', 'idt_person', 9e12), actorParentId: 'idt_agent' }
      await sessionTokens.add(delegated)
      assert.deepEqual(await sessionTokens.find(delegated.hash), { ...delegated, revoked: false })
      assert.deepEqual(await sessionTokens.revoke('idt_agent', 9e12), ['idt_agent', 'tok_1'])
      assert.equal((await sessionTokens.find(delegated.hash))?.revoked, true)
    })

    it('keeps a revocation until the token is useless anyway', async () => {
      const { sessionTokens } = await opened(await database.fresh())
      await sessionTokens.revoke('idt_1', 1_000)
      await sessionTokens.revoke('idt_1', 2_000)
      await sessionTokens.sweep(1_500)
      assert.equal(await sessionTokens.isRevoked('idt_1'), true)
      await sessionTokens.sweep(2_001)
      assert.equal(await sessionTokens.isRevoked('idt_1'), false)
    })

    it('writes a session at its beginning and its end', async () => {
      const { sessions } = await opened(await database.fresh())
      const conversation = session('s1', 1_000)
      await sessions.opened(conversation, 'psql\0')
      const beginning = await sessions.get('s1')
      assert.deepEqual(beginning, {
        id: 's1', state: 'open', identity: { name: 'support-bot', kind: 'agent', issuer: 'corp' }, actors: ['x', 'y'],
        target: 'shop', protocol: 'postgres', purpose: 'ticket 7', clientAddress: '127.0.0.1', application: 'psql',
        openedAtMs: 1_000, closedAtMs: null, reason: null, operations: 0, refused: 0, gateway: 'gateway',
      })
      conversation.operations = 12
      conversation.refused = 3
      sessions.closed(conversation, 'client left')
      sessions.closed(conversation, 'a second time')
      await sessions.flush()
      const end = await sessions.get('s1')
      assert.deepEqual({ ...end, closedAtMs: 0 }, {
        ...beginning, state: 'closed', closedAtMs: 0, reason: 'client left', operations: 12, refused: 3,
      })
      assert.equal(await sessions.get('s2'), undefined)
    })

    it('refuses two sessions of one id', async () => {
      const { sessions } = await opened(await database.fresh())
      await sessions.opened(session('s1', 1), '')
      await assert.rejects(sessions.opened(session('s1', 2), ''))
    })

    it('lists sessions newest first, page by page, each once, also those of the same moment', async () => {
      const { sessions } = await opened(await database.fresh())
      for (let number = 0; number < 9; number += 1) await sessions.opened(session(`s${number}`, 1_000 + Math.floor(number / 3)), '')
      const seen: string[] = []
      for (let after: string | undefined; ;) {
        const page = await sessions.list({ limit: 2, ...(after === undefined ? {} : { after }) })
        if (page.length === 0) break
        seen.push(...page.map((one) => one.id))
        after = page.at(-1)?.id
      }
      assert.deepEqual(seen, ['s8', 's7', 's6', 's5', 's4', 's3', 's2', 's1', 's0'])
      assert.deepEqual(await sessions.list({ limit: 5, after: 'unknown' }), [])
    })

    it('lists to an owner only what is of the same name, kind and issuer', async () => {
      const { sessions } = await opened(await database.fresh())
      await sessions.opened(session('mine', 1), '')
      await sessions.opened(session('person', 2, { kind: 'person' }), '')
      await sessions.opened(session('elsewhere', 3, { issuer: 'other' }), '')
      await sessions.opened(session('other', 4, { name: 'nightly-report' }), '')
      const own = await sessions.list({ limit: 9, owner: { name: 'support-bot', kind: 'agent', issuer: 'corp', actors: [] } })
      assert.deepEqual(own.map((one) => one.id), ['mine'])
    })

    it('marks what a crash left open as aborted at the next start, and no other gateway\'s sessions', async () => {
      const location = await database.fresh()
      const crashed = await opened(location, 'one')
      const other = await opened(location, 'two')
      await crashed.sessions.opened(session('left', 1), '')
      await crashed.sessions.opened(session('ended', 2), '')
      crashed.sessions.closed(session('ended', 2), 'client left')
      await crashed.sessions.flush()
      await other.sessions.opened(session('running', 3), '')
      const { sessions } = await opened(location, 'one')
      const states = await sessions.list({ limit: 9 })
      assert.deepEqual(states.map(({ id, state }) => [id, state]), [['running', 'open'], ['ended', 'closed'], ['left', 'aborted']])
      assert.match(states[2]?.reason ?? '', /without closing/)
    })

    it('writes 2,000 ends that come in one turn', async () => {
      const { sessions } = await opened(await database.fresh())
      const all = Array.from({ length: 2_000 }, (_, index) => session(`s${index}`, index))
      for (const one of all.slice(-50)) await sessions.opened(one, '')
      for (const one of all) sessions.closed(one, 'done')
      await sessions.flush()
      assert.equal((await sessions.list({ limit: 100 })).filter(({ state }) => state === 'closed').length, 50)
    })
  })
}

describe('storage that is not to be had', () => {
  it('says so, and holds no password in the words', async () => {
    const password = randomBytes(12).toString('hex')
    const location: StorageLocation = { kind: 'postgres', client: { host: '127.0.0.1', port: 1, user: 'sallyport', password } }
    await assert.rejects(openStorage(location), (error: Error) => !inspect(error).includes(password))
  })

  it('reports an end that cannot be written, and goes on', async () => {
    const errors: string[] = []
    const storage = await openStorage({ kind: 'sqlite', path: ':memory:' }, { onError: (_error, message) => errors.push(message) })
    await storage.close()
    storage.sessions.closed(session('s1', 1), 'late')
    await storage.sessions.flush()
    assert.deepEqual(errors, ['the end of session s1 could not be written'])
  })
})

describe('storage that cannot be opened', () => {
  it('says why: nobody is there, or a newer version wrote it', async () => {
    const client = { host: '127.0.0.1', port: await freePort(), user: 'sallyport', database: 'sallyport' }
    await assert.rejects(openStorage({ kind: 'postgres', client }), /the state database cannot be opened: .*ECONNREFUSED/)
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-storage-'))
    try {
      const path = join(folder, 'state.db')
      await (await openStorage({ kind: 'sqlite', path })).close()
      const db = new DatabaseSync(path)
      db.exec("insert into kysely_migration values ('9999-newer', '2026-01-01T00:00:00.000Z')")
      db.close()
      await assert.rejects(openStorage({ kind: 'sqlite', path }), /written by a newer version of Sallyport/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

/** Opens and closes the storage in a process of its own. @returns its exit status */
async function openElsewhere(location: StorageLocation): Promise<number> {
  const program = `
    const { openStorage } = await import(${JSON.stringify(new URL('open-storage.ts', import.meta.url).href)})
    await (await openStorage(JSON.parse(process.env.LOCATION))).close()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, LOCATION: JSON.stringify(location) }, stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [status] = await once(child, 'exit')
  return Number(status)
}

function tokenRecord(tokenId: string, parentId: string, expiresAtMs: number): SessionTokenRecord {
  return {
    tokenId, hash: randomBytes(32).toString('hex'), parentId, targets: ['shop', 'crm'], purpose: 'ticket 7 — Grüße',
    subject: { issuer: 'corp', claims: { sub: 'a', groups: ['x'], act: { sub: 'b' } } },
    actor: { issuer: 'corp', claims: { sub: 'b' } }, issuedAtMs: 1_000, expiresAtMs,
  }
}

function session(id: string, openedAtMs: number, identity: { name?: string; kind?: 'agent' | 'person'; issuer?: string } = {}): Session {
  return {
    id, openedAtMs, protocol: 'postgres', clientAddress: '127.0.0.1', application: '', operations: 0, refused: 0, grants: [], ended: undefined,
    target: { name: 'shop', protocol: 'postgres', labels: {} },
    admission: {
      identity: { kind: 'agent', name: 'support-bot', issuer: 'corp', subject: 's', groups: [], claims: {}, actors: ['x', 'y'], ...identity },
      purpose: 'ticket 7', tokenId: 'tok_1', expiresAtMs: 9e12,
    },
    policy: { version: 1, readOnly: true, masks: [], decide: () => ({ effect: 'deny', rule: 'none', policyVersion: 1 }) },
  }
}
