/** Programs with a language of their own that can write files and run commands: sed, awk, tar. */
import { hasAny } from '../characters.ts'
import { writeTo } from '../redirections.ts'
import type { ShellWord } from '../shell-word.ts'
import { constantWord } from '../shell-word.ts'
import { isReadingAwk } from './awk-language.ts'
import type { Handler, Programs } from './call.ts'
import { exact } from './program-kinds.ts'
import { isReadingSed } from './sed-language.ts'

const sed = exact('n|quiet|silent e|expression: f|file: E|r|regexp-extended i|in-place? s|separate u|unbuffered z|null-data l|line-length: b|binary posix debug sandbox follow-symlinks help version', ({ operands, has, values }, { findings }) => {
  const given = [...values('e')]
  const texts = given.length > 0 || has('f') ? given : operands.slice(0, 1)
  const files = given.length > 0 || has('f') ? operands : operands.slice(1)
  findings.read(files)
  if (has('i')) findings.change('write', files)
  // Elsewhere than in GNU it takes no value.
  if (values('l').some(({ numeric }) => numeric !== true)) findings.execute('sed -l without a number')
  if (has('f')) findings.execute('sed -f reads its commands from a file')
  if (has('sandbox')) return
  const text = texts.map(({ value }) => value)
  if (!text.every((value) => value !== undefined)) findings.execute('the text that sed runs is computed')
  else if (!isReadingSed(text.join('\n'))) findings.execute('a command of sed that may write a file or run a program')
})

const awk = exact('F|field-separator: v|assign: f|file: W: e|source: i|include: l|load: o? p? d? D? E|exec: b c C g h L? M n N O P r s S|sandbox t V', ({ operands, has, values }, { findings }) => {
  const texts = has('f', 'e') ? values('e') : operands.slice(0, 1)
  findings.read(has('f', 'e') ? operands : operands.slice(1))
  // Some awk goes on without -e, and takes the next word for the program.
  if (has('e', 'f', 'i', 'l', 'o', 'p', 'd', 'D', 'E', 'W')) findings.execute('awk with these options reads its program elsewhere, or writes')
  for (const { value } of texts) {
    if (value === undefined) findings.execute('the text that awk runs is computed')
    else if (!isReadingAwk(value)) findings.execute('an awk program that may write a file or run a program')
  }
  // `name=value` operands are assignments, which awk reads escapes in; they run nothing.
}, false)

const TAR = 'A c|create d|diff|compare r|append t|list u|update x|extract|get delete f|file: C|directory: z|gzip j|bzip2 J|xz a|auto-compress Z v|verbose p|preserve-permissions k|keep-old-files O|to-stdout h|dereference S w m P|absolute-names W l g: L: T|files-from: X|exclude-from: b: N: H: K: V: I|use-compress-program: ' +
  'F|info-script|new-volume-script: to-command: checkpoint? checkpoint-action: rmt-command: rsh-command: exclude: strip-components: wildcards no-recursion owner: group: mode: mtime: one-file-system zstd lzma lzip numeric-owner no-same-owner no-same-permissions same-owner overwrite keep-newer-files skip-old-files remove-files unlink-first recursive-unlink transform|xform: ' +
  'exclude-vcs acls xattrs selinux totals warning: sort: format: anchored ignore-failed-read null utc full-time'

const tarWords: Handler = exact(TAR, ({ operands, has, values }, call) => {
  const { findings, walk } = call
  if (has('F', 'I', 'to-command', 'checkpoint-action', 'rmt-command', 'rsh-command')) findings.execute('tar with these options runs other programs')
  for (const snapshot of values('g')) writeTo(walk, snapshot)
  const files = values('f')
  const archive = files.filter(({ value }) => value !== '-')
  if (!archive.every(isLocal)) findings.execute('the archive of tar may be on another host')
  if (has('c', 'r', 'u', 'A', 'delete')) {
    findings.read([...values('C'), ...operands])
    for (const file of archive) writeTo(walk, file)
  } else if (has('x') && !has('O')) {
    findings.read(archive)
    findings.change('write', values('C').length > 0 ? values('C') : ['.'])
    if (has('recursive-unlink', 'unlink-first')) findings.change('remove')
  } else findings.read([...archive, ...operands])
  if (has('remove-files')) findings.change('remove', operands)
})

/** With a colon before the first slash the archive is on another host. */
function isLocal({ value, prefix, plain, name }: ShellWord): boolean {
  const known = (value ?? prefix).split('/')
  if ((known[0] ?? '').includes(':')) return false
  return value !== undefined || known.length > 1 || (plain === true && !hasAny(name, ':') && !name.includes('%T') && !name.includes('%R'))
}

const tar: Handler = (call) => {
  const [first, ...others] = call.args
  // The old form: letters without a minus sign, whose values follow as words in the order of the letters.
  if (first?.value !== undefined && first.value !== '' && !first.mayBeOption) {
    const letters = first.value.split('').filter((letter) => 'fCbgLTXNHKVIF'.includes(letter))
    const rest = others.slice(letters.length)
    const options = letters.flatMap((letter, at) => {
      const value = others[at]
      return value === undefined ? [] : [constantWord(`-${letter}`), value]
    })
    const flags = first.value.split('').filter((letter) => !letters.includes(letter)).join('')
    tarWords({ ...call, args: [...(flags === '' ? [] : [constantWord(`-${flags}`)]), ...options, ...rest] })
  } else tarWords(call)
}

export const TEXT_TOOLS: Programs = {
  sed, gsed: sed, awk, gawk: awk, mawk: awk, nawk: awk, tar, gtar: tar, bsdtar: (call) => {
    tar(call)
    call.findings.execute('bsdtar has options of its own')
  },
  unzip: exact('l v t q n o p c Z z j a b C L M X d: x: P: f u', ({ operands, has, values }, { findings }) => {
    findings.read(operands)
    if (!has('l', 'v', 't', 'p', 'c', 'Z', 'z')) findings.change('write', values('d').length > 0 ? values('d') : ['.'])
  }),
  zgrep: (call) => call.findings.execute('zgrep is a script'), zless: (call) => call.findings.execute('zless takes typed commands'), zipinfo: ({ args, findings }) => findings.read(args.filter((word) => !word.mayBeOption)),
}
