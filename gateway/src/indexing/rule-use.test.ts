import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { stateDatabases } from '../../test/support/state-databases.ts'
import { openLedger } from '../ledger/open-ledger.ts'
import { openIndexStore } from '../storage/open-index-store.ts'
import { Indexer } from './indexer.ts'
import { LedgerScript } from './ledger-script.test-support.ts'

for (const [name, start] of Object.entries(stateDatabases)) {
  describe(`use of rules by agents, in the index on ${name}`, () => {
    it('is counted over slices, sessions and restarts, for agents and who acts now, and for nobody else', async () => {
      const database = await start()
      const directory = mkdtempSync(join(tmpdir(), 'sallyport-rule-use-'))
      const { log } = await openLedger({ directory, origin: 'test.example/rules', durability: 'batched', onFault: () => undefined })
      const script = new LedgerScript(log, Date.now() - 60_000)
      const location = await database.fresh()
      let store = await openIndexStore(location, 'log')
      let indexer = await Indexer.open(store, directory)
      const uses = async () => {
        await script.written()
        while (await indexer.step(log.size));
        return (await store.ruleUse()).map(({ agent, issuer, rule, count }) => [agent, issuer, rule, count].join(' ')).toSorted()
      }
      try {
        const bot = script.session()
        for (let n = 0; n < 3; n += 1) bot.ran(`select ${n}`)
        bot.refused('drop table t', { rule: 'drops' })
        script.session({ kind: 'person', name: 'dana' }).ran('select 1')
        script.session({ kind: 'person', name: 'dana', actors: ['support-bot', 'prior'] }).ran('select 1', { rule: 'odd\0 rule' })
        script.session({ name: 'support-bot', issuer: 'ci' }).ran('select 1')
        const first = ['support-bot  odd rule 1', 'support-bot ci reads 1', 'support-bot corp drops 1', 'support-bot corp reads 3']
        const withoutNul = async () => (await uses()).map((use) => use.replaceAll('\0', ''))
        assert.deepEqual(await withoutNul(), first)
        bot.ran('select 9')
        await indexer.close()
        await store.close()
        store = await openIndexStore(location, 'log')
        indexer = await Indexer.open(store, directory)
        assert.deepEqual(await withoutNul(), [...first.slice(0, 3), 'support-bot corp reads 4'])
        await store.reset()
        assert.deepEqual(await store.ruleUse(), [])
      } finally {
        await indexer.close()
        await store.close()
        await log.close()
        await database.stop()
        rmSync(directory, { recursive: true })
      }
    })
  })
}
