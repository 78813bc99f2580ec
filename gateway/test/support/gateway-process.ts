/** The process that `startTestGateway` starts. Its settings come by standard input, so that no secret is in an argument. */
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { startGateway } from '../../src/main.ts'

const settings = z.object({
  configText: z.string(),
  data: z.string(),
  tls: z.object({ cert: z.string(), key: z.string() }).optional(),
}).parse(JSON.parse(await text(process.stdin)))

const gateway = await startGateway({
  configText: settings.configText,
  dataDirectory: settings.data,
  api: { host: '127.0.0.1', port: 0 },
  postgres: { host: '127.0.0.1', port: 0, ...(settings.tls === undefined ? {} : { tls: settings.tls }) },
})
process.once('SIGTERM', () => {
  void gateway.close().then(() => process.exit(0), () => process.exit(1))
})
process.stdout.write(`${JSON.stringify({ apiUrl: gateway.apiUrl, listeners: gateway.listeners })}\n`)
