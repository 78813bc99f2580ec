import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { BUILT_IN_RULES } from '../governance/decision.ts'
import { CONDITION_FIELDS } from '../governance/policy/condition-scope.ts'
import { protocols } from '../protocols.ts'
import { sectionKeys } from './gateway-settings.ts'
import { parseConfig } from './parse-config.ts'
import { agentSchema, issuerSchema, maskSchema, rolesSchema } from './policy-schemas.ts'
import { renderProblems } from './problem.ts'
import { ruleSchema } from './rule-schema.ts'
import { samlSchema } from './saml-schema.ts'

const page = readFileSync(new URL('../../../docs/reference/policy.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '')

describe('the reference of the configuration document', () => {
  test('has an example for every section', () => {
    for (const section of ['issuers', 'saml', 'agents', 'targets', 'masks', 'rules', 'roles', 'gateway']) {
      assert.ok(blocks.some((block) => new RegExp(`^${section}:`, 'm').test(block)), section)
    }
  })

  for (const [index, block] of blocks.entries()) {
    test(`has no example that is refused: ${index + 1}, beginning with ${block.split('\n')[0]}`, () => {
      const text = block.startsWith('version:') ? block : `version: 1\n${block}`
      const result = parseConfig(text, protocols)
      if ('problems' in result) assert.fail(renderProblems('example', result.problems))
    })
  }

  test('names every key that there is, and every field, built-in rule and limit', () => {
    const documented = (name: string) => new RegExp(`\\\`[^\`\n]*\\b${name}\\b[^\`\n]*\\\``).test(page)
    const names = [
      ...[issuerSchema, samlSchema, agentSchema, maskSchema, ruleSchema, rolesSchema].flatMap(keysOf), ...sectionKeys,
      ...CONDITION_FIELDS, ...Object.values(BUILT_IN_RULES),
    ]
    assert.ok(names.length > 40)
    for (const name of names) assert.ok(documented(name), `${name} is not in the reference`)
  })
})

function keysOf(schema: object): string[] {
  // The policy's schemas are typed by what they give; their keys are in the innermost object.
  let inner = schema as { shape?: object; in?: object; def?: { in?: object } }
  while (inner.shape === undefined) inner = inner.def?.in ?? assert.fail('no object schema')
  return Object.keys(inner.shape)
}
