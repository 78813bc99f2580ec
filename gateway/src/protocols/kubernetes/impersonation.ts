import type { Identity } from '../../governance/identity.ts'

/** An identity that cannot be named to the API server. */
export class NotImpersonable extends Error {
  override readonly name = 'NotImpersonable'
}

const MAX_GROUPS = 200
/** Go trims what is blank at the ends of a header; control characters end it. */
const NAME = /^[^\s\p{Cc}](?:[^\p{Cc}]{0,250}[^\s\p{Cc}])?$/u

/**
 * Headers that ask the API server to treat a request as the identity's own. Behind the prefix no name can be one of the
 * cluster's own users and groups.
 * @throws NotImpersonable
 */
export function impersonationHeaders({ name, groups }: Pick<Identity, 'name' | 'groups'>, prefix: string): Record<string, string | string[]> {
  if (groups.length > MAX_GROUPS) throw new NotImpersonable(`the identity has more than ${MAX_GROUPS} groups`)
  return {
    'impersonate-user': headerText(prefix, name),
    ...(groups.length > 0 && { 'impersonate-group': groups.map((group) => headerText(prefix, group)) }),
  }
}

function headerText(prefix: string, name: string): string {
  if (!NAME.test(name)) throw new NotImpersonable('the identity has a name or group that cannot be sent to the API server')
  // Go reads the bytes of a header as UTF-8, and Node writes each character as one byte.
  return Buffer.from(prefix + name, 'utf8').toString('latin1')
}
