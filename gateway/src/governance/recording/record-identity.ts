import type { Identity } from '../identity.ts'
import type { RecordedIdentity, RecordedPerson } from './event-schema.ts'
import { cut, cutList } from './fit-entry.ts'

/** An identity as entries have it: without its claims, and of bounded size. */
export function recordIdentity(identity: Omit<Identity, 'claims' | 'actor'>): RecordedIdentity {
  const { kind, name, issuer, subject, groups, actors } = identity
  return { kind, name: cut(name), issuer: cut(issuer), subject: cut(subject), groups: cutList(groups), actors: cutList(actors) }
}

/** The same of somebody who answers. */
export function recordPerson({ kind, name, issuer, subject }: RecordedPerson): RecordedPerson {
  return { kind, name: cut(name), issuer: cut(issuer), subject: cut(subject) }
}
