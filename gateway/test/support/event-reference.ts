import { type LedgerEvent, ledgerEvents } from '@sallyport/contract/events'
import { z } from 'zod'
import { toOcsf } from '../../src/governance/recording/ocsf.ts'

/** Everything below this line of docs/reference/events.md comes from the schema. */
export const GENERATED = '<!-- made of contract/src/events.ts by gateway/test/event-reference.test.ts -->'

interface Member {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly items?: Member
  readonly anyOf?: readonly Member[]
  readonly properties?: Readonly<Record<string, Member>>
  readonly required?: readonly string[]
  readonly description?: string
}

const COMMON = new Set(['v', 'event', 'at'])

/** A list of all events with their OCSF classes, then each with its members and an example. */
export function eventReference(): string {
  const list = ledgerEvents.map((schema) => {
    const { title = '' } = schema.meta() ?? {}
    const { class_name: name, class_uid: uid, activity_name: activity } = toOcsf(exampleOf(schema))
    return `| [\`${title}\`](#${title.replaceAll('.', '')}) | ${String(name)} (${uid}), ${String(activity)} |`
  })
  return ['| event | OCSF class and activity |\n| --- | --- |', ...list, '', ...ledgerEvents.map(describeEvent)].join('\n')
}

function describeEvent(schema: (typeof ledgerEvents)[number]): string {
  const { title = '', description = '' } = schema.meta() ?? {}
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' }) as Member
  const rows = Object.entries(properties).filter(([name]) => !COMMON.has(name)).flatMap(([name, member]) => rowsOf(name, member, required.includes(name)))
  return `## ${title}\n\n${description}\n\n| member | type | meaning |\n| --- | --- | --- |\n${rows.join('\n')}\n\n\`\`\`json\n${JSON.stringify(exampleOf(schema), undefined, 2)}\n\`\`\`\n`
}

function rowsOf(name: string, member: Member, isRequired: boolean): string[] {
  const row = `| \`${name}\` | ${typeOf(member)}${isRequired ? '' : ', optional'} | ${member.description ?? ''} |`
  const { properties = {}, required = [] } = member
  return [row, ...Object.entries(properties).flatMap(([inner, one]) => rowsOf(`${name}.${inner}`, one, required.includes(inner)))]
}

function typeOf(member: Member): string {
  if (member.enum !== undefined) return member.enum.map((value) => `\`${value}\``).join(' or ')
  if (member.anyOf !== undefined) return member.anyOf.map(typeOf).join(' or ')
  if (member.items !== undefined) return `list of ${typeOf(member.items)}`
  const names: Readonly<Record<string, string>> = { string: 'text', integer: 'integer', boolean: 'true or false', object: 'object', null: 'null' }
  return names[member.type ?? ''] ?? String(member.type)
}

function exampleOf(schema: (typeof ledgerEvents)[number]): LedgerEvent {
  const [example] = (schema.meta()?.['examples'] ?? []) as LedgerEvent[]
  if (example === undefined) throw new Error(`no example of ${schema.meta()?.title}`)
  return example
}
