/** Programs that only read, or do so unless an option asks for more. */
import { writeTo } from '../redirections.ts'
import type { ShellWord } from '../shell-word.ts'
import type { Call, Handler, Programs } from './call.ts'
import { exact, harmless, reader } from './program-kinds.ts'

const writes = (value: ShellWord | undefined, { walk }: Call): void => {
  if (value !== undefined) writeTo(walk, value)
}
const executes = (value: ShellWord | undefined, { name, findings }: Call): void => {
  findings.execute(`${name} runs ${value?.name ?? 'another program'}`)
}
const types = (why: string, handler: Handler): Handler => (call) => {
  call.findings.typedBecause ??= why
  handler(call)
}

/** A second operand is written to. */
const secondIsOutput = (options: string): Handler => exact(options, ({ operands }, { findings, walk }) => {
  const [input, ...outputs] = operands
  findings.read(input === undefined ? [] : [input])
  // What becomes several words brings the second with it.
  for (const output of input?.kind === 'pattern' || input?.kind === 'list' ? operands : outputs) writeTo(walk, output)
})

/** Options of which some only show, and any other changes. */
export const shows = (options: string, action: string): Handler => exact(options, ({ operands }, { findings }) => {
  if (operands.length === 0) findings.read()
  else findings.change(action, operands)
})

const volumes = reader('o|options: a|all v|verbose noheadings units: separator:')
const digest = harmless('tag b|binary c|check')
const compressedReader = harmless('', 'files')

export const READERS: Programs = {
  ls: harmless('I|ignore: w|width: T|tabsize: hide: time-style: block-size: sort: time: format: indicator-style: quoting-style:'),
  dir: harmless(), vdir: harmless(), exa: harmless(), eza: harmless(), tree: reader('a d f i l x p s h u g D F q N Q r t c U S n C A J L: P: I: du noreport dirsfirst prune si matchdirs o:', { o: writes }),
  cat: harmless(), tac: harmless('s|separator:'), nl: harmless('b: d: f: h: i: l: n: s: v: w:'), rev: harmless(),
  head: harmless('n|lines: c|bytes:'), tail: harmless('n|lines: c|bytes: s|sleep-interval: pid: max-unchanged-stats:'),
  wc: harmless('files0-from:'), cut: harmless('b: c: d: f: output-delimiter:'), tr: harmless('', 'none'), paste: harmless('d|delimiters:'),
  join: harmless('a: e: j: o: t: v: 1: 2:'), comm: harmless('output-delimiter:'), fold: harmless('w|width:'), fmt: harmless('w|width: p|prefix: g|goal:'),
  expand: harmless('t|tabs:'), unexpand: harmless('t|tabs:'), column: harmless('s: t o: c: N: H: R: T: W: O:'), colrm: harmless('', 'none'), pr: harmless('l: w: h: o:'),
  od: harmless('A: j: N: S: t: w:'), hexdump: harmless('e: f: n: s:'), hd: harmless('n: s:'), strings: harmless('n: t: e:'), basename: harmless('s|suffix:', 'none'), dirname: harmless('', 'none'),
  grep: harmless('e|regexp: f|file: m|max-count: A|after-context: B|before-context: C|context: d: D: include: exclude: exclude-dir: exclude-from: label: binary-files: color?', 'pattern-first'),
  egrep: harmless('e|regexp: f|file: m: A: B: C: include: exclude: exclude-dir:', 'pattern-first'), fgrep: harmless('e|regexp: f|file: m: A: B: C: include: exclude: exclude-dir:', 'pattern-first'),
  zcat: compressedReader, bzcat: compressedReader, xzcat: compressedReader, zstdcat: reader('f q v'), lz4cat: reader('f q v'),
  diff: harmless('U: C: W: x|exclude: X: I: L|label: S: width:'), cmp: harmless('i: n:'), colordiff: harmless('U: C:'), diff3: reader('A e E 3 i m T x X a|text L:'),
  md5sum: digest, sha1sum: digest, sha224sum: digest, sha256sum: digest, sha384sum: digest, sha512sum: digest, b2sum: digest, cksum: digest, sum: digest, base64: harmless('w|wrap:'), base32: harmless('w|wrap:'),
  sort: reader('b d f g i M h n R r V c C m s u z k|key: t|field-separator: S|buffer-size: T|temporary-directory: parallel: batch-size: files0-from: check? debug sort: ' +
    'ignore-leading-blanks dictionary-order ignore-case general-numeric-sort ignore-nonprinting month-sort human-numeric-sort numeric-sort random-sort random-source: ' +
    'reverse version-sort merge stable unique zero-terminated o|output: compress-program:', { o: writes, 'compress-program': executes }),
  uniq: secondIsOutput('c|count d|repeated D all-repeated? f|skip-fields: i|ignore-case s|skip-chars: u|unique z|zero-terminated group? w|check-chars:'),
  shuf: reader('e|echo i|input-range: n|head-count: r|repeat z|zero-terminated random-source: o|output:', { o: writes }),
  xxd: secondIsOutput('a b C c: d E e g: i l: n: o: p q s: u v R: r ps'),
  jq: harmless('f|from-file: L: indent: tab', 'pattern-first'),
  stat: harmless('c|format: printf: f'), file: reader('b|brief c d E f|files-from: F|separator: h i|mime k L m|magic-file: N n p r s S v z Z 0 mime-type mime-encoding no-buffer dereference extension C|compile', {
    C: (_, { findings }) => findings.change('write'),
  }),
  du: harmless('d|max-depth: B|block-size: t|threshold: exclude: X: time-style: time?'), df: harmless('B|block-size: t|type: x|exclude-type: output?'),
  readlink: harmless(), realpath: harmless('relative-to: relative-base:'), namei: harmless(), pathchk: harmless(), getfacl: harmless(), lsattr: harmless(), getcap: harmless(),
  ps: harmless('o: p: u: U: C: t: g: G: s: q: sort: cols: format: pid: ppid: N', 'none'), pgrep: harmless('d: g: G: P: s: t: u: U: F: ns: nslist:', 'none'), pidof: harmless('o:', 'none'), pstree: harmless('', 'none'),
  pmap: reader('x X d q p'), pwdx: harmless('', 'none'), uptime: harmless('', 'none'), free: harmless('s: c:', 'none'), w: harmless('', 'none'), who: harmless(), whoami: harmless('', 'none'), id: harmless('', 'none'),
  groups: harmless('', 'none'), users: harmless(), last: harmless('n: f: s: t: p:', 'none'), lastb: harmless('n: f:', 'none'), lastlog: reader('b|before: t|time: u|user:'),
  uname: harmless('', 'none'), arch: harmless('', 'none'), nproc: harmless('', 'none'), lscpu: harmless('', 'none'), lsblk: harmless('o|output: e: I:'), lspci: harmless('s: d:', 'none'), lsusb: harmless('', 'none'), lsmod: harmless('', 'none'),
  lsns: harmless('', 'none'), lsmem: harmless('', 'none'), lsipc: harmless('', 'none'), lslocks: harmless('', 'none'), lsof: harmless('i? p: u: c: a d: g? n P t'), fuser: reader('a|all m M n|namespace: s|silent u v|verbose V 4 6 k|kill i|interactive', {
    k: (_, { findings }) => findings.change('kill'),
  }),
  vmstat: harmless('S:', 'none'), iostat: harmless('', 'none'), mpstat: harmless('P:', 'none'), pidstat: reader('d r s t u v w h H I l p: C: G:'), sar: reader('A b B d F H h p q r S u v W w y f: i: s: e: P: n: m: I: 1 2 3 4 5 6 7 8 9'),
  pwd: harmless('', 'none'), seq: harmless('f: s: t:', 'none'), printenv: harmless('', 'none'), getent: harmless('', 'none'), getconf: harmless('', 'none'), locale: harmless('', 'none'), tty: harmless('', 'none'), cal: harmless('', 'none'), factor: harmless('', 'none'),
  expr: harmless('', 'none'), sleep: harmless('', 'none'), yes: harmless('', 'none'), nohup: (call) => call.walk.run(call.args), logname: harmless('', 'none'), hostid: harmless('', 'none'), which: harmless('', 'none'), whereis: harmless('', 'none'), whatis: harmless('', 'none'),
  locate: harmless('', 'none'), ldconfig: exact('p|print-cache', ({ has }, { findings }) => has('p') ? findings.read() : findings.change('write', ['/etc/ld.so.cache'])), findmnt: harmless('o: t: T: S:', 'none'), blkid: reader('o: s: t: L: U: k p'), lvs: volumes, vgs: volumes, pvs: volumes, zpool: shows('', 'mount'),
  date: exact('d|date: f|file: I? R|rfc-email r|reference: u|utc|universal iso-8601? rfc-3339: debug resolution s|set:', ({ operands, has }, { findings }) => {
    const sets = has('s') || operands.some(({ prefix }) => !prefix.startsWith('+'))
    if (sets) findings.change('write', ['/dev/rtc'])
    else findings.read()
  }),
  hostname: exact('f|fqdn|long i|ip-address I|all-ip-addresses s|short d|domain A|all-fqdns a|alias y|yp|nis F|file: b|boot', ({ operands, has }, { findings }) => {
    if (operands.length > 0 || has('F', 'b')) findings.change('write', ['/etc/hostname'])
    else findings.read()
  }),
  dmesg: exact('c|read-clear C|clear D|console-off E|console-on d|show-delta e|reltime F|file: f|facility: H|human J|json k|kernel L|color? l|level: n|console-level: P|nopager p|force-prefix r|raw S|syslog s|buffer-size: T|ctime t|notime u|userspace w|follow W|follow-new x|decode time-format: since: until:', ({ has }, { findings }) => {
    if (has('c', 'C', 'D', 'E', 'n')) findings.change('remove', ['/dev/kmsg'])
    else findings.read()
    if (has('H') && !has('P')) findings.typedBecause ??= 'on a terminal dmesg -H starts a pager that runs typed commands'
  }),
  mount: exact('l|show-labels', ({ operands, foreign }, { findings }) => {
    if (foreign.length > 0 || operands.length > 0) findings.change('mount', operands)
    else findings.read()
  }),
  top: types('on a terminal top takes typed commands: give it -b', harmless('b d: n: p: u: U: w? o: E: e:', 'none')),
  less: types('on a terminal less runs typed commands: use cat', exact('N n S R r i I F X E e g G q s u U w W x: m M', ({ operands }, { findings }) => {
    if (operands.some(({ prefix }) => prefix.startsWith('+'))) findings.execute('less runs the commands after +')
    else findings.read(operands)
  })),
  more: types('on a terminal more runs typed commands: use cat', exact('d f l p c s u n: e', ({ operands }, { findings }) => {
    if (operands.some(({ prefix }) => prefix.startsWith('+'))) findings.execute('more runs the commands after +')
    else findings.read(operands)
  })),
}
