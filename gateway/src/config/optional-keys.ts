import type { z } from 'zod'

/** An entry as zod types what it gives. */
export type Undefinable<T> = { [Key in keyof T]: object extends Pick<T, Key> ? T[Key] | undefined : T[Key] }

/** zod types an absent key as possibly `undefined`; it never sets one, so that the exact optional types hold. */
export function optionalKeys<Entry>() {
  return <Schema extends z.ZodType<Undefinable<Entry>>>(schema: Schema): z.ZodType<Entry> =>
    schema as unknown as z.ZodType<Entry>
}
