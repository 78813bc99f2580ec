import { z } from 'zod'
import type { TargetProblem } from '@sallyport/contract'
import type { TargetAdministration, TargetTrial } from './api/api-services.ts'
import { checkConfig } from './check-config.ts'
import { addEntry, EntryEditError, itemText } from './config/edit-entries.ts'
import { targetBaseSchema } from './config/policy-schemas.ts'
import { type Finding, renderPath } from './config/problem.ts'
import { targetEntry } from './config/target-entries.ts'
import { editPolicy } from './edit-policy.ts'
import type { TargetEntry } from './governance/policy/policy-document.ts'
import { masksByKind } from './governance/policy/session-policy.ts'
import type { PolicyHolder } from './governance/policy/policy-holder.ts'
import { protocols } from './protocols.ts'
import { type AdapterServices, type Listener, type Log, NotReached } from './protocols/protocol-adapter.ts'
import type { Storage } from './storage/open-storage.ts'
import { SecretError } from './vault/secret.ts'

/** Of a connection test, unless said otherwise. */
const TEST_TIMEOUT_MS = 10_000
/** What a target says of itself is cut: it may be anybody. */
const MAX_WORDS = 500

export interface TargetOptions {
  readonly policies: PolicyHolder
  readonly storage: Pick<Storage, 'policyVersions' | 'signals' | 'sessions' | 'sessionLogins'>
  /** Where a protocol is spoken; undefined where it is not. */
  readonly listener: (protocol: string) => Pick<Listener, 'catalogOf'> | undefined
  readonly lent: Pick<AdapterServices, 'resolveSecret' | 'authorities'>
  /** How long a connection test may take. */
  readonly testTimeoutMs?: number
  readonly log: Pick<Log, 'warn'>
}

/** What the control API does with targets that are no part of the document yet. */
export function administerTargets({ policies, storage, listener, lent, testTimeoutMs = TEST_TIMEOUT_MS, log }: TargetOptions): TargetAdministration {
  let isTesting = false
  return {
    protocols: () => protocols.map(({ name, defaultPort, reach, targetSchema }) => ({ name, defaultPort, testable: reach !== undefined, schema: schemaOf(name, targetSchema) })),
    read,
    async draft(data) {
      const newest = await storage.policyVersions.newest()
      if (newest === undefined) return { version: 0, problems: [{ path: '', message: 'no policy was applied yet' }] }
      const { version, text } = newest
      const parsed = read(data)
      if ('problems' in parsed) return { version, problems: parsed.problems }
      try {
        const entry = data as TargetEntry
        const problems = checkConfig(addEntry(text, 'targets', entry)).map(({ path, message }) => ({ path: path.replace(/^targets\[\d+\]\.?/, ''), message }))
        return { version, problems, ...(problems.length === 0 && { text: itemText(entry, 2) }) }
      } catch (error) {
        if (error instanceof EntryEditError) return { version, problems: [{ path: '', message: error.message }] }
        throw error
      }
    },
    add: (data, by, expected) => editPolicy({ policies, signals: storage.signals }, ({ text }) => Promise.resolve(addEntry(text, 'targets', data as TargetEntry)), by, expected),
    async use() {
      const logins = new Map<string, number>()
      for (const { target } of await storage.sessionLogins.list()) logins.set(target, (logins.get(target) ?? 0) + 1)
      return { openSessions: await storage.sessions.openByTarget(), logins }
    },
    catalogs: (targets) => targets.flatMap((target) => {
      const at = listener(target.protocol)
      if (at?.catalogOf === undefined) return []
      const { masks } = masksByKind(policies.current.document.masks.filter(({ targets: names }) => names?.includes(target.name) ?? true))
      return [{ name: target.name, catalog: at.catalogOf(target, masks) }]
    }),
    async test(entry) {
      if (isTesting) return 'busy'
      isTesting = true
      try {
        return await tryTarget(entry, lent, testTimeoutMs, log)
      } finally {
        isTesting = false
      }
    },
  }
}

function read(data: unknown): { readonly entry: TargetEntry } | { readonly problems: readonly TargetProblem[] } {
  const findings: Finding[] = []
  const entry = targetEntry(data, [], protocols, findings)
  if (entry !== undefined) return { entry }
  // One at a place: several checks may object to the same.
  const problems = new Map(findings.map(({ path, message }) => [renderPath(path), message]).toReversed() as [string, string][])
  return { problems: Array.from(problems, ([path, message]) => ({ path, message })).toReversed() }
}

/** All that an entry may hold, for a form: name and protocol first, what every target may say last. */
function schemaOf(protocol: string, targetSchema: z.ZodObject): object {
  const asJson = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  const { properties: { name, protocol: _protocol, ...everywhere } = {} } = asJson(targetBaseSchema)
  const { properties, required = [] } = asJson(targetSchema)
  return { type: 'object', properties: { name, protocol: { const: protocol }, ...properties, ...everywhere }, required: ['name', 'protocol', ...required], additionalProperties: false }
}

async function tryTarget(entry: TargetEntry, lent: TargetOptions['lent'], timeoutMs: number, log: TargetOptions['log']): Promise<TargetTrial> {
  const started = performance.now()
  const { reach } = protocols.find(({ name }) => name === entry.protocol) ?? {}
  const secrets: string[] = []
  const resolveSecret = async (reference: string): Promise<string> => {
    const secret = await lent.resolveSecret(reference)
    secrets.push(secret)
    return secret
  }
  const done = (reached: boolean, words: string): TargetTrial =>
    ({ reached, words: withoutSecrets(words, secrets).slice(0, MAX_WORDS), tookMs: Math.round(performance.now() - started) })
  if (reach === undefined) return done(false, `a connection to a target of ${entry.protocol} cannot be tried`)
  try {
    return done(true, await reach(entry, { ...lent, resolveSecret }, timeoutMs))
  } catch (error) {
    if (error instanceof NotReached || error instanceof SecretError) return done(false, error.message)
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : ''
    log.warn({ target: entry.name, error: error instanceof Error ? error.name : 'unknown' }, 'a connection test failed by an error that it does not know')
    return done(false, `the gateway could not try it${code}; look whether each file that the entry names is there and is what it should be`)
  }
}

/** A target that was told a secret may say it back. */
function withoutSecrets(words: string, secrets: readonly string[]): string {
  return secrets.reduce((text, secret) => text.replaceAll(secret, '[secret]'), words)
}
