/** What the shell itself does. */
import { assignNumber } from '../arithmetic-reader.ts'
import { hasAny, isName } from '../characters.ts'
import { giveVariable, keepVariable } from '../environment.ts'
import { constantWord } from '../shell-word.ts'
import type { ShellWord } from '../shell-word.ts'
import type { Call, Handler, Programs } from './call.ts'
import { optionTable, readOptions } from './options.ts'
import type { GivenOptions } from './options.ts'
import { exact, harmless, requireKnown } from './program-kinds.ts'

const nothing: Handler = ({ findings }) => findings.read()

/** `name=value` words, and names alone, of `export`, `declare` and such. */
function declares(options: string, strange: readonly string[]): Handler {
  const table = optionTable(options)
  return (call) => {
    const { name, args, findings, walk, straight } = call
    const given = readOptions(args, table, false)
    if (given.has(...strange)) findings.unknownFor(`${name} ${strange.map((one) => `-${one}`).join(', ')} changes what later words mean`)
    const exports = name === 'export' || given.has('x')
    // In a shell without the word nothing is assigned, nor is a scalar with other options than these.
    const certain = (name === 'export' || name === 'readonly' || walk.dialect === 'bash') && name !== 'local' && [...given.given.keys()].every((option) => ['x', 'r', 'g'].includes(option))
    const fixed = name === 'readonly' || given.has('r')
    for (const word of given.operands) declare(call, word, { exports, straight: straight && certain, array: given.has('a', 'A'), fixed })
    if (fixed) walk.mayFail()
    requireKnown(given, call)
    if (given.operands.length === 0) walk.findings.read()
  }
}

interface Declaration {
  readonly exports: boolean
  readonly straight: boolean
  readonly array: boolean
  /** Nothing is assigned to it any more. */
  readonly fixed: boolean
}

function declare(call: Call, word: ShellWord, { exports, straight, array, fixed }: Declaration): void {
  const { walk, findings } = call
  const equals = word.prefix.indexOf('=')
  const append = equals > 0 && word.prefix[equals - 1] === '+'
  const name = equals < 0 ? word.value : word.prefix.slice(0, append ? equals - 1 : equals)
  if (name === undefined || !isName(name)) {
    findings.unknownFor('a variable by a name that is computed')
    return
  }
  findings.read()
  if (array) walk.variables.makeArray(name)
  if (equals >= 0 && call.name !== 'export' && mayBeElements(word, equals + 1, walk.variables.mayBeArray(name))) {
    findings.unknownFor(`bash reads what is in parentheses again where ${name} is an array`)
  }
  const value = equals < 0 || append || word.value === undefined ? undefined : constantWord(word.value.slice(equals + 1))
  // A name alone may hide a variable of the same name, or keep it as it is.
  if (equals < 0 && (fixed || (!call.straight && call.name !== 'export'))) walk.variables.assign(name, undefined, false)
  if (equals >= 0) walk.variables.assign(name, value ?? (word.numeric === true && !append ? { ...word, prefix: '', name: `$${name}` } : undefined), straight)
  if (exports) giveVariable(walk, name, value)
  else keepVariable(walk, name, value)
}

/** The value, from there on, may be a text in parentheses, which is expanded as if it stood in the line. @param array the variable may be one */
function mayBeElements({ value, prefix, plain, numeric, elements }: ShellWord, from: number, array: boolean): boolean {
  if (elements === true || plain === true || numeric === true || !`${prefix.slice(from)}(`.startsWith('(')) return false
  return array || (value?.endsWith(')') === true && hasAny(value, '$`<>'))
}

type Names = (operands: readonly ShellWord[], values: GivenOptions['values']) => readonly ShellWord[]

const everyOperand: Names = (operands) => operands
const arrayNamed: Names = (_, values) => values('a')

/** Assigns what it reads to the variables named. */
function assigns(options: string, names: Names = everyOperand, arrays: Names = arrayNamed): Handler {
  return exact(options, ({ operands, values }, { walk, findings }) => {
    findings.read()
    for (const word of names(operands, values)) assignName(walk, word)
    for (const word of arrays(operands, values)) {
      assignName(walk, word)
      if (word.value !== undefined) walk.variables.makeArray(word.value)
    }
  }, false)
}

function assignName(walk: Call['walk'], word: ShellWord): void {
  if (word.value === undefined || !isName(word.value)) {
    walk.findings.unknownFor('a variable by a name that is computed')
    return
  }
  walk.variables.assign(word.value, undefined, false)
  keepVariable(walk, word.value)
}

/** bash evaluates the index in the name of a variable that is tested by `-v` or `-R`. */
const test: Handler = ({ args, findings }) => {
  args.forEach(({ value, kind, name, mayBeOption }, at) => {
    const next = args[at + 1]
    if (value === '-v' || value === '-R') findings.unknownFor('a test of a variable by its name')
    else if ((kind === 'list' || kind === 'pattern') && mayBeOption) findings.unknownFor(`${name} may become -v and the name of a variable: quote it`)
    else if (value === undefined && mayBeOption && next !== undefined && hasAny(next.value ?? '[', '[')) findings.unknownFor(`${name} may become -v, and what follows the name of a variable`)
  })
  findings.read()
}

/** Names of folders that need not be one plain word. */
const goes: Handler = (call) => {
  if (!call.args.every(({ value, plain, mayBeOption }) => value === '-' || value === '~' || (plain === true && !mayBeOption))) call.findings.folder('changed')
  // Relative paths after it are below there: a rule for paths has to see where.
  readsFolder(call)
}
const readsFolder = harmless()

/** `%n` puts a number into the variable that is its argument. */
const print: Handler = ({ args, walk, findings }) => {
  findings.read()
  let at = 0
  // Of several -v the last counts; that the names before it are taken for assigned does no harm.
  for (; args[at]?.prefix.startsWith('-v') === true; at++) {
    const option = args[at]?.value
    assignName(walk, option === '-v' ? args[++at] ?? constantWord('') : constantWord(option?.slice(2) ?? ''))
  }
  if (args[at]?.value === '--') at++
  else if (at === 0 && args[0]?.mayBeOption === true) findings.unknownFor('printf with a format that may be an option')
  const [format, ...others] = args.slice(at)
  if (format?.value !== undefined && !countsOutput(format.value)) return
  for (const { value } of others) {
    if (value === undefined) findings.unknownFor('printf with %n, or with a format that is computed, may assign to any variable')
    else if (isName(value)) assignNumber(walk, value)
  }
}

/** A conversion of a format is `%n`, with whatever flags, width and precision. */
function countsOutput(format: string): boolean {
  for (let at = format.indexOf('%'); at >= 0 && at < format.length; at = format.indexOf('%', at + 1)) {
    at++
    while (at < format.length && hasAny(format[at] ?? '', "#-+ 0'123456789.*hjlLtzq")) at++
    if (format[at] === 'n') return true
  }
  return false
}

const evaluate: Handler = ({ args, walk, findings }) => {
  const values = args.map(({ value }) => value)
  if (values.every((value) => value !== undefined)) walk.runHere(values.join(' '))
  if (args.some((word) => word.value === undefined || word.resolved === true)) findings.execute('eval of a text that is computed')
}

const trap: Handler = ({ args, walk, findings }) => {
  const [action, ...signals] = args
  findings.read()
  if (action === undefined || action.value === '-' || action.value === '' || action.value === '-p' || action.value === '-l') return
  if (action.value === '--' || action.value === undefined) findings.execute('trap of a text that is computed')
  else if (signals.length > 0) walk.runHere(action.value)
}

export const BUILTINS: Programs = {
  ':': nothing, true: nothing, false: nothing, echo: nothing, cd: goes, pushd: goes, popd: nothing, dirs: nothing, times: nothing,
  break: nothing, continue: nothing, return: nothing, exit: nothing, shift: nothing, bg: nothing, fg: nothing, disown: nothing, type: nothing, umask: nothing, ulimit: nothing, logout: nothing, help: nothing, caller: nothing,
  // `jobs -x` runs a command.
  jobs: exact('l n p r s', ({ operands }, { findings }) => findings.read(operands), false),
  test, '[': test,
  printf: print,
  read: (call) => {
    // Its editor runs substitutions in what is typed, on a keystroke.
    if (call.args.some(({ prefix }) => prefix.startsWith('-') && prefix.includes('e'))) call.findings.typedBecause ??= 'on a terminal read -e has an editor that runs typed commands'
    assigns('r s e a: d: i: n: N: p: t: u:')(call)
  },
  mapfile: assigns('t d: n: O: s: u:', everyOperand, everyOperand), readarray: assigns('t d: n: O: s: u:', everyOperand, everyOperand),
  getopts: assigns('', (operands) => operands.slice(1, 2)),
  unset: (call) => {
    assigns('f v n')(call)
    for (const { value } of call.args) if (value !== undefined) call.walk.undefine(value)
  },
  wait: assigns('n f p:', (_, values) => values('p')),
  export: declares('p n f', ['f']), readonly: declares('p a A f', ['f']), declare: declares('p a A r x g t f F i n l u I', ['i', 'n', 'f', 'l', 'u']),
  typeset: declares('p a A r x g t f F i n l u I', ['i', 'n', 'f', 'l', 'u']), local: declares('p a A r x g t i n l u I', ['i', 'n', 'l', 'u']),
  let: ({ findings }) => findings.unknownFor('let evaluates its words as arithmetic: use $(( ))'),
  eval: evaluate, trap,
  exec: exact('c l a:', ({ operands, has }, { walk, findings }) => {
    findings.read()
    if (has('c')) findings.unknownFor('exec -c takes away variables that programs rely on')
    walk.run(operands)
  }, false),
  command: exact('p v V', ({ operands, has }, { walk, findings }) => {
    findings.read()
    if (!has('v', 'V')) walk.run(operands)
  }, false),
  builtin: ({ args, walk }) => walk.run(args),
  source: ({ findings, args }) => sourced(findings, args), '.': ({ findings, args }) => sourced(findings, args),
  alias: ({ args, findings, walk }) => {
    findings.read()
    for (const { value, prefix } of args) {
      const equals = prefix.indexOf('=')
      if (equals < 0) continue
      if (value !== undefined) walk.runHere(value.slice(equals + 1))
      findings.unknownFor('an alias changes what later words mean')
    }
  },
  unalias: nothing,
  hash: exact('r d l t p:', ({ has }, { findings }) => {
    findings.read()
    if (has('p')) findings.execute('hash -p puts another program in the place of a name')
  }),
  set: ({ args, findings }) => {
    findings.read()
    const safe = args[0]?.value === '--' || args.every(({ value }) => value !== undefined && SET_OPTIONS.has(value))
    if (!safe) findings.unknownFor('set with these words changes what later words mean')
  },
  shopt: exact('s u q p o', ({ operands, has }, { findings }) => {
    findings.read()
    if (has('s', 'u') && !operands.every(({ value }) => value === 'nullglob' || value === 'globstar' || value === 'dotglob')) findings.unknownFor('shopt changes what later words mean')
  }),
}

const SET_OPTIONS: ReadonlySet<string> = new Set(['-e', '-u', '-x', '-eu', '-ex', '-ux', '-eux', '-o', 'pipefail', 'errexit', 'nounset', 'xtrace', '-euo', '-euxo', '-exo', '-uo', '-xo', '+e', '+x', '+u', '-f', '+f', '-v'])

function sourced(findings: Call['findings'], args: readonly ShellWord[]): void {
  findings.read(args.slice(0, 1))
  findings.execute('what a file that is sourced does is not in the text')
}
