import { setTimeout as sleep } from 'node:timers/promises'
import { processMemory } from '../../../bench/process-cpu.ts'
import type { TestGateway } from './gateway.ts'
import * as raw from './raw-client.ts'

export interface SlowRead {
  /** Of DataRow messages, all of it. */
  readonly bytes: number
  /** The most that the gateway held at the end of a pause, less what it held before: what it stores for a slow reader. */
  readonly heldBytes: number
  /** The gateway's highest resident memory so far. */
  readonly peakBytes: number
}

const ROW_BYTES = 10_000
const PAUSES = 8

/**
 * Reads a large result by hand, stopping now and then, and looks at what the gateway holds meanwhile.
 * @param login how to come to an open session of `gateway` in clear
 * @param pauseMs how long to read nothing, eight times, spread over the result
 */
export async function readSlowly(
  login: {
    readonly host: string
    readonly port: number
    readonly user: string
    readonly database: string
    readonly password: string
  },
  gateway: TestGateway,
  totalBytes: number,
  pauseMs: number,
): Promise<SlowRead> {
  const client = await raw.openRaw(login)
  const ready = await client.logIn({ user: login.user, database: login.database }, login.password)
  if (ready.at(-1)?.type !== 'Z') throw new Error(JSON.stringify(raw.errorFields(ready.at(-1))))
  client.socket.removeAllListeners('data')
  const before = await gateway.memoryInUse()
  client.send(
    raw.query(`select repeat('x', ${ROW_BYTES}) from generate_series(1, ${Math.ceil(totalBytes / ROW_BYTES)})`),
  )
  let bytes = 0
  let pauses = 0
  let highest = before
  let tail = Buffer.alloc(0)
  try {
    for await (const chunk of client.socket as AsyncIterable<Buffer>) {
      bytes += chunk.length
      tail = Buffer.concat([tail, chunk]).subarray(-6)
      if (pauses < PAUSES && bytes > ((pauses + 1) * totalBytes) / (PAUSES + 1)) {
        pauses += 1
        await sleep(pauseMs)
        highest = Math.max(highest, await gateway.memoryInUse())
      }
      // ReadyForQuery, idle: all came.
      if (tail.equals(Buffer.from('Z\0\0\0\x05I', 'latin1'))) break
    }
  } finally {
    client.end()
  }
  return { bytes, heldBytes: highest - before, peakBytes: processMemory(gateway.pid).peakBytes }
}
