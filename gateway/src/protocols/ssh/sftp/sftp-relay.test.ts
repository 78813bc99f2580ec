import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { issuePermit } from '../../../governance/permit.ts'
import type { Exchange, Outcome } from '../../../governance/exchange.ts'
import { FXP, STATUS } from './message-types.ts'
import { NamesOrder } from './names-order.ts'
import { MAX_PENDING } from './request-queue.ts'
import { SftpRelay } from './sftp-relay.ts'

const u32 = (value: number): Buffer => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value])
const str = (text: Buffer | string): Buffer => Buffer.concat([u32(Buffer.byteLength(text)), Buffer.from(text as string)])
const packet = (type: number, ...fields: Buffer[]): Buffer => {
  const body = Buffer.concat([Buffer.from([type]), ...fields])
  return Buffer.concat([u32(body.length), body])
}
const name = (id: number, path: string): Buffer => packet(FXP.name, u32(id), u32(1), str(path), str(path), u32(0))
const VERSION = packet(FXP.version, u32(3), str('posix-rename@openssh.com'), str('1'))

/** A relay of which the test is both sides, and everything is allowed. */
class Bench {
  readonly toTarget: Buffer[] = []
  readonly toClient: Buffer[] = []
  readonly failures: string[] = []
  readonly outcomes: Outcome[] = []
  readonly relay: SftpRelay

  constructor() {
    let number = 0
    this.relay = new SftpRelay({
      toTarget: (bytes) => void this.toTarget.push(Buffer.from(bytes)),
      toClient: (bytes) => void this.toClient.push(Buffer.from(bytes)),
      tell: () => undefined,
      govern: (exchange: Exchange) => exchange.forward(issuePermit(exchange.operation), ++number),
      finish: (_operation, outcome) => void this.outcomes.push(outcome),
      policy: () => this,
      fail: (reason) => void this.failures.push(reason),
    }, { names: new NamesOrder(), maxHoldMs: 0 })
  }

  /** Through INIT and the question for home: its answers begin with id 1. */
  static ready(): Bench {
    const bench = new Bench()
    bench.relay.fromClient(packet(FXP.init, u32(3)))
    bench.relay.fromTarget(VERSION)
    bench.relay.fromTarget(name(0, '/home/dana'))
    assert.deepEqual(bench.failures, [])
    return bench
  }

  /** Opens a file for reading: the question has id 1, the open 2, the question behind it 3. */
  open(handle = 'h', flags = 1): void {
    this.relay.fromClient(packet(FXP.open, u32(70), str('x'), u32(flags), u32(0)))
    this.relay.fromTarget(name(1, '/home/dana/x'))
    this.relay.fromTarget(Buffer.concat([packet(FXP.handle, u32(2), str(handle)), name(3, '/home/dana/x')]))
  }
}

describe('a target that does not keep to the protocol ends the channel, and nothing of it passes', () => {
  const broken: readonly [what: string, run: (bench: Bench) => void, reason: RegExp][] = [
    ['answers what nobody asked', (b) => b.relay.fromTarget(packet(FXP.status, u32(99), u32(0), str(''), str(''))), /nobody asked/],
    ['answers twice', (b) => b.relay.fromTarget(name(0, '/home/dana')), /nobody asked/],
    ['answers with a packet too long', (b) => b.relay.fromTarget(Buffer.from([0x7f, 0, 0, 0, FXP.status])), /claims/],
    ['answers with an empty packet', (b) => b.relay.fromTarget(Buffer.from([0, 0, 0, 0, 0])), /claims 0/],
    ['tells of no absolute path', (b) => {
      b.relay.fromClient(packet(FXP.stat, u32(1), str('x')))
      b.relay.fromTarget(name(1, 'relative'))
    }, /none that is absolute/],
    ['tells of no path at all', (b) => {
      b.relay.fromClient(packet(FXP.stat, u32(1), str('x')))
      b.relay.fromTarget(packet(FXP.name, u32(1), u32(0)))
    }, /other than one name/],
    ['answers with another type', (b) => {
      b.open()
      b.relay.fromClient(packet(FXP.read, u32(1), str('h'), Buffer.alloc(8), u32(10)))
      b.relay.fromTarget(packet(FXP.handle, u32(4), str('evil')))
    }, /message 102 where none belongs/],
    ['gives a handle twice', (b) => {
      b.open()
      b.relay.fromClient(packet(FXP.open, u32(71), str('x'), u32(1), u32(0)))
      b.relay.fromTarget(name(4, '/home/dana/x'))
      b.relay.fromTarget(packet(FXP.handle, u32(5), str('h')))
    }, /same handle twice/],
    ['gives a handle too long', (b) => {
      b.relay.fromClient(packet(FXP.open, u32(71), str('x'), u32(1), u32(0)))
      b.relay.fromTarget(name(1, '/home/dana/x'))
      b.relay.fromTarget(packet(FXP.handle, u32(2), str('h'.repeat(257))))
    }, /longer than 256/],
    ['sends more data than was asked for', (b) => {
      b.open()
      b.relay.fromClient(packet(FXP.read, u32(1), str('h'), Buffer.alloc(8), u32(3)))
      b.relay.fromTarget(packet(FXP.data, u32(4), str('four')))
    }, /more data than was asked/],
    ['sends data of another length than it says', (b) => {
      b.open()
      b.relay.fromClient(packet(FXP.read, u32(1), str('h'), Buffer.alloc(8), u32(10)))
      b.relay.fromTarget(packet(FXP.data, u32(4), u32(3), Buffer.from('four')))
    }, /longer or shorter/],
  ]
  for (const [what, run, reason] of broken) {
    test(what, () => {
      const bench = Bench.ready()
      run(bench)
      assert.equal(bench.failures.length, 1)
      assert.match(bench.failures[0] ?? '', reason)
      assert.match(bench.failures[0] ?? '', /^the target broke/)
      const [sent, got] = [bench.toTarget.length, bench.toClient.length]
      bench.relay.fromClient(packet(FXP.stat, u32(9), str('y')))
      bench.relay.fromTarget(name(9, '/y'))
      bench.relay.close('left')
      assert.deepEqual([bench.toTarget.length, bench.toClient.length, bench.failures.length], [sent, got, 1])
    })
  }

  test('speaks another version', () => {
    for (const version of [0, 2, 4, 6]) {
      const bench = new Bench()
      bench.relay.fromClient(packet(FXP.init, u32(6)))
      assert.deepEqual(bench.toTarget, [packet(FXP.init, u32(3))])
      bench.relay.fromTarget(packet(FXP.version, u32(version)))
      assert.match(bench.failures[0] ?? '', /with version/)
    }
  })
})

describe('a client that does not keep to the protocol ends its channel', () => {
  for (const [what, bytes, reason] of [
    ['before INIT', packet(FXP.stat, u32(1), str('x')), /does not begin with INIT/],
    ['with a version before 3', packet(FXP.init, u32(2)), /speaks version 2/],
    ['with an INIT that is cut short', packet(FXP.init), /shorter than its fields/],
  ] as const) {
    test(what, () => {
      const bench = new Bench()
      bench.relay.fromClient(bytes)
      assert.match(bench.failures[0] ?? '', reason)
      assert.deepEqual(bench.toTarget, [])
    })
  }

  test('with a request longer than any that is no write', () => {
    const bench = Bench.ready()
    bench.relay.fromClient(packet(FXP.stat, u32(1), Buffer.alloc(20_000)))
    assert.match(bench.failures[0] ?? '', /longer than 16384/)
  })
})

describe('what passes', () => {
  test('is what came, in one piece where it came in one, under other ids', () => {
    const bench = Bench.ready()
    bench.open()
    bench.toTarget.length = 0
    bench.toClient.length = 0
    const reads = [1, 2, 3].map((id) => packet(FXP.read, u32(id * 1000), str('h'), Buffer.alloc(8), u32(4)))
    bench.relay.fromClient(Buffer.concat(reads))
    assert.deepEqual(bench.toTarget, [Buffer.concat([4, 5, 6].map((id) => packet(FXP.read, u32(id), str('h'), Buffer.alloc(8), u32(4))))])
    bench.relay.fromTarget(Buffer.concat([4, 5, 6].map((id) => packet(FXP.data, u32(id), str('data')))))
    assert.deepEqual(bench.toClient, [Buffer.concat([1, 2, 3].map((id) => packet(FXP.data, u32(id * 1000), str('data'))))])
  })

  test('goes on before the whole of a write is there, and holds nothing', () => {
    const bench = Bench.ready()
    bench.open('h', 2)
    bench.toTarget.length = 0
    const write = packet(FXP.write, u32(9), str('h'), Buffer.alloc(8), str(Buffer.alloc(200_000, 'w')))
    for (let at = 0; at < write.length; at += 32_768) bench.relay.fromClient(Buffer.from(write.subarray(at, at + 32_768)))
    assert.equal(bench.toTarget.length, Math.ceil(write.length / 32_768))
    assert.equal(bench.relay.heldFromClient, 0)
    assert.equal(Buffer.concat(bench.toTarget).length, write.length)
  })

  test('is never more at the target than may be unanswered; the rest is held, and told to be', () => {
    const bench = Bench.ready()
    bench.open()
    const read = packet(FXP.read, u32(9), str('h'), Buffer.alloc(8), u32(4))
    for (let count = 0; count < MAX_PENDING + 100; count++) bench.relay.fromClient(Buffer.from(read))
    assert.equal(bench.relay.heldFromClient, 100 * read.length)
    for (let id = 4; id < 104; id++) bench.relay.fromTarget(packet(FXP.status, u32(id), u32(STATUS.eof), str(''), str('')))
    assert.equal(bench.relay.heldFromClient, 0)
  })

  test('ends with the channel: what is open and what runs is finished once, as cut off', () => {
    const bench = Bench.ready()
    bench.open()
    bench.relay.fromClient(packet(FXP.remove, u32(5), str('y')))
    bench.relay.fromTarget(name(4, '/home/dana'))
    bench.relay.close('left')
    bench.relay.close('cancelled')
    assert.deepEqual(bench.outcomes.map(({ result }) => result), ['aborted', 'aborted'])
  })
})
