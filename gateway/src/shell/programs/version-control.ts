/** git. Its configuration can name programs to run, which is in files of the target; what the command line adds is seen here. */
import { writeTo } from '../redirections.ts'
import type { ShellWord } from '../shell-word.ts'
import type { Handler, Programs } from './call.ts'
import { exact } from './program-kinds.ts'

/** Verbs that read, and the options of each that write or run something. */
const READS: ReadonlySet<string> = new Set(['status', 'log', 'show', 'diff', 'blame', 'rev-parse', 'rev-list', 'ls-files', 'ls-tree', 'describe', 'shortlog', 'cat-file', 'name-rev', 'merge-base', 'for-each-ref', 'show-ref', 'count-objects', 'whatchanged', 'cherry', 'diff-tree', 'diff-index', 'var', 'version', 'grep'])
const CHANGES: Readonly<Record<string, string>> = {
  add: 'write', commit: 'write', checkout: 'write', switch: 'write', restore: 'write', reset: 'write', merge: 'write', rebase: 'write', 'cherry-pick': 'write', revert: 'write', apply: 'write', am: 'write', init: 'write', gc: 'write', repack: 'write', mv: 'rename',
  rm: 'remove', clean: 'remove', prune: 'remove', clone: 'fetch', pull: 'fetch', fetch: 'fetch', push: 'send',
}

const git: Handler = ({ args, findings, walk }) => {
  let at = 0
  let pages = true
  for (; at < args.length; at++) {
    const { value } = args[at] ?? {}
    if (value === '--no-pager' || value === '-P') pages = false
    else if (value === '-C') at++
    else if (value === '--no-optional-locks' || value === '--literal-pathspecs' || value === '--bare') continue
    else break
  }
  const [verb, ...rest] = args.slice(at)
  if (verb === undefined || (rest.length === 0 && (verb.value === '--version' || verb.value === '--help' || verb.value === 'help'))) findings.read()
  else if (verb.value === undefined || verb.mayBeOption) findings.execute('git with these options may run other programs')
  else if (isRead(verb.value, rest)) {
    findings.read(args.slice(0, at).filter((_, index) => args[index - 1]?.value === '-C'))
    if (pages) findings.typedBecause ??= 'on a terminal git starts a pager that runs typed commands: write git --no-pager'
    for (const word of rest) if (word.prefix.startsWith('--output=')) writeTo(walk, { ...word, value: word.value?.slice('--output='.length), name: word.name.slice('--output='.length) })
  } else if (Object.hasOwn(CHANGES, verb.value)) {
    findings.change(CHANGES[verb.value] ?? 'write', rest.filter((word) => !word.mayBeOption))
    findings.change('write')
    findings.execute('git runs the hooks of the repository')
  } else findings.execute(`what git ${verb.value} does with these words is not known here`)
}

function isRead(verb: string, rest: readonly ShellWord[]): boolean {
  const options = rest.filter((word) => word.mayBeOption).map(({ value }) => value)
  if (options.some((value) => value === undefined || runsPrograms(verb, value))) return false
  if (READS.has(verb)) return true
  const values = rest.map(({ value }) => value)
  switch (verb) {
    case 'branch': return values.every((value) => value !== undefined && ['-a', '-r', '-v', '-vv', '--list', '--show-current', '--all', '-l'].includes(value))
    case 'remote': return values.length === 0 || (values.length === 1 && values[0] === '-v')
    case 'tag': return values.length === 0 || (values.length === 1 && (values[0] === '-l' || values[0] === '--list'))
    case 'stash': return values.length === 1 && values[0] === 'list'
    case 'reflog': return values.length === 0 || values[0] === 'show'
    case 'config': return values.length > 0 && values.every((value) => value !== undefined) && ['--list', '-l', '--get', '--get-all'].includes(values[0] ?? '')
    case 'worktree': return values.length === 1 && values[0] === 'list'
    case 'submodule': return false
    default: return false
  }
}

/** Long options may be cut short, and short ones be put together. */
function runsPrograms(verb: string, option: string): boolean {
  if (!option.startsWith('--')) return verb === 'grep' && option.includes('O')
  const equals = option.indexOf('=')
  const name = equals < 0 ? option.slice(2) : option.slice(2, equals)
  // With its value in the same word `--output` is seen to.
  if (name === 'output') return equals < 0
  return name !== '' && ['ext-diff', 'textconv', 'open-files-in-pager', 'filters', 'output'].some((one) => one.startsWith(name))
}

const svn = exact('v|verbose q|quiet l|limit: r|revision: c|change: u|show-updates R|recursive N|non-recursive depth: xml incremental stop-on-copy show-item: no-newline non-interactive no-ignore version help', ({ operands }, { findings }) => {
  const [verb, ...others] = operands
  if (!['info', 'log', 'status', 'st', 'list', 'ls'].includes(verb?.value ?? '')) findings.execute('what svn does is not known here')
  else if (others.some(({ value, name }) => value === undefined || name.includes('://'))) findings.execute('svn runs programs to reach some addresses')
  else findings.read(others)
})

export const VERSION_CONTROL: Programs = { git, svn, hg: ({ findings }) => findings.execute('what hg does is not known here') }
