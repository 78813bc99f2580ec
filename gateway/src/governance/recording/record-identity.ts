import type { Identity } from '../identity.ts'
import type { RecordedIdentity } from './event-schema.ts'
import { fitList, fitText } from './fit-entry.ts'

const TEXT_BYTES = 4_096
const LIST_BYTES = 12_288

/** An identity as entries have it: without its claims, and of bounded size. */
export function recordIdentity(identity: Omit<Identity, 'claims'>): RecordedIdentity {
  const { kind, name, issuer, subject, groups, actors } = identity
  return { kind, name: cut(name), issuer: cut(issuer), subject: cut(subject), groups: cutList(groups), actors: cutList(actors) }
}

const cut = (text: string): string => fitText(text, TEXT_BYTES).value
const cutList = (items: readonly string[]): string[] => fitList(items, LIST_BYTES).value.map(String)
