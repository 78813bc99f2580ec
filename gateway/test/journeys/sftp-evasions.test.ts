import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { pictureOf } from '../support/picture-of.ts'
import { RawSftp } from '../support/raw-sftp.ts'
import { SFTP_MISSING, type SftpSetup, startSftp } from '../support/sftp-setup.ts'
import { SFTP_EVASIONS } from '../tables/sftp-evasions.ts'
import { dropRules } from '../tables/sftp-legitimate.ts'

describe('no write outside the folder, and no secret read, whatever a client sends over SFTP', { skip: SFTP_MISSING }, () => {
  let setup: SftpSetup
  before(async () => {
    setup = await startSftp({ rules: [] })
    setup.setRules(dropRules(setup.root))
  })
  after(() => setup.close())

  for (const { name, before: prepare, run } of SFTP_EVASIONS) {
    test(name, { timeout: 30_000 }, async () => {
      setup.restore()
      prepare?.(setup.at)
      const outside = { times: true, leaveOut: [setup.at('/srv/drop')] }
      const picture = pictureOf(setup.root, outside)
      const clients: RawSftp[] = []
      const connect = async (version?: number): Promise<RawSftp> => {
        const client = await RawSftp.connect(setup.socketPath, version)
        clients.push(client)
        return client
      }
      await run(await connect(), setup.at, connect)
      for (const client of clients) {
        assert.doesNotMatch(client.received.toString('latin1'), /PRIVATE KEY|SECRETHASH|id_ed25519/)
        client.end()
      }
      assert.deepEqual(pictureOf(setup.root, outside), picture)
    })
  }

  test('there are at least 60 of them', () => {
    assert.ok(SFTP_EVASIONS.length >= 60, String(SFTP_EVASIONS.length))
  })
})
