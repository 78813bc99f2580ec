import type { Identity } from '../identity.ts'
import type { Requester } from './review.ts'

/** As much of an identity as a review keeps. */
export function requesterOf({ kind, name, issuer, subject, groups, actors, actor }: Identity): Requester {
  return {
    kind, name, issuer, subject, groups, actors,
    ...(actor !== undefined && { actor: { kind: actor.kind, name: actor.name, issuer: actor.issuer, subject: actor.subject } }),
  }
}

/** A person's is what is done for them by others too; of whoever acts for a person it is what the same did, and nothing of the person's own. */
export function isDoneBy(who: { readonly actors: readonly string[] }, actors: readonly string[]): boolean {
  return who.actors.length === 0 || (who.actors.length === actors.length && who.actors.every((actor, at) => actor === actors[at]))
}

export function isOwn(requester: Requester, who: Requester): boolean {
  const { kind, name, issuer, subject } = who
  return requester.kind === kind && requester.name === name && requester.issuer === issuer && requester.subject === subject && isDoneBy(who, requester.actors)
}
