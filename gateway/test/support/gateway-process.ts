/** The process that `startTestGateway` starts. Its configuration comes by standard input; secrets in it are references. */
import { text } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { startGateway } from '../../src/main.ts'

const gateway = await startGateway({ configText: await text(process.stdin) })
process.once('SIGTERM', () => {
  void gateway.close().then(
    () => process.exit(0),
    () => process.exit(1),
  )
})
// The only message there is asks what is in use. The channel alone does not keep a gateway alive that is closed.
process.on('message', () => void measure().then((bytes) => process.send?.(bytes)))
process.channel?.unref()
process.stdout.write(`${JSON.stringify({ apiUrl: gateway.apiUrl, listeners: gateway.listeners })}\n`)

/** Bytes that objects and buffers take once everything is collected that nobody refers to. */
async function measure(): Promise<number> {
  // What a collection frees may hold on to more until its finalizers have run.
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc?.()
    await nextTurn()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
