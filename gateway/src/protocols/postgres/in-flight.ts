import type { Step } from './step.ts'

/** Steps sent and not yet answered, oldest first. */
export class InFlight {
  #steps: (Step | undefined)[] = []
  #head = 0

  get head(): Step | undefined {
    return this.#steps[this.#head]
  }

  get length(): number {
    return this.#steps.length - this.#head
  }

  push(step: Step): void {
    this.#steps.push(step)
  }

  shift(): Step | undefined {
    const step = this.#steps[this.#head]
    if (step === undefined) return undefined
    this.#steps[this.#head++] = undefined
    if (this.#head === this.#steps.length) {
      this.#steps.length = 0
      this.#head = 0
    } else if (this.#head > 1024 && this.#head * 2 > this.#steps.length) {
      this.#steps = this.#steps.slice(this.#head)
      this.#head = 0
    }
    return step
  }
}
