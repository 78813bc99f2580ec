import { takingTurns } from '../taking-turns.ts'
import { compilePolicy } from './compile-policy.ts'
import type { PolicyDocument } from './policy-document.ts'
import { PolicyMoved, type PolicyVersions } from './policy-versions.ts'
import type { Policy, PolicySource } from './policy.ts'

export interface PolicyHolderOptions {
  readonly versions: PolicyVersions
  /**
   * Reads and checks a document; throws when anything is wrong with it.
   * `text` is what is kept as the version: the document without what belongs to one gateway alone.
   */
  readonly read: (text: string) => { readonly document: PolicyDocument; readonly text: string }
  /** Told when a listener throws; the others are called all the same, and the version stays in force. */
  readonly onListenerError: (error: unknown) => void
}

/** @param newest text of a version, and what it says */
export type PolicyChange = (newest: { readonly version: number; readonly text: string; readonly document: PolicyDocument }) => Promise<string>

/** Holds the policy in force. Made by {@link openPolicyHolder}, so that there is always one. */
export interface PolicyHolder extends PolicySource {
  /**
   * Checks a document, keeps it as a version, and puts it in force. When anything fails the policy in force stays.
   * Calls run one after the other.
   * @throws what `read` and `compilePolicy` throw for a wrong document, and what storage throws
   */
  apply(text: string, appliedBy: string): Promise<Policy>
  /**
   * Changes the text of the newest version and applies that as {@link apply} does.
   * @param change gives the new text; whatever it throws leaves all as it is
   * @param expected version that must be the newest
   * @throws PolicyMoved when it is not, or when another gateway applies one in the same moment; and as `apply`
   */
  edit(change: PolicyChange, appliedBy: string, expected?: number): Promise<{ readonly policy: Policy; readonly text: string }>
  /**
   * Puts the newest version in force, if another gateway has applied one.
   * @throws as `apply`: the policy in force stays
   */
  follow(): Promise<void>
}

/** What is in force at first: a document that is applied, or a version that is kept already. */
export type FirstPolicy = { readonly text: string; readonly appliedBy: string } | { readonly text: string; readonly version: number }

/** Puts a first document in force. @throws as {@link PolicyHolder.apply} */
export async function openPolicyHolder(options: PolicyHolderOptions, first: FirstPolicy): Promise<PolicyHolder> {
  const { versions, read, onListenerError } = options
  const listeners = new Set<(policy: Policy) => void>()

  const admit = async (candidate: string, by: string, after?: number): Promise<Policy> => {
    const checked = read(candidate)
    // Compiled before it gets a number, so that a wrong document leaves no version behind.
    compilePolicy(checked.document, 0)
    return compilePolicy(checked.document, await versions.append(checked.text, by, after))
  }

  const admitKept = ({ text, version }: { readonly text: string; readonly version: number }): Policy => compilePolicy(read(text).document, version)

  let current = 'version' in first ? admitKept(first) : await admit(first.text, first.appliedBy)
  const inTurn = takingTurns()
  const enforce = (policy: Policy): void => {
    current = policy
    for (const listener of [...listeners]) {
      try {
        listener(policy)
      } catch (error) {
        onListenerError(error)
      }
    }
  }
  return {
    get current() {
      return current
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    apply(candidate, by) {
      return inTurn(async () => {
        const policy = await admit(candidate, by)
        enforce(policy)
        return policy
      })
    },
    edit(change, by, expected) {
      return inTurn(async () => {
        const newest = await versions.newest()
        if (newest === undefined) throw new Error('there is no version to change')
        if (expected !== undefined && newest.version !== expected) throw new PolicyMoved(newest.version)
        const edited = await change({ ...newest, document: read(newest.text).document })
        const policy = await admit(edited, by, newest.version)
        enforce(policy)
        return { policy, text: edited }
      })
    },
    follow() {
      return inTurn(async () => {
        // Asked for again and again: the text is read only where there is another.
        if (await versions.newestNumber() <= current.version) return
        const newest = await versions.newest()
        if (newest !== undefined) enforce(admitKept(newest))
      })
    },
  }
}
