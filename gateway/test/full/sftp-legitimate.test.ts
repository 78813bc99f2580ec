import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { pictureOf } from '../support/picture-of.ts'
import type { ClientResult } from '../support/run-client.ts'
import { SFTP_MISSING, type SftpSetup, startSftp } from '../support/sftp-setup.ts'
import { dropRules, SFTP_BATCHES } from '../tables/sftp-legitimate.ts'

/** Times of the moment, and how full the disk is, are other ones each time. */
function steady({ status, output, errors }: ClientResult): readonly unknown[] {
  const text = output.replace(/\w{3} +\d+ +\d\d:\d\d/g, 'TIME').replace(/^ +\d+ +\d+ +\d+ +\d+ +\d+%$/gm, 'DISK')
  return [status, text, errors]
}

describe('what OpenSSH\'s sftp does with the gateway between', { skip: SFTP_MISSING }, () => {
  let setup: SftpSetup
  before(async () => {
    setup = await startSftp({ rules: [] })
    setup.setRules(dropRules(setup.root))
  })
  after(() => setup.close())

  for (const { name, commands, flags } of SFTP_BATCHES) {
    test(`${name} is what it does without`, { timeout: 60_000 }, async () => {
      const batch = commands.map((line) => `${line.replaceAll('$', setup.root)}\n`).join('')
      setup.restore()
      const direct = steady(await setup.sftpDirectly(batch, flags))
      const left = pictureOf(setup.root, { times: false })
      setup.restore()
      assert.deepEqual(steady(await setup.sftp(batch, flags)), direct)
      assert.deepEqual(pictureOf(setup.root, { times: false }), left)
      assert.deepEqual(setup.failures, [])
    })
  }

  test('there are at least 30 of them', () => {
    assert.ok(SFTP_BATCHES.length >= 30, String(SFTP_BATCHES.length))
  })
})
