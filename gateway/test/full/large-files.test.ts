import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { closeSync, createReadStream, existsSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readEvents } from '../support/ledger-records.ts'
import { startClient } from '../support/run-client.ts'
import { type SshJourney, startSshJourney } from '../support/ssh-journey.ts'

const MISSING = ['/usr/sbin/sshd', '/usr/bin/sshpass', '/usr/bin/rsync'].every((path) => existsSync(path)) ? false : 'no sshd, sshpass or rsync on this machine'
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

interface Transfer {
  readonly client: string
  /** `sshpass` runs it in the clients' folder, where `large` is. @param place a path on the target */
  readonly up: (flags: readonly string[], place: string) => readonly string[]
  readonly down: (flags: readonly string[], place: string) => readonly string[]
  /** The content itself is one operation, with its size and digest. */
  readonly digested: boolean
}

const rsync = (flags: readonly string[], from: string, to: string): readonly string[] => ['rsync', '--whole-file', '--inplace', '-e', ['ssh', ...flags].join(' '), from, to]

const TRANSFERS: readonly Transfer[] = [
  { client: 'scp', up: (flags, place) => ['scp', '-q', ...flags, 'large', `shop:${place}`], down: (flags, place) => ['scp', '-q', ...flags, `shop:${place}`, 'back'], digested: true },
  { client: 'scp -O', up: (flags, place) => ['scp', '-q', '-O', ...flags, 'large', `shop:${place}`], down: (flags, place) => ['scp', '-q', '-O', ...flags, `shop:${place}`, 'back'], digested: false },
  { client: 'rsync', up: (flags, place) => rsync(flags, 'large', `shop:${place}`), down: (flags, place) => rsync(flags, `shop:${place}`, 'back'), digested: false },
]

describe('two gigabytes', { skip: MISSING }, () => {
  let journey: SshJourney
  let digest: string
  before(async () => {
    journey = await startSshJourney()
    digest = makeFile(join(journey.folder, 'large'))
  })
  after(() => journey.stop())

  /** @returns the most memory that was in use while it ran, more than before */
  async function run(command: readonly string[]): Promise<number> {
    const before = await journey.gateway.memoryInUse()
    let most = 0
    let moving = true
    const watching = (async () => {
      while (moving) {
        most = Math.max(most, (await journey.gateway.memoryInUse()) - before)
        await sleep(500)
      }
    })()
    const { status, errors } = await startClient('sshpass', ['-e', ...command], '', { env: journey.environment, cwd: journey.folder, timeout: 1_500_000 }).result
    moving = false
    await watching
    assert.equal(status, 0, errors)
    return most
  }

  for (const { client, up, down, digested } of TRANSFERS) {
    test(`go up and down by ${client} unchanged, with flat memory`, { timeout: 1_800_000 }, async () => {
      const place = join(journey.sshd.folder, 'large')
      const back = join(journey.folder, 'back')
      for (const [make, made] of [[up, place], [down, back]] as const) {
        const most = await run(make(journey.flags, place))
        assert.equal(await digestOf(made), digest)
        assert.ok(most < ROOM, `${most} bytes more were in use`)
        if (!digested) continue
        const finished = (await readEvents(journey.gateway.ledgerDirectory)).findLast((event) => event.event === 'operation.finished' && event.bytes === BLOCK * BLOCKS)
        assert.ok(finished?.event === 'operation.finished')
        assert.equal(finished.digest, digest)
      }
      rmSync(place)
      rmSync(back)
    })
  }

  test('are followed by a hundred connections at once, all of them served', { timeout: 300_000 }, async () => {
    const results = await Promise.all(Array.from({ length: 100 }, (_, index) => journey.ssh(['-o', 'LogLevel=ERROR'], `echo ${index}`)))
    assert.deepEqual(results.map(({ status, output }) => [status, output]), results.map((_, index) => [0, `${index}\n`]))
  })
})
