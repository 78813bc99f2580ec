/** The process that `startTestGateway` starts. Its configuration comes by standard input; secrets in it are references. */
import { text } from 'node:stream/consumers'
import { startGateway } from '../../src/main.ts'

const gateway = await startGateway({ configText: await text(process.stdin) })
process.once('SIGTERM', () => {
  void gateway.close().then(
    () => process.exit(0),
    () => process.exit(1),
  )
})
process.stdout.write(`${JSON.stringify({ apiUrl: gateway.apiUrl, listeners: gateway.listeners })}\n`)
