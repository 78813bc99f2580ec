import { z } from 'zod'
import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import type { TargetEntry } from '../../governance/policy/policy-document.ts'
import { readPublicKeyLine } from './wire/public-key.ts'

/** Reference to a secret kept elsewhere; the document itself never holds one. */
const secretReference = z.string().regex(/^(vault|env|file):.+/, 'must be a reference: vault:NAME, env:NAME or file:PATH').meta({ format: 'secret-reference' })
const user = z.string().min(1).max(64).refine((name) => !name.includes('\0'), 'a user name has no NUL').describe('Login at the host')

const DURATION = /^([1-9]\d{0,3})([smh])$/
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }
const milliseconds = (text: string): number => {
  const [, count = '0', unit = ''] = DURATION.exec(text) ?? []
  return Number(count) * (UNIT_MS[unit] ?? 0)
}

/** A certificate of its own for each session, signed by this installation's authority. */
const certificate = z.strictObject({
  principals: z.array(z.string().min(1).max(256)).min(1).max(16).optional().describe('Names that the host asks for in a certificate; the user when absent'),
  /** Kept as text: what was accepted once is read again. */
  validFor: z.string().refine((text) => {
    const ms = milliseconds(text)
    return ms >= 60_000 && ms <= 3_600_000
  }, 'a duration from 1m to 1h, such as 5m').default('5m').describe('How long one can log in with it, 1m to 1h'),
})

const publicKey = z.string().refine(isPublicKey, 'a public key as in a .pub file: its type, a space, and base64')
const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}$/

/** By which the loader, the shell or the tools of a target would run something else than the command says. */
const DANGEROUS = /^(?:LD_|DYLD_|BASH_|GLIBC_|MALLOC_|GIT_(?!PROTOCOL$)|PERL|PYTHON|RUBY|NODE_|JAVA_|_JAVA|JDK_|SSH_|SUDO_|LESS|PS[0-9]$|PROMPT_COMMAND$|ENV$|PATH$|IFS$|CDPATH$|SHELL$|SHELLOPTS$|HOME$|USER$|LOGNAME$|EDITOR$|VISUAL$|PAGER$|MANPAGER$|BROWSER$|TERMINFO|TERMCAP$|HISTFILE$|TMPDIR$|NLSPATH$|LOCPATH$)/
const variable = z.string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$|^[A-Za-z][A-Za-z0-9_]{0,62}_\*$/, 'a name of a variable, or all that begin with NAME_, as NAME_*')
  .refine((name) => !DANGEROUS.test(name), 'this changes which programs run: it is never taken from a client')

/** What an SSH target says in the policy document, besides name, protocol and labels. */
export const targetSchema = z.strictObject({
  host: z.string().min(1).describe('Host name or address, as the gateway reaches it'),
  port: z.int().min(1).max(65535).default(22),
  credential: z.union([
    z.strictObject({ user, password: secretReference.describe('Where its password is kept') }),
    z.strictObject({ user, key: secretReference.describe('Where an OpenSSH or PEM private key without a passphrase is kept') }),
    z.strictObject({ user, certificate: certificate.describe('Made for each session, and signed by this gateway') }),
  ]),
  hostKeys: z.array(z.union([z.string().regex(FINGERPRINT), publicKey])).min(1).max(16).optional().describe('Public keys that the host may have, or their SHA256: fingerprints; these or hostAuthorities'),
  hostAuthorities: z.array(publicKey).min(1).max(16).optional().describe('Public keys of authorities whose certificates for the host are believed'),
  environment: z.array(variable).max(64).default(['LANG', 'LC_*']).describe('Variables that clients may set; NAME_* for all that begin so'),
  endPrograms: z.enum(['shell', 'signals']).default('shell').describe('How programs are ended whose session has ended: by signals alone, or where a server takes none by a command too'),
  limits: z.strictObject({ channels: z.int().min(1).max(1024).default(64).describe('Channels of one connection at once') }).default({ channels: 64 }),
}).refine(({ hostKeys, hostAuthorities }) => hostKeys !== undefined || hostAuthorities !== undefined,
  'name hostKeys or hostAuthorities: a host is never believed without')

export type SshTarget = z.infer<typeof targetSchema>

/** The adapter's own settings of a target that the schema has accepted already. */
export function sshTarget(entry: TargetEntry): SshTarget {
  const { name: _name, protocol: _protocol, labels: _labels, record: _record, retentionMs: _retentionMs, ...settings } = entry
  return targetSchema.parse(settings)
}

/** How long a session's certificate is good for, milliseconds. */
export function certificateMs({ validFor }: z.infer<typeof certificate>): number {
  return milliseconds(validFor)
}

function isPublicKey(line: string): boolean {
  try {
    readPublicKeyLine(line)
    return true
  } catch (error) {
    if (error instanceof MalformedFrameError) return false
    throw error
  }
}
