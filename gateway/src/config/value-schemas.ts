import { z } from 'zod'
import { parseSecretReference } from '../governance/policy/secret-reference.ts'

/** A name of an entry: it appears in answers to clients, in URLs and in commands, so it is kept plain. */
export const entryName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'a name has 1 to 63 letters, digits, ".", "_" or "-", and begins with a letter or digit')

/** Such a name, of an entry of that section; editors offer those that there are. */
export const entryOf = (section: 'issuers' | 'targets') => entryName.meta({ 'x-entry-of': section })

/** Text of one line or more that is not empty. */
export const words = z
  .string()
  .max(1000, 'at most 1000 characters')
  .refine((text) => text.trim() !== '', 'this is empty')

/** Names of entries or groups: at least one, each once. */
export function nameList(name: z.ZodType<string>, whenEmpty = 'leave the key out to mean all'): z.ZodType<string[]> {
  return z
    .array(name)
    .min(1, `the list is empty; ${whenEmpty}`)
    .max(1000, 'at most 1000 entries')
    .check((context) => {
      const seen = new Set<string>()
      context.value.forEach((value, index) => {
        if (seen.has(value)) {
          context.issues.push({ code: 'custom', message: 'named twice', input: value, path: [index] })
        }
        seen.add(value)
      })
    })
}

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const MAX_DURATION_MS = 3650 * UNITS.d

/** `60s`, `15m`, `8h`, `400d`; gives milliseconds. */
export const duration = durationLike(/^[1-9][0-9]{0,8}[smhd]$/, 'such as 15m').refine((ms) => ms <= MAX_DURATION_MS, 'at most 3650d')

/** The same, or `0s` for none. */
export const durationOrNone = durationLike(/^(?:0s|[1-9][0-9]{0,8}[smhd])$/, 'such as 15m or 0s')

function durationLike(form: RegExp, example: string) {
  return z
    .custom<string>((text) => typeof text === 'string' && form.test(text),
      `a duration is a whole number and s, m, h or d, ${example}`)
    .transform((text) => Number(text.slice(0, -1)) * UNITS[text.slice(-1) as keyof typeof UNITS])
}

/** Says what to write, never what was written: that may be the secret. */
export const SECRET_IN_CLEAR = 'a secret is given by reference only: vault:NAME, env:NAME or file:PATH'

export function referenceOf(...kinds: readonly ('vault' | 'env' | 'file')[]): z.ZodType<string> {
  const forms = kinds.map((kind) => (kind === 'file' ? 'file:PATH' : `${kind}:NAME`)).join(' or ')
  return z.string().refine((text) => {
    const reference = parseSecretReference(text)
    return reference !== undefined && kinds.includes(reference.kind)
  }, `expected ${forms}`)
}

export const host = z.string().regex(/^[A-Za-z0-9_.:%-]{1,253}$/, 'expected a host name or an IP address')

/** A port to listen on; 0 lets the system choose. */
export const listenPort = z.int().min(0, 'a port is 0 to 65535').max(65_535, 'a port is 0 to 65535')
export const port = z.int().min(1, 'a port is 1 to 65535').max(65_535, 'a port is 1 to 65535')
