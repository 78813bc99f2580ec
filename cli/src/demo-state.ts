import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** Where a running demo leaves what its clients need: in the clone, or where SALLYPORT_DEMO_DIR says, for its owner only. */
export const DEMO_STATE_FILE = join(process.env['SALLYPORT_DEMO_DIR'] ?? fileURLToPath(new URL('../../.demo', import.meta.url)), 'state.json')

const client = z.object({ clientId: z.string(), clientSecret: z.string() })

export const DemoState = z.object({
  /** Process id of the demo. */
  pid: z.int(),
  /** Everything it writes outside the clone. */
  folder: z.string(),
  /** Absent until everything is ready. */
  ready: z.object({
    api: z.string(),
    issuer: z.string(),
    /** PEM file of what the gateway's certificate is checked against. */
    caFile: z.string().optional(),
    ledger: z.string(),
    /** How each identity gets a token of its own from the demo's provider. */
    identities: z.record(z.string(), z.object({ client, parameters: z.record(z.string(), z.string()) })),
  }).optional(),
})
export type DemoState = z.infer<typeof DemoState>
export type RunningDemo = NonNullable<DemoState['ready']>

/** The state a demo left, also when it is no longer running; undefined when there is none that can be read. */
export async function readDemoState(): Promise<DemoState | undefined> {
  const text = await readFile(DEMO_STATE_FILE, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return DemoState.parse(JSON.parse(text))
  } catch {
    // Written by another version, or half of it: as good as none.
    return undefined
  }
}
