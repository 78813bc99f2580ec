import { z } from 'zod'

/** Stable codes of the control API's errors, with the HTTP status each comes with. */
export const apiErrorStatus = {
  'invalid-request': 400,
  'unauthenticated': 401,
  'forbidden': 403,
  'not-found': 404,
  'timeout': 408,
  'conflict': 409,
  'too-large': 413,
  'unsupported-media-type': 415,
  'invalid-policy': 422,
  'not-possible': 422,
  'too-many-requests': 429,
  'internal': 500,
  'not-recorded': 503,
  'unavailable': 503,
} as const

export const ApiErrorCode = z.enum(Object.keys(apiErrorStatus) as [keyof typeof apiErrorStatus, ...never[]])
export type ApiErrorCode = z.infer<typeof ApiErrorCode>

/** One thing wrong in a document; lines and columns count from 1. */
export const Problem = z.object({
  line: z.int().optional(),
  column: z.int().optional(),
  message: z.string(),
})
export type Problem = z.infer<typeof Problem>

/** What went wrong and what to do next; after RFC 9457. */
export const ApiError = z.object({
  code: ApiErrorCode,
  message: z.string(),
  hint: z.string(),
  problems: z.array(Problem).optional(),
})
export type ApiError = z.infer<typeof ApiError>
