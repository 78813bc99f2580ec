import type { RuleUse } from '../governance/agents/identity-use.ts'
import type { IndexSlice } from './index-store.ts'

/** What a slice adds to the use of rules by agents: few rows, however many operations it has. */
export function ruleUseOf({ changes }: IndexSlice): readonly RuleUse[] {
  const uses = new Map<string, { agent: string; issuer: string; rule: string; count: number; lastAtMs: number }>()
  for (const { row, count, lastAtMs } of changes) {
    if (count === 0 || !('session' in row)) continue
    const { identity, actors } = row.session
    const who = [...(identity.kind === 'agent' ? [{ agent: identity.name, issuer: identity.issuer }] : []), ...actors.slice(0, 1).map((agent) => ({ agent, issuer: '' }))]
    for (const { agent, issuer } of who) {
      const key = JSON.stringify([agent, issuer, row.rule])
      const use = uses.get(key) ?? { agent, issuer, rule: row.rule, count: 0, lastAtMs: 0 }
      use.count += count
      use.lastAtMs = Math.max(use.lastAtMs, lastAtMs)
      uses.set(key, use)
    }
  }
  return [...uses.values()]
}
