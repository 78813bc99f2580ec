import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openPolicyHolder } from './policy-holder.ts'
import { PolicyProblems } from './policy-problems.ts'
import type { PolicyVersions } from './policy-versions.ts'
import { document, facts, subject } from './policy-samples.test-support.ts'

class Versions implements PolicyVersions {
  readonly texts: string[] = []
  failing = false
  newestNumber = () => Promise.resolve(this.texts.length)
  newest = () => Promise.resolve(this.texts.length === 0 ? undefined : { version: this.texts.length, text: this.texts.at(-1) ?? '' })
  /** Later calls answer sooner: the holder must not depend on it. */
  append = async (text: string): Promise<number> => {
    if (this.failing) throw new Error('the disk is full')
    if (this.texts.at(-1) !== text) this.texts.push(text)
    const version = this.texts.length
    await new Promise((resolve) => setTimeout(resolve, Math.max(1, 25 - 5 * version)))
    return version
  }
}

/** The condition of the only rule stands for the whole document. */
async function open(first = 'true') {
  const versions = new Versions()
  const errors: unknown[] = []
  const holder = await openPolicyHolder({
    versions,
    read: (text) => {
      if (text === 'unreadable') throw new Error('not a document')
      return { document: document({ rules: [{ name: 'only', when: text, then: 'allow' }] }), text: `kept: ${text}` }
    },
    onListenerError: (error) => void errors.push(error),
  }, { text: first, appliedBy: 'test' })
  return { versions, holder, errors }
}

describe('the policy in force', () => {
  test('is the first document, then each that is applied, with the number that storage gave', async () => {
    const { holder, versions } = await open()
    assert.equal(holder.current.version, 1)
    const applied = await holder.apply('operation.readOnly', 'dana')
    assert.equal(applied.version, 2)
    assert.equal(holder.current, applied)
    assert.deepEqual(versions.texts, ['kept: true', 'kept: operation.readOnly'])
    const decision = holder.current.forSession(subject()).decide(facts({ readOnly: true }))
    assert.deepEqual(decision, { effect: 'allow', rule: 'only', policyVersion: 2 })
  })

  test('stays when a document is unreadable, does not compile, or cannot be kept; and no version is left behind', async () => {
    const { holder, versions } = await open()
    const before = holder.current
    const heard: number[] = []
    holder.onChange(({ version }) => void heard.push(version))
    await assert.rejects(holder.apply('unreadable', 'dana'), /not a document/)
    await assert.rejects(holder.apply('operation.readonly', 'dana'), PolicyProblems)
    assert.equal(versions.texts.length, 1)
    versions.failing = true
    await assert.rejects(holder.apply('false', 'dana'), /disk is full/)
    assert.equal(holder.current, before)
    assert.deepEqual(heard, [])
    versions.failing = false
    assert.equal((await holder.apply('false', 'dana')).version, 2)
  })

  test('is the one applied last, however many are applied at once', async () => {
    const { holder } = await open()
    const heard: number[] = []
    holder.onChange(({ version }) => void heard.push(version))
    await Promise.all(['1 == 1', '2 == 2', '3 == 3', '4 == 4'].map((text) => holder.apply(text, 'dana')))
    assert.deepEqual(heard, [2, 3, 4, 5])
    assert.equal(holder.current.document.rules[0]?.when, '4 == 4')
  })

  test('is told to every listener until it stops, also when another throws', async () => {
    const { holder, errors } = await open()
    const heard: string[] = []
    holder.onChange(() => {
      throw new Error('a listener failed')
    })
    const stop = holder.onChange(({ version }) => {
      // Seen from a listener the change has happened.
      assert.equal(holder.current.version, version)
      heard.push(`first ${version}`)
    })
    holder.onChange(({ version }) => void heard.push(`second ${version}`))
    await holder.apply('1 == 1', 'dana')
    stop()
    await holder.apply('2 == 2', 'dana')
    assert.deepEqual(heard, ['first 2', 'second 2', 'second 3'])
    assert.equal(errors.length, 2)
  })

  test('is a version that is kept already, where that is to be first: no further one is made of it', async () => {
    const versions = new Versions()
    versions.texts.push('false', 'true')
    const read = (text: string) => ({ document: document({ rules: [{ name: 'only', when: text, then: 'allow' }] }), text })
    const holder = await openPolicyHolder({ versions, read, onListenerError: (error) => { throw error } }, { text: 'true', version: 2 })
    assert.deepEqual([holder.current.version, holder.current.document.rules[0]?.when, versions.texts.length], [2, 'true', 2])
  })

  test('is never a document that was wrong from the beginning', async () => {
    await assert.rejects(open('operation.readonly'), PolicyProblems)
  })

  test('is the newest version, also where another gateway applied it; one that cannot be read changes nothing', async () => {
    const { holder, versions } = await open()
    await holder.follow()
    assert.equal(holder.current.version, 1)
    versions.texts.push('operation.readOnly')
    let told = 0
    holder.onChange(() => (told += 1))
    await holder.follow()
    assert.deepEqual([holder.current.version, told], [2, 1])
    assert.equal(holder.current.forSession(subject()).decide(facts({ readOnly: false })).effect, 'deny')
    versions.texts.push('unreadable')
    await assert.rejects(holder.follow(), /not a document/)
    assert.equal(holder.current.version, 2)
  })
})
