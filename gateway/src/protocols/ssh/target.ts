import { z } from 'zod'
import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import type { TargetEntry } from '../../governance/policy/policy-document.ts'
import { duration, host, milliseconds, ownSettings, port, secretReference } from '../target-settings.ts'
import { readPublicKeyLine } from './wire/public-key.ts'

const user = z.string().min(1).max(64).refine((name) => !name.includes('\0'), 'a user name has no NUL').describe('Login at the host')

/** A certificate of its own for each session, signed by this installation's authority. */
const certificate = z.strictObject({
  principals: z.array(z.string().min(1).max(256)).min(1).max(16).optional().describe('Names that the host asks for in a certificate; the user when absent'),
  validFor: duration('1m', '1h', '5m').default('5m').describe('How long one can log in with it, 1m to 1h'),
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
  host,
  port: port.default(22),
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
  return targetSchema.parse(ownSettings(entry))
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
