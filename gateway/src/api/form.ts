import type { Context } from 'hono'

/** The fields of a request's body; undefined when it is not sent as a form. */
export async function formOf(context: Context): Promise<URLSearchParams | undefined> {
  if (!/^application\/x-www-form-urlencoded(\s*;|$)/i.test(context.req.header('content-type') ?? '')) return undefined
  return new URLSearchParams(await context.req.text())
}
