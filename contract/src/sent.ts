import type { z } from 'zod'

/** A body as it is sent: what has a default may be left out. */
export type Sent<Schema extends z.ZodType> = z.input<Schema>
