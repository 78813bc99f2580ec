/** Runs, as far as the findings go, one simple command: assignments, redirections, the program with its words. */
import type { Assignment, Command, Redirection, Word } from 'unbash'
import { isName } from './characters.ts'
import { giveVariable, keepVariable } from './environment.ts'
import { readElement } from './array-reader.ts'
import { readIndex } from './parameter-reader.ts'
import { findProgram } from './programs/program-table.ts'
import { anyWord } from './shell-word.ts'
import type { ShellWord } from './shell-word.ts'
import type { Walk } from './walk.ts'

/** Where the programs are that bear their names for everyone. */
const TRUSTED = ['/bin/', '/usr/bin/', '/sbin/', '/usr/sbin/', '/usr/local/bin/', '/usr/local/sbin/', '/usr/lib/openssh/', '/usr/libexec/openssh/', '/usr/lib/ssh/', '/usr/libexec/']

export class CommandRunner {
  readonly #walk: Walk
  /** Functions that the text defines where nothing can skip it. */
  readonly #functions = new Set<string>()

  constructor(walk: Walk) {
    this.#walk = walk
  }

  command(node: Command): void {
    const walk = this.#walk
    walk.findings.statements++
    const assignments = node.prefix.filter((item): item is Assignment => item.type === 'Assignment')
    const redirections = node.redirects
    const words: ShellWord[] = node.name === undefined ? [] : [walk.word(node.name)]
    for (const arg of node.args) words.push(this.#argument(arg, words))
    walk.redirections(redirections)
    this.#besideRedirections(node)
    for (const assignment of assignments) this.#assign(assignment, words, redirections.length === 0)
    if (words.length === 0) {
      walk.findings.read()
      return
    }
    this.run(words, true)
    if (walk.dialect !== 'bash') this.#afterAmpersand(node, words)
  }

  /** `{name[index]}<file`: bash takes it for a variable where the parser may see a word. */
  #besideRedirections({ name, args, redirects }: Command): void {
    for (const word of name === undefined ? [] : [name, ...args]) {
      if (word.text.startsWith('{') && word.text.endsWith('}') && redirects.some(({ pos }) => pos === word.end)) {
        this.#walk.findings.unknownFor('a word in braces directly before a redirection may be a variable')
      }
    }
  }

  /** To a sh `a &>b c` is two commands: `a &` and `>b c`. */
  #afterAmpersand(node: Command, words: readonly ShellWord[]): void {
    const both = node.redirects.find((redirection: Redirection) => redirection.type === 'Redirect' && redirection.operator.startsWith('&'))
    if (both === undefined) return
    const after = node.args.filter((arg) => arg.pos >= both.end).length
    if (after > 0) this.run(words.slice(words.length - after), true)
  }

  define(name: Word, straight: boolean): void {
    const { value } = this.#walk.word(name)
    if (value === undefined || findProgram(value) !== undefined) this.#walk.findings.unknownFor(`a function takes the place of ${name.text}`)
    else if (this.#functions.has(value)) this.#walk.findings.unknownFor(`the function ${value} is defined twice`)
    else if (straight) this.#functions.add(value)
  }

  defines(name: string): boolean {
    return this.#functions.has(name)
  }

  undefine(name: string): void {
    if (this.#functions.has(name)) this.#walk.findings.unknownFor(`the function ${name} is taken away again`)
  }

  /** @param byShell the shell looks the name up; programs that run others know no functions */
  run(words: readonly ShellWord[], byShell = false): void {
    const [first, ...args] = words
    const { findings } = this.#walk
    if (first === undefined) return
    if (first.value === undefined || first.value === '') {
      findings.execute(`the name of a program is computed: ${first.name}`)
      // An expansion to nothing leaves the next word in its place.
      if (first.kind === 'list' && args.length > 0) this.run(args, byShell)
      return
    }
    const path = first.value
    const slash = path.lastIndexOf('/') + 1
    const name = path.slice(slash)
    findings.program(name.toLowerCase(), ...(slash > 0 ? [path] : []))
    if (slash === 0 && byShell && this.#functions.has(name)) {
      findings.read()
      return
    }
    const handler = findProgram(name)
    if (handler === undefined) findings.execute(`what ${name} does is not known here`)
    else handler({ name, args, walk: this.#walk, findings, straight: this.#walk.straight })
    if (slash > 0 && !TRUSTED.includes(path.slice(0, slash))) findings.execute(`${path} need not be the program of that name`)
  }

  /** @param before the words in front of it */
  #argument(arg: Word | Assignment, before: readonly ShellWord[]): ShellWord {
    if (arg.type === 'Word') return this.#walk.word(arg)
    const value = this.#valueOf(arg, before.some((word) => word.value?.startsWith('-') === true && word.value.includes('A')))
    const prefix = `${arg.name}${arg.append === true ? '+' : ''}=`
    if (value === undefined) return { ...anyWord(arg.text), prefix, mayBeOption: false, elements: true }
    return { ...value, ...(value.value !== undefined && { value: prefix + value.value }), prefix: prefix + value.prefix, name: arg.text, mayBeOption: false,
      kind: value.value === undefined ? 'computed' : 'constant' }
  }

  /** Undefined for an array. @param byName the keys of the array are texts */
  #valueOf(assignment: Assignment, byName = false): ShellWord | undefined {
    if (assignment.index !== undefined) readIndex(this.#walk, assignment.index)
    if (assignment.index !== undefined || assignment.value.type !== 'Word') this.#walk.variables.makeArray(assignment.name)
    if (assignment.value.type === 'Word') return this.#walk.word(assignment.value)
    for (const element of assignment.value.elements) readElement(this.#walk, element, byName)
    return undefined
  }

  /** @param certain nothing before it in its command can fail */
  #assign(assignment: Assignment, words: readonly ShellWord[], certain: boolean): void {
    const walk = this.#walk
    const { name } = assignment
    const value = this.#valueOf(assignment)
    const keep = assignment.append !== true && assignment.index === undefined ? value : undefined
    if (!isName(name)) walk.findings.unknownFor(`${name} is no name of a variable`)
    if (words.length === 0) {
      walk.variables.assign(name, keep, certain && walk.straight)
      keepVariable(walk, name, keep)
    } else {
      // For the command only, and yet kept by some shells before `export`, `eval` and such.
      walk.variables.assign(name, undefined, false)
      if (name !== 'IFS' || words[0]?.value !== 'read') giveVariable(walk, name, value)
    }
  }
}
