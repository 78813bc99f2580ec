/** Programs that run another: its words are analysed in their place. */
import { giveVariable } from '../environment.ts'
import { anyWords } from '../shell-word.ts'
import type { ShellWord } from '../shell-word.ts'
import type { Call, Handler, Programs } from './call.ts'
import { exact } from './program-kinds.ts'

/** Options, as many words as are skipped, then the command. */
const runsRest = (options: string, skip = 0): Handler => exact(options, ({ operands }, { name, walk, findings }) => {
  findings.read()
  if (operands.slice(0, skip).some(({ kind }) => kind === 'list' || kind === 'pattern')) findings.execute(`where the command of ${name} begins is computed`)
  walk.run(operands.slice(skip))
}, false)

/** As {@link runsRest}, with an action of its own. */
const actsAndRuns = (action: string, options: string, skip = 0): Handler => exact(options, ({ operands }, { walk, findings }) => {
  findings.change(action)
  walk.run(operands.slice(skip))
}, false)

/** One word is a text for a shell; several are a command. */
function textOrCommand(call: Call, words: readonly ShellWord[]): void {
  const values = words.map(({ value }) => value)
  if (values.every((value) => value !== undefined) && values.length > 0) call.walk.runText(values.join(' '), 'sh')
  else call.findings.execute(`the text that ${call.name} runs is computed`)
}

const env = exact('i|ignore-environment 0|null u|unset: C|chdir: v|debug S|split-string: block-signal? default-signal? ignore-signal? a|argv0:', ({ operands, has, values }, { walk, findings }) => {
  findings.read(values('C'))
  // Shells that it runs read them as nothing.
  if (has('i')) findings.unknownFor('env -i takes away variables that programs rely on')
  for (const { value } of values('u')) giveVariable(walk, value ?? '', undefined)
  if (!values('C').every(({ plain }) => plain === true)) findings.folder('changed')
  if (has('S')) findings.execute('env -S splits a text into words by rules of its own')
  let at = 0
  for (; at < operands.length; at++) {
    const word = operands[at]
    const equals = word?.prefix.indexOf('=') ?? -1
    if (word === undefined || equals < 1) break
    giveVariable(walk, word.prefix.slice(0, equals), word.value === undefined ? undefined : { ...word, value: word.value.slice(equals + 1) })
  }
  walk.run(operands.slice(at))
}, false)

const xargs = exact('0|null a|arg-file: d|delimiter: E: e? I: i? L: l? n|max-args: P|max-procs: p|interactive r|no-run-if-empty s|max-chars: t|verbose x|exit process-slot-var: show-limits', ({ operands, has, values }, { walk, findings }) => {
  findings.read(values('a'))
  for (const { value } of values('process-slot-var')) giveVariable(walk, value ?? '', undefined)
  const replaces = has('I', 'i')
  const marks = new Set([...values('I'), ...values('i')].map(({ value }) => value))
  const [mark = '{}'] = marks
  if (marks.size > 1 || marks.has(undefined)) findings.execute('where xargs puts what it reads is not certain')
  if (operands.length === 0) return
  if (replaces) walk.run(operands.map((word) => fill(word, mark)))
  // With both, versions differ in which of them counts.
  if (!replaces || has('n', 'L', 'l')) walk.run([...operands, anyWords('…')])
}, false)

/** A word in which a mark is replaced by what is read. */
export function fill(word: ShellWord, mark: string): ShellWord {
  const at = word.value?.indexOf(mark) ?? -1
  if (word.value !== undefined && at < 0) return word
  if (word.value === undefined) return { ...word, kind: word.kind === 'constant' ? 'computed' : word.kind, mayBeOption: word.mayBeOption }
  return { value: undefined, prefix: word.value.slice(0, at), kind: 'computed', name: word.name, mayBeOption: at === 0 || word.mayBeOption }
}

const SUDO = 'A b E H i K k l n P S s V v B N a: C: c: D: g: h: p: R: r: T: t: U: u: user: group: host: chdir: chroot: prompt: login shell non-interactive stdin background preserve-env? set-home list validate remove-timestamp reset-timestamp'

const sudo = exact(SUDO, ({ operands, has }, call) => {
  const { walk, findings } = call
  findings.change('privilege')
  const rest = [...operands]
  while (rest[0] !== undefined && rest[0].prefix.includes('=') && !rest[0].prefix.startsWith('/')) {
    const word = rest.shift()
    if (word !== undefined) giveVariable(walk, word.prefix.slice(0, word.prefix.indexOf('=')), undefined)
  }
  if (has('i', 's', 'login', 'shell') && rest.length === 0) findings.execute('sudo starts a shell')
  if (has('E', 'preserve-env', 'R', 'chroot')) findings.unknownFor('sudo with these options changes what programs do')
  walk.run(rest)
}, false)

const su = exact('c|command: f|fast g|group: G: l|login m|p|preserve-environment P|pty s|shell: session-command: w:', ({ values, operands, has }, call) => {
  call.findings.change('privilege')
  const texts = [...values('c'), ...values('session-command')]
  if (texts.length === 0 || has('s') || operands.length > 2) call.findings.execute('su starts a shell')
  for (const text of texts) textOrCommand(call, [text])
})

const runuser = exact('c|command: f g|group: G: l|login m p P s|shell: u|user: session-command:', ({ values, operands, has }, call) => {
  call.findings.change('privilege')
  const texts = values('c')
  if (has('s')) call.findings.execute('runuser starts a shell')
  if (texts.length > 0) textOrCommand(call, texts)
  else if (has('u')) call.walk.run(operands)
  else call.findings.execute('runuser starts a shell')
}, false)

const watch = exact('b|beep c|color d|differences? e|errexit g|chgexit n|interval: p|precise q: t|no-title w x|exec', ({ operands, has }, call) => {
  call.findings.read()
  if (has('x')) call.walk.run(operands)
  else textOrCommand(call, operands)
}, false)

export const WRAPPERS: Programs = {
  env, xargs, sudo, su, runuser, watch,
  doas: actsAndRuns('privilege', 'n L s C: u:'), pkexec: actsAndRuns('privilege', 'disable-internal-agent user:'), gosu: actsAndRuns('privilege', '', 1), 'su-exec': actsAndRuns('privilege', '', 1), setpriv: (call) => call.findings.execute('setpriv changes privileges'),
  timeout: runsRest('k|kill-after: s|signal: v|verbose foreground preserve-status', 1), nice: runsRest('n|adjustment:'), ionice: runsRest('c|class: n|classdata: t'), chrt: runsRest('b f i o r R a', 1), taskset: runsRest('a c', 1),
  nohup: (call) => {
    call.findings.typedBecause ??= 'on a terminal nohup writes to nohup.out'
    runsRest('')(call)
  }, setsid: runsRest('c f w'), stdbuf: runsRest('i|input: o|output: e|error:'), time: runsRest('p v f|format:'), unbuffer: runsRest(''), catchsegv: runsRest(''), linux32: runsRest(''), linux64: runsRest(''), setarch: runsRest('R', 1), numactl: runsRest('N: m: i: l C:'),
  chronic: runsRest(''), ifne: runsRest('n'), ts: ({ findings }) => findings.read(), errno: ({ findings }) => findings.read(),
  flock: exact('s|shared x|e|exclusive u|unlock n|nb|nonblock w|timeout: E: o|close F c|command: verbose', ({ operands, values, has }, call) => {
    call.findings.change('write', operands.slice(0, 1))
    if (has('c')) textOrCommand(call, values('c'))
    const [flag, ...texts] = operands.slice(1)
    if (flag?.value === '-c' || flag?.value === '--command') textOrCommand(call, texts)
    else call.walk.run(operands.slice(1))
  }, false),
  script: exact('a|append c|command: e|return f|flush q|quiet t? T: I: O: B:', ({ operands, values, has }, call) => {
    call.findings.change('write', operands)
    if (has('c')) textOrCommand(call, values('c'))
    else call.findings.execute('script starts a shell')
  }),
  chroot: actsAndRuns('privilege', 'groups: userspec: skip-chdir', 1),
  unshare: actsAndRuns('privilege', 'm i n p u U r f C T mount? ipc? net? pid? uts? user? map-root-user fork mount-proc? kill-child? propagation:'),
  nsenter: actsAndRuns('privilege', 'a t|target: m|mount? u|uts? i|ipc? n|net? p|pid? U|user? C|cgroup? F r? w? S: G: Z'),
  'systemd-run': actsAndRuns('start', 'user scope unit: u: p: property: r remain-after-exit d t P q G wait uid: gid: slice: E: setenv: description: pty pipe no-block on-active: on-calendar: timer-property: collect quiet'),
  busybox: ({ args, walk, findings }) => {
    findings.read()
    if (args.length > 0) walk.run(args)
  },
  toybox: ({ args, walk, findings }) => {
    findings.read()
    if (args.length > 0) walk.run(args)
  },
  parallel: (call) => {
    call.findings.execute('parallel makes commands of what it reads')
    const rest = call.args.filter((word) => !word.mayBeOption)
    call.walk.run([...rest, anyWords('…')])
  },
}
