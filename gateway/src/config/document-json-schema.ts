import { z } from 'zod'
import { agentSchema, issuerSchema, maskSchema, rolesSchema, targetBaseSchema } from './policy-schemas.ts'
import { ruleSchema } from './rule-schema.ts'
import { samlSchema } from './saml-schema.ts'
import type { TargetKind } from './target-entries.ts'

/**
 * The policy document as JSON Schema 2020-12, made of the schemas that check it, for editors: which keys there are, and
 * which words. `x-entry-of` on a text says that it names an entry of that section. Rules over several keys are not in it.
 */
export function documentJsonSchema(kinds: readonly TargetKind[]): Readonly<Record<string, unknown>> {
  const target = z.union(kinds.map(({ name, targetSchema }) => targetBaseSchema.extend({ protocol: z.literal(name), ...targetSchema.shape })))
  const document = z.strictObject({
    version: z.literal(1),
    issuers: z.array(issuerSchema), saml: z.array(samlSchema).optional(), agents: z.array(agentSchema), targets: z.array(target),
    masks: z.array(maskSchema), rules: z.array(ruleSchema), roles: rolesSchema,
  })
  return asJson(document) as Readonly<Record<string, unknown>>
}

function asJson(schema: z.core.$ZodType): object {
  return z.toJSONSchema(schema, {
    io: 'input', unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      const { def } = zodSchema._zod
      // What is put right before it is checked is written as what is checked.
      if (def.type !== 'pipe' || def.in._zod.def.type !== 'transform') return
      const { $schema: _, ...checked } = asJson(def.out) as { $schema?: string }
      Object.assign(jsonSchema, checked)
    },
  })
}
