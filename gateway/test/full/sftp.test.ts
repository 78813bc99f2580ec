import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { closeSync, createReadStream, existsSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readEvents } from '../support/ledger-records.ts'
import { startClient } from '../support/run-client.ts'
import { type SshJourney, startSshJourney } from '../support/ssh-journey.ts'

const MISSING = ['/usr/sbin/sshd', '/usr/bin/sshpass'].every((path) => existsSync(path)) ? false : 'no sshd or no sshpass on this machine'
const BLOCK = 1024 * 1024
const BLOCKS = 2048
/** What a session may hold: windows of both sides, and what waits in the transport. */
const ROOM = 48 * 1024 * 1024

/** Each 16 bytes are others, so that no part can stand for another. @returns its SHA-256 */
function makeFile(path: string): string {
  const hash = createHash('sha256')
  const file = openSync(path, 'w')
  const block = Buffer.alloc(BLOCK, 'sixteen bytes here')
  for (let number = 0; number < BLOCKS; number++) {
    for (let at = 0; at < BLOCK; at += 16) block.writeUInt32LE(number * (BLOCK / 16) + at / 16, at)
    hash.update(block)
    writeSync(file, block)
  }
  closeSync(file)
  return hash.digest('hex')
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

describe('two gigabytes by SFTP', { skip: MISSING }, () => {
  let journey: SshJourney
  let digest: string
  before(async () => {
    journey = await startSshJourney()
    digest = makeFile(join(journey.folder, 'large'))
  })
  after(() => journey.stop())

  for (const [way, batch, made] of [
    ['up', () => `put large ${journey.sshd.folder}/large\n`, () => join(journey.sshd.folder, 'large')],
    ['down', () => `get ${journey.sshd.folder}/large back\n`, () => join(journey.folder, 'back')],
  ] as const) {
    test(`go ${way} unchanged, with flat memory, and their digest is on record`, { timeout: 1_800_000 }, async () => {
      const before = await journey.gateway.memoryInUse()
      let most = 0
      let moving = true
      const watching = (async () => {
        while (moving) {
          most = Math.max(most, (await journey.gateway.memoryInUse()) - before)
          await sleep(500)
        }
      })()
      const parameters = ['-e', 'sftp', '-q', ...journey.flags, '-o', 'BatchMode=no', '-b', '-', 'shop']
      const { status, errors } = await startClient('sshpass', parameters, batch(), { env: journey.environment, cwd: journey.folder, timeout: 1_500_000 }).result
      moving = false
      await watching
      assert.equal(status, 0, errors)
      assert.equal(await digestOf(made()), digest)
      assert.ok(most < ROOM, `${most} bytes more were in use`)
      const finished = (await readEvents(journey.gateway.ledgerDirectory)).findLast((event) => event.event === 'operation.finished' && event.bytes === BLOCK * BLOCKS)
      assert.ok(finished?.event === 'operation.finished')
      assert.equal(finished.digest, digest)
      if (way === 'down') rmSync(made())
    })
  }
})
