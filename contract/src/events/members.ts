import { z } from 'zod'

/** Members that several events share, and how an event is described. What the texts say is the reference's text too. */

export const time = (text: string) => z.int().min(0).describe(`${text}; Unix milliseconds`)
export const count = (text: string) => z.int().min(0).describe(text)
export const text = (meaning: string) => z.string().describe(meaning)
export const names = (meaning: string) => z.array(z.string()).describe(meaning)
export const flag = (meaning: string) => z.boolean().describe(meaning)
export const sha256 = (meaning: string) => z.string().regex(/^[0-9a-f]{64}$/).describe(`${meaning}, hexadecimal`)

/** What may be absent, with a text that says when. */
export const optional = <Schema extends z.ZodType>(schema: Schema) => schema.exactOptional().describe(schema.description ?? '')

export const session = text('Id of the session')
export const operationNumber = z.int().min(1).describe('Number of the operation in its session, from 1')
export const policyVersion = count('Version of the policy in force')
export const by = text('Name of who did it')

export const truncated = (of: string) => z.object({
  bytes: count('UTF-8 bytes of the whole: of a text itself, of a list as a JSON array'),
  sha256: sha256('SHA-256 over those bytes'),
}).exactOptional().describe(`Only where \`${of}\` is cut: size and digest of the whole`)

export const identity = z.object({
  kind: z.enum(['agent', 'person']).describe('Agents are registered in the policy; all others are people'),
  name: text('Registered name of an agent, else the configured name claim'),
  issuer: text('Name of the issuer in the policy'),
  subject: text('`sub` of the token'),
  groups: names('Groups the token lists'),
  actors: names('Who acts for it: the `act` chain of RFC 8693, outermost first'),
}).describe('Who, as verified')

/** When the examples happened. */
export const EXAMPLE_TIME = 1_767_225_600_123
export const EXAMPLE_SESSION = '0mjvb9c3f-Zk3vQ8r1T0uWxYz2'

/** One event: the members that all have, its own, what it says, and an example. */
export function event<Name extends string, Members extends z.ZodRawShape>(
  name: Name, description: string, members: Members, example: Readonly<Record<string, unknown>>,
) {
  return z.object({
    v: z.literal(1).describe('Version of the schema'),
    event: z.literal(name).describe('Which event'),
    at: time('When'),
    ...members,
  }).meta({ title: name, description, examples: [{ v: 1, event: name, at: EXAMPLE_TIME, ...example }] })
}
