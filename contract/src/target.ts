import { z } from 'zod'

/** A target as a client reaches it: host and port are the gateway's own listener, never the target's. */
export const Target = z.object({
  name: z.string(),
  protocol: z.string(),
  host: z.string(),
  port: z.int().min(1).max(65_535),
  /** What to give as database name, where the protocol has one; the target's name. */
  database: z.string().optional(),
  /** Whether the listener speaks TLS. */
  tls: z.boolean(),
  labels: z.record(z.string(), z.string()),
})
export type Target = z.infer<typeof Target>

export const TargetList = z.object({ targets: z.array(Target) })
export type TargetList = z.infer<typeof TargetList>
