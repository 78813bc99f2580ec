import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compileCondition, ConditionError, ConditionFailed } from './condition.ts'
import { OperationFields, subjectScope } from './condition-scope.ts'
import { compilePolicy } from './compile-policy.ts'
import { document, facts, subject } from './policy-samples.test-support.ts'
import { PolicyProblems } from './policy-problems.ts'

function holds(source: string, actions: readonly string[] = ['select']): boolean {
  return compileCondition(source, 'when').holds({ ...subjectScope(subject()), operation: new OperationFields(facts({ actions })) })
}

describe('a condition is refused when it is compiled', () => {
  const wrong: readonly (readonly [source: string, message: string, offset: number])[] = [
    ['', 'the condition ends too early', 0],
    ['operation.readOnly &&', 'the condition ends too early', 21],
    ['operation.readonly', 'there is no field "readonly"', 10],
    ['user.admin', 'there is no variable "user"', 0],
    ['identity', 'a condition must be a bool, and this is of type Identity', 0],
    ['identity.name', 'a condition must be a bool, and this is of type string', 0],
    ['identity.claims.admin', 'a condition must be a bool, and this is of type dyn; compare it, for example with == true', 0],
    ['identity.kind == "person" ? identity.claims.a : true', 'a condition must be a bool', 0],
    ['identity.name == 3', 'no such overload: string == int', 0],
    ['operation.statements > "1"', 'no such overload: int > string', 0],
    ['operation.actions == "drop"', 'no such overload: list<string> == string', 0],
    ['"drop" in operation.readOnly', 'no such overload: string in bool', 0],
    ['operation.actions.exists(a, a == 1)', 'no such overload: string == int', 28],
    ['operation.actions.contains("drop")', "found no matching overload for 'list.contains(string)'", 0],
    ['!operation.actions', 'no such overload: !list<string>', 0],
    ['operation.readOnly && identity.name', 'Logical operator requires bool operands', 0],
    ['target.labels.env == 1', 'no such overload: string == int', 0],
    ['now() > 3', "found no matching overload for 'now()'", 0],
    ['identity.name.matches("(a")', 'not an RE2 pattern', 22],
    ['identity.name.matches("(?=a)")', 'not an RE2 pattern', 22],
    ['identity.name.matches(3)', "found no matching overload for 'string.matches(int)'", 0],
    ['operation.readOnly.matches("x")', "found no matching overload for 'bool.matches(string)'", 0],
    ['identity.name.linearMatches("x")', 'there is no function linearMatches', 0],
    ['operation.objects.exists(a, operation.objects.exists(b, operation.objects.exists(c, a == b)))', 'nested at most 2 deep', 0],
    ['operation.objects.all(a, operation.objects.all(b, a in operation.functions))', 'nested at most 2 deep', 0],
    [`identity.name == "${'x'.repeat(4000)}"`, 'at most 4000 characters', 0],
    [`${'('.repeat(200)}true${')'.repeat(200)}`, 'Exceeded maxDepth', 50],
    ['identity.name == "\\d"', 'Invalid escape sequence', 18],
  ]
  for (const [source, message, offset] of wrong) {
    test(source.length > 80 ? `${source.slice(0, 80)}…` : source || '(empty)', () => {
      assert.throws(() => compileCondition(source, 'when'), (error) => {
        assert.ok(error instanceof ConditionError, String(error))
        assert.ok(error.message.includes(message), error.message)
        assert.equal(error.offset, offset)
        return true
      })
    })
  }

  test('and a mask may not look at the operation', () => {
    assert.throws(() => compileCondition('operation.readOnly', 'unless'), /"unless" may use identity, target and session, not operation/)
    assert.doesNotThrow(() => compileCondition('"privacy" in identity.groups && target.name != session.purpose', 'unless'))
  })

  test('and all problems of a document are told at once, with their paths', () => {
    const wrongDocument = document({
      rules: [{ name: 'a', when: 'true', then: 'allow' }, { name: 'b', when: '1', then: 'deny' }],
      masks: [{ name: 'm', columns: ['t.c'], method: 'redact', unless: 'operation.readOnly' }],
    })
    assert.throws(() => compilePolicy(wrongDocument, 1), (error) => {
      assert.ok(error instanceof PolicyProblems)
      assert.deepEqual(error.problems.map(({ path }) => path.join('.')), ['rules.1.when', 'masks.0.unless'])
      return true
    })
  })

  test('whatever its text, never with another error', () => {
    const token = fc.constantFrom('operation', '.readOnly', '.actions', '.exists(a, ', '.matches("', '"', '(', ')', '[', ']', '{', '}', '&&', '||', '!', '==', ' in ',
      'identity', '.claims', '.x', '?', ':', 'true', '1', '-', 'cel.bind(x, ', 'has(', ',', 'b"', "r'", '\\', '//', '\n')
    fc.assert(fc.property(fc.array(fc.oneof(token, fc.string({ maxLength: 3 })), { maxLength: 12 }), (tokens) => {
      try {
        const condition = compileCondition(tokens.join(''), 'when')
        condition.holds({ ...subjectScope(subject()), operation: new OperationFields(facts()) })
      } catch (error) {
        assert.ok(error instanceof ConditionError || error instanceof ConditionFailed, String(error))
      }
    }), { numRuns: 2000 })
  })
})

describe('matches', () => {
  test('finds a pattern anywhere, also inside macros and negations, and with a computed pattern', () => {
    assert.ok(holds('identity.name.matches("^support-[a-z]+$")'))
    assert.ok(holds('identity.name.matches("port")'))
    assert.ok(!holds('identity.name.matches("^port")'))
    assert.ok(holds('operation.actions.all(a, !a.matches("^(drop|truncate)$"))'))
    assert.ok(holds('operation.actions.filter(a, a.matches("sel")).size() == 1'))
    assert.ok(holds('operation.actions.map(a, a.matches("sel")) == [true]'))
    assert.ok(holds('identity.claims.azp.matches(identity.name)'))
    assert.ok(holds('cel.bind(x, identity.name, x.matches("^s")) && (identity.name.matches("z") ? false : true)'))
    assert.ok(holds('{"a": identity.name.matches("^s")}["a"]'))
  })

  test('takes no longer for a pattern on which backtracking hangs', { timeout: 10_000 }, () => {
    const text = `${'a'.repeat(20_000)}!`
    const evil = ['^(a+)+$', '^(a|a)*$', '^(a|aa)+$', '(.*)*(.*)*x$', '^(([a-z])+.)+[A-Z]$']
    for (const pattern of evil) {
      for (const source of [
        `operation.actions.exists(a, a.matches("${pattern}"))`, `operation.actions[0].matches("${pattern}")`,
        `operation.actions.filter(a, a.matches("${pattern}")).size() > 0`, `operation.actions.map(a, a.matches("${pattern}"), a).size() > 0`,
        `operation.actions.all(a, a.matches("${pattern}"))`, `operation.actions.exists_one(a, a.matches("${pattern}"))`,
        `[operation.actions[0].matches("${pattern}")][0]`, `cel.bind(p, "${pattern}", operation.actions[0].matches(p))`,
        `dyn(operation.actions[0]).matches("${pattern}")`, `identity.name.matches("${pattern}") || operation.actions[0].matches("${pattern}")`,
        `(operation.actions[0].matches("${pattern}") ? 1 : 2) == 1`, `-size([operation.actions[0].matches("${pattern}")]) == 5`,
      ]) assert.equal(holds(source, [text]), false, source)
    }
  })

  test('in a conjunct that is evaluated alone is the linear one too', { timeout: 5000 }, () => {
    const { conjuncts } = compileCondition('operation.readOnly && session.purpose.matches("^(a+)+$")', 'when')
    const scope = subjectScope({ ...subject(), purpose: `${'a'.repeat(20_000)}!` })
    assert.equal(conjuncts[1]?.holds(scope), false)
  })

  test('refuses a pattern that would be huge once compiled', () => {
    for (const pattern of ['((a{100}){100}){100}', '(?:a{1000}){1000}', 'x'.repeat(1001)]) {
      assert.throws(() => compileCondition(`identity.name.matches("${pattern}")`, 'when'), ConditionError)
    }
  })
})

test('conditions can neither change what they see nor reach the host', () => {
  for (const source of [
    'identity.constructor == 1', 'operation.__proto__ == 1', 'identity.claims.constructor == 1', 'target.labels["__proto__"] == "x"',
    'identity["constructor"] == 1', 'identity[identity.claims.azp] == 1', 'operation.actions["length"] == 1',
  ]) {
    let outcome: unknown
    try {
      outcome = holds(source)
    } catch (error) {
      outcome = error
    }
    assert.ok(outcome === false || outcome instanceof ConditionError || outcome instanceof ConditionFailed, `${source}: ${String(outcome)}`)
  }
})
