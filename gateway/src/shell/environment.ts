/** Variables that change what programs do. Those given to a program are known to be harmless or are not known. */
import { isLocaleVariable, keepsTexts } from './locale.ts'
import type { ShellWord } from './shell-word.ts'
import type { Walk } from './walk.ts'

const HARMLESS: ReadonlySet<string> = new Set([
  'TZ', 'COLUMNS', 'LINES', 'TERM', 'COLORTERM', 'NO_COLOR', 'CLICOLOR', 'FORCE_COLOR', 'DEBIAN_FRONTEND',
  'PGHOST', 'PGPORT', 'PGUSER', 'PGDATABASE', 'PGPASSWORD', 'PGCONNECT_TIMEOUT', 'PGSSLMODE', 'MYSQL_PWD', 'REDISCLI_AUTH',
  'http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'AWS_PROFILE', 'AWS_REGION', 'AWS_DEFAULT_REGION',
  'APP_ENV', 'NODE_ENV', 'RAILS_ENV', 'RACK_ENV', 'SYSTEMD_COLORS', 'XDG_RUNTIME_DIR', 'BLOCKSIZE', 'BLOCK_SIZE', 'DF_BLOCK_SIZE',
  'DU_BLOCK_SIZE', 'LS_COLORS', 'GREP_COLORS', 'TIME_STYLE',
])

/** Of a shell's own, not given to programs unless the variable was in the environment already. These are, or the shell itself heeds them. */
const HEEDED: ReadonlySet<string> = new Set([
  'LANG', 'LANGUAGE', 'POSIXLY_CORRECT',
  'PATH', 'IFS', 'ENV', 'BASH_ENV', 'HOME', 'SHELL', 'SHELLOPTS', 'BASHOPTS', 'PROMPT_COMMAND', 'PS0', 'PS1', 'PS2', 'PS4', 'CDPATH', 'GLOBIGNORE', 'EXECIGNORE', 'FIGNORE',
  'PAGER', 'MANPAGER', 'EDITOR', 'VISUAL', 'BROWSER', 'LESS', 'LESSOPEN', 'LESSCLOSE', 'MAIL', 'MAILPATH', 'HISTFILE', 'TMOUT', 'HISTCMD', 'FCEDIT', 'TMPDIR', 'CLASSPATH',
])
const HEEDED_PREFIXES = ['LD_', 'DYLD_', 'BASH_', 'GIT_', 'PYTHON', 'PERL', 'RUBY', 'NODE_', 'NPM_', 'npm_', 'LC_', 'GCONV', 'MALLOC_', 'GLIBC_', 'SSH_', 'SYSTEMD_', 'LESS', 'JAVA_', 'JDK_', 'SUDO_', 'PG', 'KUBE', 'DOCKER_']

/** Integers to bash: what is assigned to them is evaluated, with the substitutions in it. Some can not be assigned to, and the rest of the line is left out. */
const INTEGERS: ReadonlySet<string> = new Set(['RANDOM', 'SRANDOM', 'SECONDS', 'LINENO', 'BASHPID', 'EPOCHSECONDS', 'EPOCHREALTIME', 'OPTIND', 'HISTCMD', 'FUNCNEST'])
const CONSTANTS: ReadonlySet<string> = new Set(['UID', 'EUID', 'PPID'])

const PAGERS: ReadonlySet<string> = new Set(['PAGER', 'SYSTEMD_PAGER', 'GIT_PAGER', 'MANPAGER'])

/** A variable that a program gets: `NAME=value program`, `export NAME=value`, `env NAME=value program`. */
export function giveVariable(walk: Walk, name: string, value: ShellWord | undefined): void {
  if (HARMLESS.has(name) || isLocale(name, value) || (PAGERS.has(name) && (value?.value === 'cat' || value?.value === ''))) return
  walk.findings.change('environment', [name])
  walk.findings.unknownFor(`${name} in the environment may change what programs do`)
}

/** A variable that the shell keeps. @param value undefined when it is not known */
export function keepVariable(walk: Walk, name: string, value?: ShellWord): void {
  if (INTEGERS.has(name) ? value?.numeric !== true : CONSTANTS.has(name)) walk.findings.unknownFor(`bash evaluates what ${name} is set to, or does not take it`)
  if (!HEEDED.has(name) && !HEEDED_PREFIXES.some((prefix) => name.startsWith(prefix))) return
  if (HARMLESS.has(name) || isLocale(name, value)) return
  walk.findings.change('environment', [name])
  walk.findings.unknownFor(`${name} changes what the shell or programs do`)
}

function isLocale(name: string, value: ShellWord | undefined): boolean {
  return isLocaleVariable(name) && value?.value !== undefined && keepsTexts(name, value.value)
}
