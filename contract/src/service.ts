import { z } from 'zod'

export const Health = z.object({ status: z.literal('ok') })
export type Health = z.infer<typeof Health>

export const Version = z.object({ name: z.literal('sallyport'), version: z.string() })
export type Version = z.infer<typeof Version>
