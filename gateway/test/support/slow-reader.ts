import { setTimeout as sleep } from 'node:timers/promises'
import { processMemory } from '../../../bench/process-cpu.ts'
import * as raw from './raw-client.ts'

export interface SlowRead {
  /** Of DataRow messages, all of it. */
  readonly bytes: number
  /**
   * Highest resident memory of the gateway while the second half streamed, less the highest in the first half: near
   * nothing, however long the result is, when nothing piles up. (At first memory rises until garbage is collected.)
   */
  readonly growthBytes: number
  /** Highest resident memory of all. */
  readonly peakBytes: number
}

const ROW_BYTES = 10_000

/**
 * Reads a large result by hand, stopping now and then, and watches the memory of process `pid` meanwhile.
 * @param login how to come to an open session in clear
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
  pid: number,
  totalBytes: number,
  pauseMs: number,
): Promise<SlowRead> {
  const client = await raw.openRaw(login)
  const ready = await client.logIn({ user: login.user, database: login.database }, login.password)
  if (ready.at(-1)?.type !== 'Z') throw new Error(JSON.stringify(raw.errorFields(ready.at(-1))))
  client.socket.removeAllListeners('data')
  const highest = { firstHalf: 0, secondHalf: 0 }
  const watch = setInterval(() => {
    const half = bytes < totalBytes / 2 ? 'firstHalf' : 'secondHalf'
    highest[half] = Math.max(highest[half], processMemory(pid).residentBytes)
  }, 20)
  client.send(
    raw.query(`select repeat('x', ${ROW_BYTES}) from generate_series(1, ${Math.ceil(totalBytes / ROW_BYTES)})`),
  )
  let bytes = 0
  let pauses = 0
  let tail = Buffer.alloc(0)
  try {
    for await (const chunk of client.socket as AsyncIterable<Buffer>) {
      bytes += chunk.length
      tail = Buffer.concat([tail, chunk]).subarray(-6)
      if (pauses < 8 && bytes > ((pauses + 1) * totalBytes) / 9) {
        pauses += 1
        await sleep(pauseMs)
      }
      // ReadyForQuery, idle: all came.
      if (tail.equals(Buffer.from('Z\0\0\0\x05I', 'latin1'))) break
    }
  } finally {
    clearInterval(watch)
    client.end()
  }
  return {
    bytes,
    growthBytes: highest.secondHalf - highest.firstHalf,
    peakBytes: Math.max(highest.firstHalf, highest.secondHalf),
  }
}
