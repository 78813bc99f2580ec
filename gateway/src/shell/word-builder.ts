import { constantWord } from './shell-word.ts'
import type { ShellWord } from './shell-word.ts'

const RANK = { constant: 0, computed: 1, pattern: 2, list: 3 } as const

/** Puts a word together from its parts. */
export class WordBuilder {
  #known = true
  #prefix = ''
  #name = ''
  #kind: ShellWord['kind'] = 'constant'
  #optionLike: boolean | undefined = undefined
  /** All there is so far may be nothing, or is no option. */
  #harmlessAlone = true
  #numeric: boolean | undefined = undefined
  #plain = true
  #resolved = false

  literal(text: string): void {
    if (this.#known) this.#prefix += text
    this.#name += text
    if (text === '') return
    this.#optionLike ??= text.startsWith('-')
    const word = constantWord(text)
    this.#plain &&= word.plain === true
    this.#numeric = (this.#numeric ?? true) && word.numeric === true
  }

  /** Something of which only this much is known. */
  part(kind: 'computed' | 'pattern' | 'list', name: string, known: { mayBeOption?: boolean; mayBeEmpty?: boolean; numeric?: boolean; plain?: boolean } = {}): void {
    this.#known = false
    this.#name += name
    if (RANK[kind] > RANK[this.#kind]) this.#kind = kind
    // What may be empty leaves the beginning to what follows: a minus sign there would be the first character.
    if (this.#optionLike === undefined && known.mayBeOption === true) this.#optionLike = true
    if (this.#optionLike === undefined && known.mayBeOption === false) this.#optionLike = false
    this.#harmlessAlone &&= known.mayBeEmpty === true
    this.#plain &&= known.plain === true
    this.#numeric = (this.#numeric ?? true) && known.numeric === true
  }

  /** The value of a variable in the place of its name. */
  value(word: ShellWord): void {
    this.#resolved = true
    if (word.kind === 'constant' && word.value !== undefined) {
      this.literal(word.value)
      return
    }
    if (this.#known) this.#prefix += word.prefix
    this.part(word.kind === 'constant' ? 'computed' : word.kind, word.name, {
      ...(word.mayBeEmpty === true ? { mayBeEmpty: true } : { mayBeOption: word.mayBeOption }), numeric: word.numeric === true, plain: word.plain === true,
    })
  }

  done(): ShellWord {
    const list = this.#kind === 'list'
    const constant = this.#kind === 'constant'
    return {
      value: constant ? this.#prefix : undefined, prefix: list ? '' : this.#prefix, kind: this.#kind, name: this.#name,
      mayBeOption: (list && this.#numeric !== true) || (this.#optionLike ?? !(constant || this.#harmlessAlone)),
      ...(this.#resolved && { resolved: true }),
      ...(!constant && this.#optionLike === undefined && this.#harmlessAlone && { mayBeEmpty: true }),
      ...(this.#numeric === true && { numeric: true }),
      ...(this.#plain && this.#name !== '' && { plain: true }),
    }
  }
}
