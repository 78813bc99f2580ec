/**
 * Walks the tree of a command line and everything in it that may run, in the order in which it is written: what a
 * condition may skip counts as well. A node that is not known makes the text unknown.
 */
import type { ArithmeticExpression, AndOr, CommandNode, CompoundCommand, CompoundList, ParsedScript, PipelineNode, Redirection, Statement, TestExpression, Word } from 'unbash'
import { readArithmetic } from './arithmetic-reader.ts'
import { CommandRunner } from './command-runner.ts'
import { keepVariable } from './environment.ts'
import { Findings } from './findings.ts'
import { parseShell, requireNoErrors, ShellSyntaxError } from './parser.ts'
import { readRedirection } from './redirections.ts'
import type { ShellWord } from './shell-word.ts'
import { readTest } from './test-reader.ts'
import { Variables } from './variables.ts'
import type { Dialect, Walk } from './walk.ts'
import { readWord } from './word-reader.ts'

/** Texts in texts: `sh -c "sh -c …"`. */
const MAX_DEPTH = 6
/** `sudo env nice timeout 5 …` */
const MAX_PROGRAMS = 20

/** Adds what a text does to the findings. Never throws. */
export function readScriptText(text: string, findings: Findings, dialect: Dialect = 'login', depth = 0): void {
  try {
    if (depth > MAX_DEPTH) throw new ShellSyntaxError('too many texts in texts')
    findings.takeText(text)
    const script = parseShell(text)
    const learned = new Variables()
    if (usesVariables(text)) new ScriptWalk(new Findings(), learned, dialect, depth).script(script, text)
    const judged = new Variables(learned.assigned)
    new ScriptWalk(findings, judged, dialect, depth).script(script, text)
    if (!judged.isAsLearned()) findings.unknownFor('a command whose name is in a variable assigns to another')
  } catch (error) {
    // Anything else is a tree too deep for the stack, which is the sender's doing as well.
    findings.unknownFor(error instanceof ShellSyntaxError ? `it does not parse: ${error.message}` : 'it is nested too deeply')
  }
}

/** Without these nothing in the text asks for the value of a variable. */
function usesVariables(text: string): boolean {
  return ['$', '~', '((', '[[', '`'].some((mark) => text.includes(mark))
}

export class ScriptWalk implements Walk {
  readonly findings: Findings
  readonly variables: Variables
  readonly dialect: Dialect
  readonly #depth: number
  readonly #runner: CommandRunner
  /** How many texts of `eval` and `trap` the walk is in. */
  #here = 0
  /** How many programs that run others it is in. */
  #inside = 0
  /** Nothing can skip or repeat what is walked now, and it is in no subshell. */
  #straight = true
  /** What may fail was read, in this line or, when lasting, in what any line may run. */
  #failed = false
  #lasting = false

  constructor(findings: Findings, variables: Variables, dialect: Dialect, depth: number) {
    this.findings = findings
    this.variables = variables
    this.dialect = dialect
    this.#depth = depth
    this.#runner = new CommandRunner(this)
  }

  /** @throws ShellSyntaxError */
  script(script: ParsedScript, text = ''): void {
    requireNoErrors(script)
    let end = 0
    for (const statement of script.commands) {
      // What failed has left out its line, unless it is of something that runs again later.
      if (text.slice(end, statement.pos).includes('\n') && !this.#lasting) this.#failed = false
      end = statement.end
      this.#statement(statement)
    }
  }

  get straight(): boolean {
    return this.#straight && !this.#failed
  }

  word(word: Word): ShellWord {
    return readWord(this, word)
  }

  substitution(script: ParsedScript | undefined): void {
    if (script === undefined) throw new ShellSyntaxError('a substitution that does not parse')
    this.#aside(() => this.script(script))
  }

  undefine(name: string): void {
    this.#runner.undefine(name)
  }

  mayFail(): void {
    this.#failed = true
    if (this.#here > 0) this.#lasting = true
  }

  arithmetic(expression: ArithmeticExpression | undefined): void {
    this.mayFail()
    if (expression === undefined) this.findings.unknownFor('arithmetic that does not parse')
    else readArithmetic(this, expression)
  }

  run(words: readonly ShellWord[]): void {
    if (this.#inside >= MAX_PROGRAMS) {
      this.findings.unknownFor('too many programs that run programs')
      return
    }
    this.#inside++
    this.#aside(() => this.#runner.run(words))
    this.#inside--
  }

  runText(text: string, dialect: Dialect): void {
    if (!this.variables.learning) readScriptText(text, this.findings, dialect, this.#depth + 1)
  }

  runHere(text: string): void {
    if (this.#here > MAX_DEPTH) throw new ShellSyntaxError('too many texts in texts')
    this.findings.takeText(text)
    this.#here++
    this.#aside(() => this.script(parseShell(text)))
    this.#here--
  }

  #aside(walk: () => void): void {
    const straight = this.#straight
    this.#straight = false
    walk()
    this.#straight = straight
  }

  #statement(statement: Statement): void {
    if (statement.background === true) this.#aside(() => this.#node(statement.command))
    else this.#node(statement.command)
  }

  #list(list: CompoundList): void {
    for (const statement of list.commands) this.#statement(statement)
  }

  #node(node: PipelineNode | AndOr): void {
    switch (node.type) {
      case 'AndOr': {
        const [first, ...others] = node.commands
        if (first !== undefined) this.#node(first)
        this.#aside(() => others.forEach((other) => this.#node(other)))
        return
      }
      case 'Pipeline':
        if (this.dialect !== 'bash' && node.prefixes.some(({ type }) => type === 'Time')) this.#timed(node.commands[0])
        if (node.commands.length === 1) node.commands.forEach((command) => this.#node(command))
        else this.#aside(() => node.commands.forEach((command) => this.#node(command)))
        return
      default:
        this.#command(node)
    }
  }

  #command(node: CommandNode): void {
    switch (node.type) {
      case 'Command':
        this.#runner.command(node)
        return
      case 'Redirected':
        this.redirections(node.redirects)
        // A redirection that fails leaves out what it is for.
        this.#aside(() => this.#command(node.command))
        return
      case 'Function':
        this.#lasting = true
        this.#aside(() => node.body.type === 'CompoundList' ? this.#list(node.body) : this.#command(node.body))
        // After its body: one that calls itself, as a fork bomb does, is not known there.
        this.#runner.define(node.name, this.straight)
        return
      case 'Coproc':
        this.#coprocess(node.name === undefined ? 'COPROC' : this.word(node.name).value ?? '')
        this.#aside(() => node.body.type === 'CompoundList' ? this.#list(node.body) : this.#command(node.body))
        return
      default:
        this.#compound(node)
    }
  }

  /** To a sh `time` is a program, which makes no assignments and knows no functions. */
  #timed(command: CommandNode | undefined): void {
    const isPlain = command?.type === 'Command' && command.prefix.length === 0 && command.name !== undefined && !this.#runner.defines(command.name.text)
    if (!isPlain) this.findings.unknownFor('time is a word of bash, and a program to sh')
  }

  /** Its descriptors go into an array of its name, and are taken away with its number when it ends. */
  #coprocess(name: string): void {
    for (const one of [name, `${name}_PID`]) this.variables.assign(one, undefined, false)
    this.variables.makeArray(name)
    keepVariable(this, name)
  }

  #compound(node: CompoundCommand): void {
    switch (node.type) {
      case 'BraceGroup':
        this.#list(node.body)
        return
      case 'ArithmeticCommand':
        if (this.dialect !== 'bash') this.findings.unknownFor('(( )) is arithmetic to bash and commands to sh')
        this.arithmetic(node.expression)
        return
      case 'TestCommand':
        this.#test(node.expression)
        return
      default:
        this.#aside(() => this.#conditional(node))
    }
  }

  #conditional(node: Exclude<CompoundCommand, { type: 'BraceGroup' | 'ArithmeticCommand' | 'TestCommand' }>): void {
    switch (node.type) {
      case 'Subshell':
        // bash reads it as arithmetic first, and what is then a here-document in it another time.
        if (node.body.commands[0]?.pos === node.pos + 1 && beginsWithSubshell(node.body.commands[0].command)) this.findings.unknownFor('(( begins arithmetic or two subshells: write ( ( for these')
        this.#list(node.body)
        return
      case 'If':
        for (const list of [node.clause, node.then, ...node.elif.flatMap((elif) => [elif.clause, elif.then])]) this.#list(list)
        if (node.else !== undefined) this.#list(node.else)
        return
      case 'While':
        this.#list(node.clause)
        this.#list(node.body)
        return
      case 'For':
      case 'Select': {
        const words = node.wordlist?.map((word) => this.word(word))
        keepVariable(this, node.name.value, words === undefined || node.type === 'Select' ? undefined : oneOf(words))
        this.variables.within(node.name.value, words === undefined || node.type === 'Select' ? undefined : oneOf(words), () => this.#list(node.body))
        return
      }
      case 'ArithmeticFor':
        for (const expression of [node.initialize, node.test, node.update]) if (expression !== undefined) this.arithmetic(expression)
        this.#list(node.body)
        return
      case 'Case':
        this.word(node.word)
        for (const item of node.items) {
          for (const pattern of item.pattern) this.word(pattern)
          this.#list(item.body)
        }
        return
      default:
        this.findings.unknownFor(`a form that is not known: ${(node as { type: string }).type}`)
    }
  }

  redirections(redirections: readonly Redirection[]): void {
    for (const redirection of redirections) readRedirection(this, redirection)
  }

  #test(expression: TestExpression): void {
    readTest(this, expression)
  }
}

function beginsWithSubshell(node: PipelineNode | AndOr | CommandNode): boolean {
  switch (node.type) {
    case 'Subshell':
      return true
    case 'Redirected':
      return beginsWithSubshell(node.command)
    case 'AndOr':
    case 'Pipeline':
      return node.commands[0] !== undefined && node.commands[0].pos === node.pos && beginsWithSubshell(node.commands[0])
    default:
      return false
  }
}

/** The variable of a loop: any of these words. */
function oneOf(words: readonly ShellWord[]): ShellWord | undefined {
  const [first] = words
  if (first === undefined || words.some((word) => word.kind === 'list')) return undefined
  if (words.length === 1 && first.kind !== 'pattern') return first
  return {
    value: undefined, prefix: words.length === 1 ? first.prefix : '', kind: 'computed',
    name: words.length === 1 ? first.name : `{${words.slice(0, 8).map((word) => word.name).join(',')}${words.length > 8 ? ',…' : ''}}`,
    mayBeOption: words.some((word) => word.mayBeOption),
    ...(words.some((word) => word.value === '' || word.mayBeEmpty === true) && { mayBeEmpty: true }),
    ...(words.every((word) => word.numeric) && { numeric: true }),
    ...(words.every((word) => word.plain && (word.kind !== 'pattern' || word.numeric || word.plain)) && { plain: true }),
  }
}

