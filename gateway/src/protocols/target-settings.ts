import { z } from 'zod'
import type { TargetEntry } from '../governance/policy/policy-document.ts'

/** What targets of all protocols say in the policy document in the same way. */

/** Reference to a secret kept elsewhere; the document itself never holds one. */
export const secretReference = z.string().regex(/^(vault|env|file):.+/, 'must be a reference: vault:NAME, env:NAME or file:PATH').meta({ format: 'secret-reference' })

export const host = z.string().min(1).describe('Host name or address, as the gateway reaches it')
export const port = z.int().min(1).max(65535)

/** How the certificate of a target is checked. */
export const certificateCheck = {
  ca: z.string().regex(/^file:.+/, 'must be file:PATH').optional().describe('PEM file of the authorities to trust; the system\'s when absent'),
  serverName: z.string().optional().describe('Name the certificate must hold, when it is not the host'),
}

const DURATION = /^([1-9]\d{0,5})([smhd])$/
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A duration between two others, such as `5m`. Kept as text, since what was accepted once is read again: see {@link milliseconds}. */
export function duration(from: string, to: string, example: string): z.ZodString {
  return z.string().refine((text) => {
    const ms = milliseconds(text)
    return ms >= milliseconds(from) && ms <= milliseconds(to)
  }, `a duration from ${from} to ${to}, such as ${example}`)
}

/** @returns 0 for what is no duration */
export function milliseconds(text: string): number {
  const [, count = '0', unit = ''] = DURATION.exec(text) ?? []
  return Number(count) * (UNIT_MS[unit] ?? 0)
}

/** A target's entry without what every protocol's has. */
export function ownSettings({ name: _name, protocol: _protocol, labels: _labels, record: _record, retentionMs: _retentionMs, ...settings }: TargetEntry): Readonly<Record<string, unknown>> {
  return settings
}
