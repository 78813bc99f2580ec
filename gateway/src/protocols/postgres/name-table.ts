/** What stands under each name. The unnamed one, which most drivers use for every statement, is a field of its own. */
export class NameTable<T> {
  #unnamed: T | undefined
  #named: Map<string, T> | undefined

  get size(): number {
    return (this.#named?.size ?? 0) + (this.#unnamed === undefined ? 0 : 1)
  }

  get(name: string): T | undefined {
    return name === '' ? this.#unnamed : this.#named?.get(name)
  }

  set(name: string, value: T): void {
    if (name === '') this.#unnamed = value
    else (this.#named ??= new Map()).set(name, value)
  }

  delete(name: string): void {
    if (name === '') this.#unnamed = undefined
    else this.#named?.delete(name)
  }

  names(): string[] {
    const names = this.#named === undefined ? [] : [...this.#named.keys()]
    if (this.#unnamed !== undefined) names.push('')
    return names
  }

  /** Takes out of `other` whatever is the same here, and is empty then. */
  removeFrom(other: NameTable<T>): void {
    if (this.#unnamed !== undefined) {
      if (other.#unnamed === this.#unnamed) other.#unnamed = undefined
      this.#unnamed = undefined
    }
    if (this.#named === undefined || this.#named.size === 0) return
    for (const [name, value] of this.#named) if (other.#named?.get(name) === value) other.#named.delete(name)
    this.#named.clear()
  }
}
