/** Shells and interpreters: what a text that is given to them does. */
import type { Dialect } from '../walk.ts'
import type { Handler, Programs } from './call.ts'
import { optionTable, readOptions } from './options.ts'

const SHELL = optionTable('c l|login i s e u x v n f a b h k m p r t B C E H P T o: O: norc noprofile posix rcfile: init-file: restricted verbose')

function shell(dialect: Dialect): Handler {
  return (call) => {
    const { args, findings, walk } = call
    const { operands, has, foreign, doubtful } = readOptions(args, SHELL, false)
    const [first] = operands
    findings.read()
    if (doubtful !== undefined || foreign.length > 0 || has('i', 's', 'a', 'k', 'rcfile', 'O', 'r', 't', 'restricted')) findings.execute(`what ${call.name} does with these options is not known here`)
    if (!has('c')) findings.execute(first === undefined ? `${call.name} runs what it is sent` : `${call.name} runs a script that is not in the text`)
    else if (first?.value === undefined) findings.execute(`the text that ${call.name} -c runs is computed`)
    else {
      walk.runText(first.value, dialect)
      if (first.resolved === true) findings.execute(`the text that ${call.name} -c runs is computed`)
    }
  }
}

const INTERPRETERS = ['python', 'python2', 'python3', 'pypy', 'pypy3', 'ipython', 'perl', 'ruby', 'node', 'nodejs', 'deno', 'bun', 'php', 'lua', 'luajit', 'tclsh', 'expect', 'wish', 'guile', 'Rscript', 'R', 'java',
  'groovy', 'scala', 'erl', 'elixir', 'ghc', 'go', 'cargo', 'pwsh', 'zsh', 'fish', 'ksh', 'ksh93', 'mksh', 'csh', 'tcsh', 'osascript', 'make', 'gmake', 'cmake', 'ninja', 'rake', 'ant', 'mvn', 'gradle', 'm4', 'bc', 'dc', 'gdb', 'lldb', 'strace', 'ltrace',
  'vim', 'vi', 'nvim', 'view', 'ex', 'ed', 'emacs', 'nano', 'pico', 'jshell', 'irb', 'sqlite3', 'mongosh', 'mongo', 'man', 'info', 'screen', 'tmux', 'mc', 'ranger', 'uv', 'npx', 'pnpx', 'bunx', 'pipx', 'ansible', 'ansible-playbook', 'terraform', 'tofu', 'vagrant', 'packer', 'helm']

const VERSION_ONLY: ReadonlySet<string> = new Set(['--version', '-V', '-version', '--help'])

/** Programs that only say their version when that is all they are asked for. */
const interpreter: Handler = ({ name, args, findings }) => {
  if (args.length === 1 && VERSION_ONLY.has(args[0]?.value ?? '') && name !== 'expect') findings.read()
  else findings.execute(`what ${name} runs is not known here`)
}

export const SHELLS: Programs = {
  sh: shell('sh'), dash: shell('sh'), ash: shell('sh'), bash: shell('bash'), rbash: shell('bash'),
  ...Object.fromEntries(INTERPRETERS.map((name) => [name, interpreter])),
}

/** `python3.11`, `php8.2`, `perl5.36.0`. */
export function versionedInterpreter(name: string): Handler | undefined {
  let end = name.length
  while (end > 0 && '0123456789.'.includes(name[end - 1] ?? 'x')) end--
  return end < name.length && INTERPRETERS.includes(name.slice(0, end)) ? interpreter : undefined
}

