/** A request's turn to rely on what paths mean, or to change it. */
export interface Turn {
  /** It has begun: until it ends nobody else's turn contradicts it. */
  readonly begun: boolean
  /** Safe to call twice, and before it has begun. */
  end(): void
}

interface Waiting extends Turn {
  begun: boolean
  readonly changes: boolean
  readonly begin: () => void
}

/**
 * Keeps apart the requests of one session that rely on what paths mean, from the question to the target until its answer,
 * and those that change it: what was resolved and decided is then what the target opens. Whoever changes, by a link, a
 * rename or a removal, is alone; all others may go together. In the order in which they came.
 */
export class NamesOrder {
  readonly #waiting: Waiting[] = []
  #uses = 0
  #changing = false

  /** @param begin called when the turn begins, unless it has begun already when this returns */
  take(changes: boolean, begin: () => void): Turn {
    let called = false
    const turn: Waiting = {
      begun: false, changes,
      begin: () => {
        if (called) begin()
      },
      end: () => this.#end(turn),
    }
    this.#waiting.push(turn)
    this.#next()
    called = true
    return turn
  }

  #end(turn: Waiting): void {
    const at = this.#waiting.indexOf(turn)
    if (at !== -1) this.#waiting.splice(at, 1)
    else if (turn.begun) {
      turn.begun = false
      if (turn.changes) this.#changing = false
      else this.#uses--
    } else return
    this.#next()
  }

  #next(): void {
    for (let turn = this.#waiting[0]; turn !== undefined && !this.#changing && (!turn.changes || this.#uses === 0); turn = this.#waiting[0]) {
      this.#waiting.shift()
      turn.begun = true
      if (turn.changes) this.#changing = true
      else this.#uses++
      turn.begin()
    }
  }
}

const orders = new WeakMap<object, NamesOrder>()

/** One for all SFTP channels of a session. */
export function namesOrderOf(session: object): NamesOrder {
  let order = orders.get(session)
  if (order === undefined) orders.set(session, order = new NamesOrder())
  return order
}
