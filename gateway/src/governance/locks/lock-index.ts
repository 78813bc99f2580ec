import { nameKey } from '../name-key.ts'
import type { Lock, LockCheck, LockedParty } from './lock.ts'

/** A set of locks, found by what they hold of. */
export class LockIndex implements LockCheck {
  readonly #byKey = new Map<string, Lock>()

  constructor(locks: Iterable<Lock>) {
    for (const lock of locks) this.#byKey.set(lockKey(lock.kind, lock.name), lock)
  }

  get locks(): readonly Lock[] {
    return [...this.#byKey.values()]
  }

  has({ kind, name }: Pick<Lock, 'kind' | 'name'>): boolean {
    return this.#byKey.has(lockKey(kind, name))
  }

  on({ kind, name, subject, actors, actor }: LockedParty, target?: string): Lock | undefined {
    if (this.#byKey.size === 0) return undefined
    const names = new Set([name, subject, ...actors, ...(actor === undefined ? [] : [actor.subject])].map(nameKey))
    for (const one of names) {
      const lock = this.#byKey.get(`identity ${one}`)
      if (lock !== undefined) return lock
    }
    for (const agent of kind === 'agent' ? [name, ...actors] : actors) {
      const lock = this.#byKey.get(`agent ${nameKey(agent)}`)
      if (lock !== undefined) return lock
    }
    return target === undefined ? undefined : this.#byKey.get(lockKey('target', target))
  }
}

/** Equal for locks that hold of the same: names of people and agents letters' case aside, those of targets as they are. */
export function lockKey(kind: Lock['kind'], name: string): string {
  return kind === 'target' ? `target ${name}` : `${kind} ${nameKey(name)}`
}
