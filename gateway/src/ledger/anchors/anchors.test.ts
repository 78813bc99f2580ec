import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { eventually } from '../../../test/support/eventually.ts'
import { WebhookClient } from '../../webhooks/webhook-client.ts'
import { type Checkpoint, openCheckpoint, signCheckpoint } from '../checkpoint.ts'
import { parseVerifierKey, verifierKey } from '../signed-note.ts'
import { loadOrCreateSigner } from '../signing-key.ts'
import type { Anchor } from './anchor.ts'
import { anchoredNotes } from './anchored-notes.ts'
import { Anchoring, type AnchoringOptions } from './anchoring.ts'
import { FileAnchor } from './file-anchor.ts'
import { WebhookAnchor } from './webhook-anchor.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-anchors-'))
const signer = loadOrCreateSigner(folder, 'test.example/ledger')
const verifier = parseVerifierKey(verifierKey(signer))
const checkpoint = (size: number): Checkpoint => signCheckpoint(size, Buffer.alloc(32, size).toString('latin1'), signer)
const running: Anchoring[] = []

after(async () => {
  await Promise.all(running.map((anchoring) => anchoring.close(10)))
  rmSync(folder, { recursive: true, force: true })
})

/** As anybody would read it: paragraphs, of which one with signatures ends a note. */
function notesIn(path: string): Checkpoint[] {
  const paragraphs = readFileSync(path, 'utf8').split('\n\n').filter((paragraph) => paragraph !== '')
  return paragraphs.flatMap((paragraph, index) => {
    if (!paragraph.startsWith('— ')) return []
    const opened = openCheckpoint(`${paragraphs[index - 1]}\n\n${paragraph.replace(/\n+$/, '')}\n`, verifier)
    return 'problem' in opened ? [] : [opened]
  })
}

describe('a file anchor', () => {
  test('holds every checkpoint, in order, as notes that verify', async () => {
    const path = join(folder, 'in-order')
    const anchor = new FileAnchor(path)
    for (const size of [1, 2, 300]) await anchor.keep(checkpoint(size))
    assert.deepEqual(notesIn(path).map(({ size }) => size), [1, 2, 300])
    assert.equal(readFileSync(path, 'utf8'), [1, 2, 300].map((size) => `${checkpoint(size).note}\n`).join(''))
  })

  test('is only ever added to, and holds a checkpoint once, also after a restart', async () => {
    const path = join(folder, 'once')
    await new FileAnchor(path).keep(checkpoint(1))
    const before = readFileSync(path)
    await new FileAnchor(path).keep(checkpoint(1))
    assert.deepEqual(readFileSync(path), before)
    await new FileAnchor(path).keep(checkpoint(2))
    assert.deepEqual(readFileSync(path).subarray(0, before.length), before)
  })

  test('keeps apart what a crash left at its end', async () => {
    const whole = `${checkpoint(1).note}\n`
    for (let cut = 1; cut <= whole.length; cut++) {
      const path = join(folder, `torn-${cut}`)
      writeFileSync(path, `${checkpoint(9).note}\n${whole.slice(0, cut)}`)
      await new FileAnchor(path).keep(checkpoint(2))
      const sizes = notesIn(path).map(({ size }) => size)
      assert.deepEqual([sizes[0], sizes.at(-1)], [9, 2], `cut at ${cut}`)
      const notes = anchoredNotes(readFileSync(path, 'utf8')).filter((note) => !('problem' in openCheckpoint(note, verifier)))
      assert.deepEqual(notes, notesIn(path).map(({ note }) => note))
    }
  })

  test('is read as it was written, or as one note alone', async () => {
    const path = join(folder, 'read')
    const anchor = new FileAnchor(path)
    for (const size of [1, 2, 3]) await anchor.keep(checkpoint(size))
    assert.deepEqual(anchoredNotes(readFileSync(path, 'utf8')), [1, 2, 3].map((size) => checkpoint(size).note))
    assert.deepEqual(anchoredNotes(checkpoint(4).note), [checkpoint(4).note])
    assert.deepEqual(anchoredNotes('nothing of the kind'), [])
  })

  test('makes no folder: a mount that is missing is an error', async () => {
    const path = join(folder, 'not-mounted', 'checkpoints')
    await assert.rejects(new FileAnchor(path).keep(checkpoint(1)), { code: 'ENOENT' })
    assert.ok(!existsSync(join(folder, 'not-mounted')))
  })

  test('waits for nobody at a pipe', async () => {
    const path = join(folder, 'pipe')
    execFileSync('mkfifo', [path])
    await assert.rejects(new FileAnchor(path).keep(checkpoint(1)), /it is not a file|ENXIO/)
  })
})

describe('a webhook anchor', () => {
  test('sends the checkpoint, signed, and shows no key of its address', async () => {
    const secret = `whsec_${randomBytes(24).toString('base64')}`
    const received: unknown[] = []
    const server = http.createServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => (body += String(chunk))).on('end', () => {
        received.push(new Webhook(secret).verify(body, request.headers as Record<string, string>))
        response.end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ledger`
    const anchor = new WebhookAnchor({ url: `${url}?key=hidden`, secret: () => Promise.resolve(secret) }, new WebhookClient())
    assert.equal(anchor.name, url)
    await anchor.keep(checkpoint(12))
    server.close()
    const [{ type, data }] = received as [{ type: string; data: { checkpoint: string; size: number; origin: string; root: string } }]
    assert.equal(type, 'ledger.checkpoint')
    assert.deepEqual(openCheckpoint(data.checkpoint, verifier), checkpoint(12))
    assert.deepEqual([data.origin, data.size, data.root], ['test.example/ledger', 12, Buffer.alloc(32, 12).toString('base64')])
  })
})

/** An anchor of which a test says what it does. */
class ToldAnchor implements Anchor {
  readonly name = 'told'
  readonly kept: number[] = []
  attempts = 0
  atOnce = 0
  mostAtOnce = 0
  behave: () => Promise<void> = () => Promise.resolve()

  async keep({ size }: Checkpoint): Promise<void> {
    this.attempts++
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.atOnce)
    try {
      await this.behave()
      this.kept.push(size)
    } finally {
      this.atOnce--
    }
  }
}

function follow(options: Partial<AnchoringOptions> = {}) {
  const anchor = new ToldAnchor()
  const told: string[] = []
  const unreached: string[] = []
  const log = { latest: checkpoint(1) }
  const start = () => {
    const anchoring = new Anchoring({
      anchor, latest: () => log.latest, everyMs: 20, firstRetryMs: 5, attemptMs: 50, tellAfterMs: 60,
      onUnreached: ({ error }) => unreached.push(error),
      onFailed: ({ error }) => told.push(`failed: ${error}`), onRecovered: ({ size }) => told.push(`recovered: ${size}`), ...options,
    })
    running.push(anchoring)
    return anchoring
  }
  return { anchor, told, unreached, log, start }
}

describe('anchoring', () => {
  test('keeps the newest checkpoint, no more often than asked, and each once', async () => {
    const { anchor, log, start } = follow({ everyMs: 100 })
    const anchoring = start()
    await eventually('it is kept', () => anchor.kept.length === 1)
    for (let size = 2; size <= 40; size++) {
      log.latest = checkpoint(size)
      await delay(5)
    }
    await eventually('the newest is kept', () => anchor.kept.at(-1) === 40)
    assert.ok(anchor.kept.length <= 6, `${anchor.kept.length} times`)
    const { attempts } = anchor
    await delay(250)
    assert.equal(anchor.attempts, attempts)
    assert.deepEqual({ ...anchoring.status, keptAtMs: 0 }, { anchor: 'told', state: 'kept', size: 40, keptAtMs: 0 })
  })

  test('tells of an anchor that fails for too long, once, and when it works again', async () => {
    const { anchor, told, unreached, log, start } = follow()
    anchor.behave = () => Promise.reject(new Error('status 503'))
    const anchoring = start()
    await eventually('it is told', () => told.length > 0)
    assert.equal(anchoring.status.state, 'failing')
    assert.equal(anchoring.status.error, 'status 503')
    await delay(100)
    log.latest = checkpoint(7)
    anchor.behave = () => Promise.resolve()
    await eventually('it is told again', () => told.length > 1)
    assert.deepEqual(told, ['failed: status 503', 'recovered: 7'])
    assert.deepEqual(unreached, ['status 503'], 'and at once, if it never worked')
    assert.deepEqual(anchor.kept, [7])
    assert.equal(anchoring.status.state, 'kept')
  })

  test('does not tell of a short failure', async () => {
    const { anchor, told, start } = follow({ tellAfterMs: 400 })
    let failures = 3
    anchor.behave = () => (failures-- > 0 ? Promise.reject(new Error('no')) : Promise.resolve())
    start()
    await eventually('it is kept', () => anchor.kept.length === 1)
    await delay(450)
    assert.deepEqual(told, [])
  })

  test('waits longer and longer, and as long as it is asked to', async () => {
    const { anchor, start } = follow({ firstRetryMs: 20, tellAfterMs: 10_000 })
    anchor.behave = () => Promise.reject(new Error('no'))
    start()
    await delay(400)
    assert.ok(anchor.attempts >= 2 && anchor.attempts <= 6, `${anchor.attempts} attempts`)
    const asked = follow({ tellAfterMs: 10_000 })
    asked.anchor.behave = () => Promise.reject(Object.assign(new Error('no'), { retryAfterMs: 10_000 }))
    asked.start()
    await delay(200)
    assert.equal(asked.anchor.attempts, 1)
  })

  test('begins nothing new while an attempt hangs, and says that it hangs', async () => {
    const { anchor, told, start } = follow()
    let release: () => void = () => undefined
    anchor.behave = () => new Promise((resolve) => (release = resolve))
    const anchoring = start()
    await eventually('it is told', () => told.length > 0)
    assert.deepEqual(told, ['failed: it takes too long'])
    assert.equal(anchor.attempts, 1)
    assert.equal(anchor.mostAtOnce, 1)
    release()
    await eventually('it is kept', () => anchoring.status.state === 'kept')
  })

  test('takes the last checkpoint along at the end, also when an older one is on its way', async () => {
    const { anchor, log, start } = follow({ everyMs: 60_000 })
    anchor.behave = () => delay(30)
    const anchoring = start()
    await delay(5)
    log.latest = checkpoint(99)
    assert.equal(await anchoring.close(2_000), undefined)
    assert.deepEqual(anchor.kept, [1, 99])
  })

  test('ends in time when the anchor does not', async () => {
    const { anchor, start } = follow()
    anchor.behave = () => new Promise(() => undefined)
    const anchoring = start()
    const began = Date.now()
    assert.equal(await anchoring.close(50), 'it takes too long')
    assert.ok(Date.now() - began < 1_000)
  })

  test('has a file that was full or away for a while catch up', async () => {
    const path = join(folder, 'away', 'checkpoints')
    const { log, told, start } = follow({ anchor: new FileAnchor(path) })
    start()
    await eventually('it is told', () => told.length === 1)
    assert.match(told[0] ?? '', /ENOENT/)
    log.latest = checkpoint(5)
    execFileSync('mkdir', [join(folder, 'away')])
    appendFileSync(path, '')
    await eventually('it is told again', () => told.length === 2)
    assert.deepEqual(notesIn(path).map(({ size }) => size), [5])
  })
})
