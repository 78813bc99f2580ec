import type { Operation } from './operation.ts'

/** Only {@link issuePermit} can make one: the constructor wants this key, which does not leave the folder. */
const key = Symbol('permit')

/** The spent-once proof that one operation may be forwarded. */
export class Permit {
  #operation: Operation | undefined

  constructor(operation: Operation, issuer: symbol) {
    if (issuer !== key) throw new Error('a permit is issued by governExchange alone')
    this.#operation = operation
  }

  /**
   * Spends the permit for the operation it was issued for.
   * @throws Error when it was spent before, or was issued for another operation.
   */
  spend(operation: Operation): void {
    if (this.#operation === undefined) throw new Error('this permit was spent already')
    if (this.#operation !== operation) throw new Error('this permit is for another operation')
    this.#operation = undefined
  }
}

export function issuePermit(operation: Operation): Permit {
  return new Permit(operation, key)
}
