/** Package managers: `manager verb names`. */
import { consistsOf } from '../characters.ts'
import { constantWord } from '../shell-word.ts'
import type { ShellWord } from '../shell-word.ts'
import type { Call, Handler, Programs } from './call.ts'

interface Verbs {
  readonly reads: readonly string[]
  readonly install?: readonly string[]
  readonly uninstall?: readonly string[]
  readonly write?: readonly string[]
  /** Options whose value is a word of its own. */
  readonly valued?: readonly string[]
}

const packages = (words: readonly ShellWord[]): readonly string[] => words.map(({ name }) => `package:${name}`)

/** Options that a read may have. Of others some name programs, files to write or another configuration. */
const READ_OPTIONS: ReadonlySet<string> = new Set(['all', 'installed', 'upgradable', 'upgradeable', 'all-versions', 'manual-installed', 'global', 'depth', 'json', 'parseable', 'long', 'outdated', 'uptodate', 'format', 'verbose', 'quiet', 'names-only', 'full', 'user', 'local',
  'not-required', 'production', 'prod', 'dev', 'omit', 'no-color', 'color', 'showduplicates', 'security', 'available', 'enabled', 'disabled', 'duplicates', 'extras', 'recent', 'no-pager', 'versions', 'cask', 'casks', 'formula', 'recurse', 'important', 'editable', 'exclude-editable', 'files', 'no-all-versions', 'refresh',
  'version', 'help', 'assumeyes', 'yes', 'no', 'columns', 'pre', 'updates', 'disablerepo', 'enablerepo', 'whatprovides', 'whatrequires', 'requires', 'provides', 'obsoletes', 'last', 'info', 'list', 'scripts', 'changelog', 'state', 'configfiles', 'docfiles', 'queryformat', 'qf', 'showformat', 'query', 'verify', 'status', 'search', 'listfiles', 'show', 'print-avail', 'get-selections', 'audit', 'compare-versions', 'print-architecture', 'print-foreign-architectures', 'contents', 'showrc', 'group', 'triggers', 'runtime', 'app', 'system'])
/** Those of one letter. */
const READ_LETTERS = 'aglqvnyueiLWAdrRVp1Cts'

function mayBeOfRead({ value, prefix, mayBeOption }: ShellWord): boolean {
  if (!mayBeOption) return true
  if (prefix.startsWith('--')) return (value !== undefined || prefix.includes('=')) && READ_OPTIONS.has(prefix.slice(2).split('=')[0] ?? '')
  return value !== undefined && consistsOf(value.slice(1), READ_LETTERS)
}

/** Those of Debian show long lists a page at a time. */
const PAGES: ReadonlySet<string> = new Set(['apt', 'apt-get', 'aptitude', 'apt-cache', 'dpkg', 'dpkg-query', 'npm'])

function mayPage({ name, findings }: Call): void {
  if (PAGES.has(name)) findings.typedBecause ??= `on a terminal ${name} may start a pager that runs typed commands: run it without one`
}

function manager({ reads, install = [], uninstall = [], write = [], valued = [] }: Verbs): Handler {
  return (call) => {
    const { name, args, findings } = call
    mayPage(call)
    const words: ShellWord[] = []
    let strange = false
    for (let at = 0; at < args.length; at++) {
      const word = args[at]
      if (word === undefined) break
      if (word.kind === 'list' && words.length === 0) strange = true
      if (word.value !== undefined && valued.includes(word.value)) {
        // Configuration given with an option can name programs to run.
        strange ||= word.value === '-o' || word.value === '-c'
        at++
      } else if (word.prefix.startsWith('-o') || word.prefix.startsWith('-c') || word.prefix.startsWith('--option') || word.prefix.startsWith('--config')) strange = true
      else if (!word.mayBeOption) words.push(word)
    }
    const [verb, ...names] = words
    if (verb === undefined && args.length > 0 && args.every(({ value }) => value === '--version' || value === '-v' || value === '-V')) findings.read()
    else if (verb?.value === undefined) findings.execute(`what ${name} is to do is not known here`)
    else if (reads.includes(verb.value)) {
      findings.read(packages(names))
      strange ||= !args.every((word) => valued.includes(word.value ?? '') || mayBeOfRead(word))
    } else if (install.includes(verb.value)) findings.change('install', packages(names))
    else if (uninstall.includes(verb.value)) findings.change('uninstall', packages(names))
    else if (write.includes(verb.value)) findings.change('write', packages(names))
    else findings.execute(`what ${name} ${verb.value} does is not known here`)
    if (strange) findings.execute(`${name} with these options may run other programs`)
  }
}

/** Managers that have letters for verbs: the first that matches counts, and no match installs. */
function letters(reads: readonly string[], uninstalls: readonly string[]): Handler {
  return (call) => {
    const { args, findings, name } = call
    mayPage(call)
    const [first, ...others] = args
    const option = first?.value
    const operands = others.filter((word) => !word.mayBeOption)
    if (option === undefined || args.some(({ kind }) => kind === 'list')) findings.execute(`what ${name} is to do is computed`)
    else if (reads.some((read) => option === read || (!read.startsWith('--') && option.startsWith(read)))) {
      findings.read(packages(operands))
      // Letters behind the verb's own are options like those in other words.
      const joined = constantWord(option.startsWith('--') ? option : `-${option.slice(2)}`)
      if (![joined, ...others].every((word) => mayBeOfRead(word) || word.value === '-f')) findings.execute(`${name} with these options may run other programs`)
    } else if (uninstalls.some((one) => option === one || (!one.startsWith('--') && option.startsWith(one)))) findings.change('uninstall', packages(operands))
    else findings.change('install', packages(operands))
  }
}

const APT = { install: ['install', 'reinstall', 'upgrade', 'dist-upgrade', 'full-upgrade', 'safe-upgrade', 'build-dep', 'satisfy'], uninstall: ['remove', 'purge', 'autoremove', 'autopurge'], write: ['update', 'clean', 'autoclean', 'hold', 'unhold', 'auto', 'manual', 'mark', 'edit-sources', 'source', 'download'], valued: ['-o', '-c', '-t', '-a'] }
const DNF = { install: ['install', 'reinstall', 'upgrade', 'update', 'downgrade', 'localinstall', 'groupinstall', 'distro-sync', 'upgrade-minimal', 'swap'], uninstall: ['remove', 'erase', 'autoremove', 'groupremove'], write: ['clean', 'makecache'], valued: ['-c', '-d', '-e', '-x'],
  reads: ['list', 'info', 'search', 'provides', 'whatprovides', 'repolist', 'check-update', 'repoquery', 'grouplist', 'groupinfo', 'deplist', 'updateinfo', 'check'] }

export const PACKAGES: Programs = {
  apt: manager({ ...APT, reads: ['list', 'show', 'search', 'policy', 'depends', 'rdepends', 'showsrc', 'changelog', 'moo'] }), 'apt-get': manager({ ...APT, reads: ['check', 'indextargets'] }), aptitude: manager({ ...APT, reads: ['search', 'show', 'versions', 'why', 'why-not'] }),
  'apt-cache': manager({ reads: ['policy', 'show', 'search', 'depends', 'rdepends', 'showpkg', 'stats', 'madison', 'pkgnames', 'showsrc', 'dump', 'unmet'], valued: ['-o', '-c'] }), 'apt-mark': manager({ reads: ['showauto', 'showmanual', 'showhold', 'showinstall'], write: ['hold', 'unhold', 'auto', 'manual'], valued: ['-o', '-c'] }), 'apt-key': manager({ reads: ['list'], write: ['add', 'del', 'adv'] }),
  yum: manager(DNF), dnf: manager(DNF), microdnf: manager(DNF), zypper: manager({ reads: ['search', 'se', 'info', 'if', 'list-updates', 'lu', 'repos', 'lr', 'packages', 'pa', 'patches', 'what-provides', 'wp', 'ps'], install: ['install', 'in', 'update', 'up', 'dist-upgrade', 'dup', 'patch', 'install-new-recommends'], uninstall: ['remove', 'rm'], write: ['refresh', 'ref', 'clean', 'addrepo', 'ar', 'removerepo', 'rr'] }),
  apk: manager({ reads: ['info', 'list', 'search', 'policy', 'version', 'stats', 'dot', 'audit'], install: ['add', 'upgrade', 'fix'], uninstall: ['del'], write: ['update', 'cache', 'fetch'] }), snap: manager({ reads: ['list', 'info', 'find', 'version', 'changes', 'services', 'connections'], install: ['install', 'refresh'], uninstall: ['remove', 'disable'], write: ['enable', 'revert', 'connect', 'disconnect', 'set', 'unset'] }),
  flatpak: manager({ reads: ['list', 'info', 'search', 'remotes', 'history'], install: ['install', 'update'], uninstall: ['uninstall', 'remove'] }), brew: manager({ reads: ['list', 'info', 'search', 'outdated', 'deps', 'uses', 'config', 'leaves'], install: ['install', 'upgrade', 'reinstall'], uninstall: ['uninstall', 'remove', 'rm', 'autoremove'], write: ['cleanup', 'update', 'tap'] }),
  dpkg: letters(['-l', '-L', '-S', '-s', '-p', '-I', '-c', '-C', '-V', '--list', '--listfiles', '--search', '--status', '--print-avail', '--get-selections', '--audit', '--verify', '--compare-versions', '--print-architecture', '--print-foreign-architectures', '--version', '--info', '--contents'], ['-r', '-P', '--remove', '--purge']),
  'dpkg-query': letters(['-l', '-L', '-S', '-s', '-W', '-f', '--list', '--listfiles', '--search', '--status', '--show', '--showformat'], []), rpm: letters(['-q', '-V', '--query', '--verify', '--version', '--showrc'], ['-e', '--erase']),
  pacman: letters(['-Q', '-Ss', '-Si', '--query', '--version'], ['-R', '--remove']), pip: manager({ reads: ['list', 'show', 'freeze', 'check', 'config', 'index', 'inspect'].filter((verb) => verb !== 'config'), install: ['install'], uninstall: ['uninstall'], write: ['cache', 'download', 'wheel'] }),
  pip3: manager({ reads: ['list', 'show', 'freeze', 'check', 'index', 'inspect'], install: ['install'], uninstall: ['uninstall'], write: ['cache', 'download', 'wheel'] }), gem: manager({ reads: ['list', 'search', 'info', 'environment', 'outdated', 'which', 'contents', 'dependency'], install: ['install', 'update'], uninstall: ['uninstall', 'cleanup'] }),
  npm: manager({ reads: ['ls', 'list', 'll', 'view', 'info', 'outdated', 'search', 'root', 'prefix', 'whoami', 'ping'], install: ['install', 'i', 'ci', 'add', 'update', 'up'], uninstall: ['uninstall', 'remove', 'rm', 'un', 'prune'] }), yarn: manager({ reads: ['list', 'info', 'why', 'outdated'], install: ['install', 'add', 'upgrade'], uninstall: ['remove'] }),
  pnpm: manager({ reads: ['ls', 'list', 'why', 'outdated'], install: ['install', 'i', 'add', 'update'], uninstall: ['remove', 'rm', 'uninstall', 'prune'] }), 'update-alternatives': ({ args, findings }) => {
    if (['--display', '--list', '--query', '--get-selections'].includes(args[0]?.value ?? '')) findings.read()
    else findings.change('link')
  },
}
