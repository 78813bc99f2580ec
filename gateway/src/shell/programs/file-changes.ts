/** Programs that make, change, move and remove files. */
import { hasAny } from '../characters.ts'
import { isDevice } from '../device-paths.ts'
import { writeTo } from '../redirections.ts'
import type { ShellWord } from '../shell-word.ts'
import type { Call, Handler, Programs } from './call.ts'
import { optionTable, readOptions } from './options.ts'
import { changer, exact } from './program-kinds.ts'

/** Whatever a pattern, a root or a variable may reach is a whole tree. */
export function reachesTree({ kind, value, name }: ShellWord): boolean {
  if (kind !== 'constant' || value === undefined) return true
  return ['/', '.', './', '..', '../', '~', '~/', ''].includes(value) || (name.startsWith('/') && !name.slice(1, -1).includes('/'))
}

const REMOVAL = optionTable('r|R|recursive f|force i I interactive? d|dir v|verbose preserve-root? no-preserve-root one-file-system')

const remove: Handler = ({ args, findings }) => {
  const { operands, has } = readOptions(args, REMOVAL)
  findings.change('remove', operands)
  const patterns = operands.some(({ kind }) => kind !== 'constant')
  if (patterns || (has('r') && operands.some(reachesTree))) findings.unfiltered()
}

/** The last operand, or the value of -t, is written; the others are read. */
function copies(sources: string | undefined, options: string): Handler {
  const table = optionTable(options)
  return (call) => {
    const { args, findings, walk } = call
    const { operands, values, has } = readOptions(args, table)
    const into = values('t')
    const to = into.length > 0 ? into : operands.slice(-1)
    const from = into.length > 0 ? operands : operands.slice(0, -1)
    if (has('strip-program')) findings.execute('install runs the program that strips')
    if (sources === undefined) findings.read(from)
    else findings.change(sources, from)
    findings.change('write')
    for (const word of to) writeTo(walk, word)
  }
}

const COPY = 'a|archive b backup? S|suffix: d f|force i|interactive H l|link L n|no-clobber P p|preserve? no-preserve: R|r|recursive reflink? s|symbolic-link t|target-directory: T u|update? v|verbose x Z context? sparse: parents'
const INSTALL = 'b backup? c C|compare d|directory D g|group: m|mode: o|owner: p s strip-program: S|suffix: t|target-directory: T v Z'

const truncation = exact('c|no-create o|io-blocks r|reference: s|size:', ({ operands }, { walk, findings }) => {
  findings.change('write')
  for (const word of operands) writeTo(walk, word)
})

const disks: Handler = ({ args, findings }) => {
  for (const { prefix, value, name } of args) {
    const at = prefix.indexOf('=')
    const rest = value === undefined ? name.slice(name.indexOf('=') + 1) : value.slice(at + 1)
    if (prefix.startsWith('if=')) findings.read([rest])
    else if (prefix.startsWith('of=')) findings.change(isDevice(rest) ? 'format' : 'write', [rest])
    else if (at < 0 && value !== '--help' && value !== '--version') findings.change('write', [name])
  }
  if (!args.some(({ prefix }) => prefix.startsWith('of='))) findings.read()
}

const tee = exact('a|append i|ignore-interrupts p output-error?', ({ operands }, { walk, findings }) => {
  findings.read()
  for (const word of operands) writeTo(walk, word)
})

/** Mode, owner or such first, then files. */
function permits(reference = 'reference'): Handler {
  const table = optionTable(`c f v R H L P reference: from: dereference recursive ${reference}`)
  return ({ args, findings }) => {
    const { operands, has, foreign } = readOptions(args, table)
    // A mode such as -x is read as an option.
    const files = has('reference') || foreign.length > 0 ? operands : operands.slice(1)
    findings.change('permit', files)
    if (has('R') && files.some(reachesTree)) findings.unfiltered()
  }
}

const shred = ({ args, findings }: Call): void => {
  const { operands, has } = readOptions(args, optionTable('f n|iterations: random-source: s|size: u remove? v x z'))
  const device = operands.some(({ value, prefix }) => isDevice(value ?? prefix))
  findings.change(device ? 'format' : has('u', 'remove') ? 'remove' : 'write', operands)
  if (!device) findings.change('remove', operands)
}

/** On some systems it is a Perl program, and its first word is Perl. */
const renamesByProgram: Handler = ({ name, args, findings }) => {
  findings.change('rename', args)
  findings.execute(`${name} may run its first word as Perl`)
}

const compresses = (action: 'write' | 'remove', lists = 'l'): Handler => {
  const table = optionTable('c|stdout|to-stdout d|decompress|uncompress f|force k|keep l|list n N q r|recursive S: t|test v V h 1 2 3 4 5 6 7 8 9 best fast T: b: p:')
  return (call) => {
    const { operands, has, foreign, doubtful } = readOptions(call.args, table)
    // The last of several modes counts, of zstd -o names what is written, and to lz4 -l is a format.
    const reads = has('c') || (has(lists, 't') && !has('d')) || operands.length === 0
    if (reads && foreign.length === 0 && doubtful === undefined) call.findings.read(operands)
    else {
      call.findings.change('write', operands)
      if (action === 'remove' && !has('k')) call.findings.change('remove', operands)
    }
  }
}

export const FILE_CHANGES: Programs = {
  rm: remove, unlink: changer('remove'), rmdir: changer('remove'), shred, srm: remove, trash: changer('remove'), 'trash-put': changer('remove'),
  cp: copies(undefined, COPY), mv: copies('rename', COPY), install: copies(undefined, INSTALL), 'rename.ul': changer('rename'), rename: renamesByProgram, prename: renamesByProgram,
  ln: exact('b backup? d f|force i L n|no-dereference P r|relative s|symbolic S|suffix: t|target-directory: T v|verbose', ({ operands, values }, { findings }) => {
    findings.change('link', [...operands, ...values('t')])
  }),
  link: changer('link'), symlink: changer('link'),
  mkdir: changer('write', 'm|mode: p v Z context?'), mkfifo: changer('write', 'm|mode:'), mknod: changer('write', 'm|mode:'), mktemp: changer('write', 'p|tmpdir? suffix: d u q t'),
  touch: changer('write', 'a c d|date: f h m r|reference: t: time:'), truncate: truncation, fallocate: changer('write', 'o: l: n c d i p z x'), tee, sponge: tee,
  dd: disks, dcfldd: disks,
  chmod: permits(), chown: permits(), chgrp: permits(), setfacl: changer('permit', 'm: M: x: X: set: restore:'), chattr: changer('permit', 'p: v:'), setcap: changer('permit'), chcon: changer('permit', 'u: r: t: l: reference:'), restorecon: changer('permit'),
  split: exact('a|suffix-length: b|bytes: C|line-bytes: d|numeric-suffixes? x|hex-suffixes? e|elide-empty-files filter: l|lines: n|number: t|separator: u|unbuffered additional-suffix: verbose', ({ operands, has }, { findings }) => {
    findings.read(operands.slice(0, 1))
    findings.change('write', operands.slice(1))
    if (has('filter')) findings.execute('split --filter runs a command')
  }), csplit: changer('write', 'f: b: n:'), patch: changer('write', 'p: d: i: o: r: D: F: B: Y: z:'),
  gzip: compresses('remove'), gunzip: compresses('remove'), bzip2: compresses('remove'), bunzip2: compresses('remove'), xz: compresses('remove'), unxz: compresses('remove'), zstd: compresses('write'), unzstd: compresses('write'), lz4: compresses('write', 't'), pigz: compresses('remove'),
  zip: (call) => {
    call.findings.change('write', call.args.filter((word) => !word.mayBeOption))
    if (call.args.some((word) => word.mayBeOption && (word.value === undefined || hasAny(word.value, 'mT')))) call.findings.execute('zip with these options removes files or runs a command')
  },
  sync: ({ findings }) => findings.read(), logrotate: (call) => {
    call.findings.change('rename')
    call.findings.execute('logrotate runs what its configuration names')
  },
  cpio: exact('t|list v|verbose n|numeric-uid-gid c H|format: F|file: I: quiet', ({ operands, has, values }, { findings }) => {
    const archives = [...values('F'), ...values('I')]
    if (has('t')) findings.read([...archives, ...operands])
    else findings.change('write')
    if (archives.some(({ value, name }) => value === undefined || name.includes(':'))) findings.execute('the archive of cpio may be on another host')
  }),
}

