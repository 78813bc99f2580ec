import type { OperationIndex } from '../recording/operation-index.ts'
import type { ReviewHistory } from './review-history.ts'
import type { Person, RiskContext } from './review.ts'

/** Refused ones are found too: among so many there is one that ran, or nobody can tell. */
const PAGE = 50

/** History as the index of operations has it. */
export class IndexHistory implements ReviewHistory {
  readonly #index: OperationIndex

  constructor(index: OperationIndex) {
    this.#index = index
  }

  async touched({ name, kind, issuer }: Person, target: string, objects: readonly string[]): Promise<readonly string[]> {
    const found = await Promise.all(objects.map((object) => this.#index.search(
      { terms: [whole('target', target), whole('table', object)] }, { limit: PAGE, owner: { name, kind, issuer, actors: [] } })))
    return objects.filter((_, at) => found[at]?.operations.some(({ completed, failed, aborted }) => completed + failed + aborted > 0))
  }

  async lately(session: string, beforeOperation: number, limit: number): Promise<RiskContext['lately']> {
    const { operations } = await this.#index.search({ terms: [whole('session', session)] }, { limit: limit + 1 })
    return operations.filter(({ first }) => first.number < beforeOperation).slice(0, limit).toReversed()
      .map(({ text, decision, last }) => ({ text, decision, atMs: last.atMs }))
  }
}

function whole<Key extends 'target' | 'table' | 'session'>(key: Key, text: string) {
  return { key, negated: false, anyOf: [{ text, match: 'whole' }] } as const
}
