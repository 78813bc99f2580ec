import { actingAlone, atMostBoth, rulesAlone } from './acting.ts'
import type { CompiledRule } from './compiled-rule.ts'
import { compileCondition, ConditionError, type Condition } from './condition.ts'
import { subjectScope } from './condition-scope.ts'
import { grantableRules, grantedRules } from './granted-rules.ts'
import type { DetectorMask, MaskEntry, PolicyDocument } from './policy-document.ts'
import { type PolicyProblem, PolicyProblems } from './policy-problems.ts'
import type { Policy, PolicySubject, SessionPolicy } from './policy.ts'
import { demandOf } from './review-terms.ts'
import { sessionPolicy } from './session-policy.ts'

interface CompiledMask {
  readonly entry: MaskEntry | DetectorMask
  readonly unless?: Condition
}

/**
 * Turns a checked document into what decides. Every condition is parsed and type-checked here, none later.
 * @throws PolicyProblems naming every condition that is wrong
 */
export function compilePolicy(document: PolicyDocument, version: number): Policy {
  const problems: PolicyProblem[] = []
  const compile = (
    source: string, place: 'when' | 'unless', path: readonly (string | number)[],
  ): Condition | undefined => {
    try {
      return compileCondition(source, place)
    } catch (error) {
      if (!(error instanceof ConditionError)) throw error
      problems.push({ path, message: error.message, offset: error.offset })
      return undefined
    }
  }
  const rules = document.rules.map((entry, index): CompiledRule => {
    const condition = entry.when === undefined ? undefined : compile(entry.when, 'when', ['rules', index, 'when'])
    const demand = demandOf(entry, document.roles)
    return condition === undefined ? { entry, demand } : { entry, demand, condition }
  })
  const masks = document.masks.map((entry, index): CompiledMask => {
    const unless = entry.unless === undefined ? undefined : compile(entry.unless, 'unless', ['masks', index, 'unless'])
    return unless === undefined ? { entry } : { entry, unless }
  })
  // Without this a rule whose condition did not compile would hold always.
  if (problems.length > 0) throw new PolicyProblems(problems)
  return {
    version,
    document,
    grantable(subject) {
      const here = rules.filter(isFor(subject))
      const alone = actingAlone(subject)
      const together = grantableRules(here, subject)
      if (alone === undefined) return together
      const byItself = grantableRules(rulesAlone(here, subject), alone)
      return together.filter(({ rule }) => byItself.some((one) => one.rule === rule))
    },
    forSession(subject, grants = []): SessionPolicy {
      const here = rules.filter(isFor(subject))
      const granted = grantedRules(here, subject, grants)
      const masked = masks.filter(isFor(subject))
      const of = (who: PolicySubject, its: readonly CompiledRule[]): SessionPolicy => sessionPolicy({
        version,
        subject: who,
        rules: its,
        masks: masked.filter((mask) => !isLifted(mask, mask.unless?.mentionsActor === true ? subject : who)).map(({ entry }) => entry),
        granted,
      })
      const alone = actingAlone(subject)
      const together = of(subject, here)
      return alone === undefined ? together : atMostBoth(together, of(alone, rulesAlone(here, subject)), subject)
    },
  }
}

function isFor({ target }: PolicySubject) {
  return ({ entry }: { readonly entry: { readonly targets?: readonly string[] } }): boolean =>
    entry.targets === undefined || entry.targets.includes(target.name)
}

/** A mask stays on when it cannot be told whether it may be lifted. */
function isLifted({ unless }: CompiledMask, subject: PolicySubject): boolean {
  try {
    return unless !== undefined && unless.holds(subjectScope(subject))
  } catch {
    return false
  }
}
