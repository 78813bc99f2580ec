import type { Context } from 'hono'

/** The fields of a request's body; undefined when it is not sent as a form. */
export async function formOf(context: Context): Promise<URLSearchParams | undefined> {
  if (!/^application\/x-www-form-urlencoded(\s*;|$)/i.test(context.req.header('content-type') ?? '')) return undefined
  return new URLSearchParams(await context.req.text())
}

/** Whether a field other than these is there more than once. Looks at each once: a form may hold tens of thousands. */
export function repeatsField(form: URLSearchParams, repeatable: ReadonlySet<string>): boolean {
  const seen = new Set<string>()
  for (const name of form.keys()) {
    if (seen.has(name) && !repeatable.has(name)) return true
    seen.add(name)
  }
  return false
}
