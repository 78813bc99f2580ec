import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { readEvents } from '../support/ledger-records.ts'
import { person } from '../support/reviewing.ts'
import { type SshJourney, startSshJourney } from '../support/ssh-journey.ts'

const MISSING = ['/usr/sbin/sshd', '/usr/bin/sshpass'].every((path) => existsSync(path)) ? false : 'no sshd or no sshpass on this machine'

for (const files of ['all', 'none'] as const) {
  describe(`with the content of files on record: ${files}`, { skip: MISSING }, () => {
    let journey: SshJourney
    before(async () => {
      journey = await startSshJourney({
        target: `, record: { rows: none, files: ${files} }`,
        policy: 'masks: []\nrules: [{ name: all, then: allow }]\nroles: { reviewer: [dba], operator: [on-call], auditor: [auditors], administrator: [platform] }\n',
      })
    })
    after(() => journey.stop())

    test(`a session ${files === 'all' ? 'shows' : 'does not show'} what was written and read`, async () => {
      writeFileSync(join(journey.folder, 'file'), 'WHAT IS IN THE FILE\n')
      const batch = `put file ${journey.sshd.folder}/file\nget ${journey.sshd.folder}/file back\n`
      const { status, errors } = await journey.start('sshpass', ['-e', 'sftp', ...journey.flags, '-o', 'BatchMode=no', '-b', '-', 'shop'], batch).result
      assert.equal(status, 0, errors)
      const events = () => readEvents(journey.gateway.ledgerDirectory)
      await eventually('the session has ended', async () => (await events()).some(({ event }) => event === 'session.closed'))
      const opened = (await events()).find(({ event }) => event === 'session.opened')
      assert.ok(opened?.event === 'session.opened')
      const auditor = await person(() => journey.gateway, 'ada', 'auditors')
      const lines = async () => (await (await fetch(`${journey.gateway.apiUrl}/api/v1/sessions/${opened.session}/replay`, { headers: auditor.headers })).text())
        .trim().split('\n').map((line) => JSON.parse(line) as { type: string; base64?: string })
      const shown = async (kind: string) => (await lines()).filter(({ type }) => type === kind).map(({ base64 = '' }) => Buffer.from(base64, 'base64').toString()).join('')
      if (files === 'all') await eventually('its recording is kept', async () => (await shown('output')) !== '')
      const expected = files === 'all' ? 'WHAT IS IN THE FILE\n' : ''
      assert.deepEqual([await shown('input'), await shown('output')], [expected, expected])
    })
  })
}
