/** Programs that are one end of a file transfer: they speak a protocol over the channel, and read or write their paths. */
import type { ShellWord } from '../shell-word.ts'
import type { Transfer } from '../transfer.ts'
import type { Call, Handler, Programs } from './call.ts'
import { exact } from './program-kinds.ts'
import { optionTable, readOptions } from './options.ts'

function transfer({ findings }: Call, program: Transfer['program'], direction: Transfer['direction'], words: readonly ShellWord[]): void {
  findings.transfer = { program, direction, paths: words.map(({ name }) => name) }
  if (direction === 'to-target') findings.change('write', words)
  else findings.read(words)
}

const isRemote = ({ value, name }: ShellWord): boolean => {
  const text = value ?? name
  const colon = text.indexOf(':')
  return colon > 0 && !text.slice(0, colon).includes('/')
}

const scp = exact('t f r p d v q B C 1 2 3 4 6 T A R O s E c: F: i: l: o: P: S: X: J: D:', ({ operands, has }, call) => {
  if (has('t')) transfer(call, 'scp', 'to-target', operands)
  else if (has('f')) transfer(call, 'scp', 'from-target', operands)
  else {
    const to = operands.at(-1)
    call.findings.change(to !== undefined && isRemote(to) ? 'send' : 'fetch', operands.filter(isRemote).map(({ name }) => `host:${name.slice(0, name.indexOf(':'))}`))
    call.findings.read(operands.slice(0, -1).filter((word) => !isRemote(word)))
    if (to !== undefined && !isRemote(to)) call.findings.change('write', [to])
  }
  if (has('o', 'F', 'S', 'J', 'D', 'X')) call.findings.execute('scp with these options may run other programs')
})

/** What the client's rsync says of itself is one word of letters with a version after `e`: `-logDtpre.iLsfxCIvu`. */
const RSYNC = optionTable('server sender delete delete-before delete-during delete-delay delete-after delete-excluded del remove-source-files remove-sent-files force existing ignore-existing ignore-errors inplace append append-verify partial partial-dir: temp-dir|T: compare-dest: copy-dest: link-dest: backup-dir: ' +
  'suffix: b|backup n|dry-run v|verbose q|quiet l|links o|owner g|group D t|times p|perms r|recursive z|compress e|rsh: u|update c|checksum d|dirs a|archive H|hard-links A|acls X|xattrs x|one-file-system S|sparse W|whole-file I|ignore-times L|copy-links K O J E h i k m R|relative y|fuzzy C B: f|filter: F P N s|protect-args|secluded-args ' +
  'numeric-ids size-only bwlimit: timeout: iconv: log-format: out-format: log-file: exclude: include: exclude-from: include-from: files-from: chmod: chown: usermap: groupmap: modify-window: max-delete: stats progress info: debug: no-implied-dirs safe-links munge-links copy-unsafe-links ignore-missing-args delete-missing-args fake-super checksum-seed: rsync-path: port: ' +
  'protocol: mkpath open-noatime list-only super safe-links whole-file no-whole-file omit-dir-times preallocate checksum-choice: compress-choice: zc: compress-level: skip-compress: human-readable M|remote-option: delay-updates prune-empty-dirs password-file: sockopts: address: contimeout: stop-after: stop-at: early-input: write-batch: only-write-batch: read-batch: config: daemon 8 new-compress old-compress no-r no-R from0 0 no-inc-recursive inc-recursive')

const rsync: Handler = (call) => {
  const { args, findings } = call
  const { operands, has, foreign, doubtful } = readOptions(args, RSYNC)
  const deletes = has('delete', 'delete-before', 'delete-during', 'delete-delay', 'delete-after', 'delete-excluded', 'del', 'delete-missing-args')
  if (foreign.length > 0 || doubtful !== undefined || has('daemon', 'config', 'rsync-path', 'early-input', 'M')) findings.execute(`what rsync does with ${foreign[0] ?? doubtful?.name ?? 'these options'} is not known here`)
  const to = operands.at(-1)
  if (has('server')) {
    // The first operand stands for the client's side.
    transfer(call, 'rsync', has('sender') ? 'from-target' : 'to-target', operands.slice(1))
    if (has('remove-source-files', 'remove-sent-files')) findings.change('remove', operands.slice(1))
    if (deletes && !has('sender')) removes(call, operands.slice(1))
    if (has('log-file', 'write-batch', 'only-write-batch', 'backup-dir', 'temp-dir')) findings.change('write')
    return
  }
  if (has('e')) findings.execute('rsync -e runs another program')
  if (has('log-file', 'write-batch', 'only-write-batch')) findings.change('write')
  // With a batch the only operand is what is written to.
  if (has('read-batch')) findings.change('write', operands)
  findings.read(operands.slice(0, -1).filter((word) => !isRemote(word)))
  if (operands.some(isRemote)) findings.change(to !== undefined && isRemote(to) ? 'send' : 'fetch', operands.filter(isRemote).map(({ name }) => `host:${name.slice(0, name.indexOf(':'))}`))
  if (operands.length < 2) return
  if (!has('n', 'list-only')) {
    if (to !== undefined && !isRemote(to)) findings.change('write', [to])
    if (has('remove-source-files', 'remove-sent-files')) findings.change('remove', operands.slice(0, -1))
    if (deletes && to !== undefined) removes(call, [to])
  }
}

function removes({ findings }: Call, words: readonly ShellWord[]): void {
  findings.change('remove', words)
  findings.unfiltered()
}

const sftpServer = exact('e R h l: f: d: u: P: p: Q:', ({ values, has }, call) => {
  call.findings.change('sftp')
  call.findings.transfer = { program: 'sftp-server', direction: has('R') ? 'from-target' : 'to-target', paths: values('d').map(({ name }) => name) }
  if (!has('R')) call.findings.change('write')
})

const gitSide = (direction: Transfer['direction']): Handler => exact('strict no-strict timeout: stateless-rpc http-backend-info-refs advertise-refs q|quiet', ({ operands }, call) => {
  transfer(call, 'git', direction, operands)
  // Hooks of the repository run.
  if (direction === 'to-target') call.findings.execute('git-receive-pack runs the hooks of the repository')
})

export const TRANSFERS: Programs = {
  scp, rsync, 'sftp-server': sftpServer, 'git-upload-pack': gitSide('from-target'), 'git-upload-archive': gitSide('from-target'), 'git-receive-pack': gitSide('to-target'),
}
