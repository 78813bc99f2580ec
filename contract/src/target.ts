import { z } from 'zod'

/** A target as a client reaches it: host and port are the gateway's own listener, never the target's. */
export const Target = z.object({
  name: z.string(),
  protocol: z.string(),
  host: z.string(),
  port: z.int().min(1).max(65_535),
  /** What to give as database name, where the protocol has one; the target's name. */
  database: z.string().optional(),
  /** Whether the listener speaks TLS. */
  tls: z.boolean(),
  labels: z.record(z.string(), z.string()),
})
export type Target = z.infer<typeof Target>

export const TargetList = z.object({ targets: z.array(Target) })
export type TargetList = z.infer<typeof TargetList>

/** What goes on at a target now, by all gateways. */
export const TargetUse = z.object({
  name: z.string(),
  openSessions: z.int(),
  /** Logins at the target that were made for one session each, and are there still. */
  logins: z.int(),
})
export type TargetUse = z.infer<typeof TargetUse>

export const TargetUseList = z.object({ targets: z.array(TargetUse) })
export type TargetUseList = z.infer<typeof TargetUseList>

/** What a target holds, as the gateway that answers last read it for the sessions there: no values. */
export const TargetCatalog = z.object({
  name: z.string(),
  /** Null when no session has had it read since the gateway started, or since the target's entry was changed. */
  catalog: z.object({
    /** Those with something in them; the target's own and temporary ones are in none of the numbers. */
    schemas: z.int(),
    tables: z.int(),
    views: z.int(),
    /** Columns masked for those whom no mask spares, with those of views that show them. */
    maskedColumns: z.int(),
    /** The first 50 of them by name, `schema.table.column`. */
    masked: z.array(z.string()).max(50),
    /** When it was read, or last found unchanged. */
    readAt: z.iso.datetime(),
  }).nullable(),
})
export type TargetCatalog = z.infer<typeof TargetCatalog>

/** Targets of protocols without a catalog are left out. */
export const TargetCatalogList = z.object({ targets: z.array(TargetCatalog) })
export type TargetCatalogList = z.infer<typeof TargetCatalogList>

/** A protocol that the gateway speaks, and what its targets say in the policy document. */
export const ProtocolKind = z.object({
  name: z.string(),
  defaultPort: z.int(),
  /** Whether a connection to a target can be tried. */
  testable: z.boolean(),
  /** JSON Schema 2020-12 of a target's whole entry. What refers to a secret has the format `secret-reference`. */
  schema: z.record(z.string(), z.unknown()),
})
export type ProtocolKind = z.infer<typeof ProtocolKind>

export const ProtocolList = z.object({ protocols: z.array(ProtocolKind) })
export type ProtocolList = z.infer<typeof ProtocolList>

/** A target's entry as the policy document has it: secrets by reference only. */
const TargetEntry = z.record(z.string(), z.unknown())

/** With `dryRun` nothing is added: what would be wrong is told. `policyVersion` is the version that must be the newest. */
export const TargetRequest = z.strictObject({ entry: TargetEntry, dryRun: z.boolean(), policyVersion: z.int().min(1).exactOptional() })
export type TargetRequest = z.infer<typeof TargetRequest>

/** One thing wrong with an entry. */
export const TargetProblem = z.object({
  /** Where in the entry: `credential.password`, `hostKeys[0]`; empty for the entry itself. */
  path: z.string(),
  message: z.string(),
})
export type TargetProblem = z.infer<typeof TargetProblem>

/** What an addition of a target came to. */
export const TargetChange = z.object({
  /** The version that has it; with `dryRun`, the newest. */
  policyVersion: z.int(),
  dryRun: z.boolean(),
  /** Nothing when it was added, or could be. */
  problems: z.array(TargetProblem),
  /** The entry as it stands in the document, YAML; null while something is wrong with it. */
  text: z.string().nullable(),
})
export type TargetChange = z.infer<typeof TargetChange>

/** An entry that need not be in the document, or the name of a target that is. */
export const TargetTestRequest = z.union([z.strictObject({ entry: TargetEntry }), z.strictObject({ target: z.string().min(1).max(63) })])
export type TargetTestRequest = z.infer<typeof TargetTestRequest>

/** What came of a connection test. */
export const TargetTest = z.object({
  reached: z.boolean(),
  /** What was reached, or why it was not, in words. */
  words: z.string(),
  tookMs: z.int(),
  problems: z.array(TargetProblem),
})
export type TargetTest = z.infer<typeof TargetTest>
