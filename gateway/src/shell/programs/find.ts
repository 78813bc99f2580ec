import { anyWord, constantWord } from '../shell-word.ts'
import type { ShellWord } from '../shell-word.ts'
import { writeTo } from '../redirections.ts'
import type { Handler } from './call.ts'
import { fill } from './wrappers.ts'

/** Tests and options by how many words follow them. */
const PLAIN: ReadonlyMap<string, number> = new Map([
  ...['-a', '-and', '-o', '-or', '-not', '!', '(', ')', ',', '-daystart', '-depth', '-d', '-empty', '-executable', '-false', '-follow', '-ignore_readdir_race', '-noignore_readdir_race', '-mount', '-xdev', '-nogroup', '-noleaf',
    '-nouser', '-nowarn', '-print', '-print0', '-prune', '-quit', '-readable', '-true', '-warn', '-writable', '-ls', '-H', '-L', '-P', '-help', '-version', '--help', '--version'].map((name) => [name, 0] as const),
  ...['-amin', '-anewer', '-atime', '-cmin', '-cnewer', '-context', '-ctime', '-fstype', '-gid', '-group', '-ilname', '-iname', '-inum', '-ipath', '-iregex', '-iwholename', '-links', '-lname', '-maxdepth', '-mindepth', '-mmin', '-mtime',
    '-name', '-newer', '-path', '-perm', '-printf', '-regex', '-regextype', '-samefile', '-size', '-type', '-uid', '-used', '-user', '-wholename', '-xtype', '-D', '-files0-from'].map((name) => [name, 1] as const),
])

export const find: Handler = ({ args, walk, findings }) => {
  const roots: ShellWord[] = []
  let tests = 0
  let removes = false
  let expression = false
  findings.read()
  for (let at = 0; at < args.length; at++) {
    const word = args[at]
    if (word === undefined) break
    const { value } = word
    if (value === undefined) {
      if (!expression && !word.mayBeOption) roots.push(word)
      else findings.execute(`${word.name} may become an action of find: quote it, or begin it with a path`)
      continue
    }
    if (!expression && !value.startsWith('-') && value !== '(' && value !== '!') {
      roots.push(word)
      continue
    }
    const words = PLAIN.get(value)
    if (words !== undefined) {
      if (!['-H', '-L', '-P', '-D'].includes(value)) expression = true
      if (words === 1) {
        at++
        if (['-name', '-iname', '-path', '-ipath', '-regex', '-iregex', '-wholename', '-mtime', '-mmin', '-size', '-newer', '-user', '-empty', '-ctime', '-atime'].includes(value)) tests++
        const next = args[at]
        if (next?.kind === 'list' || next?.kind === 'pattern') findings.execute(`${next.name} may become several words, of which one may be an action of find: quote it`)
      }
      continue
    }
    expression = true
    if (value.startsWith('-newer') && value.length === 8) {
      at++
      tests++
    } else if (value === '-delete') {
      removes = true
    } else if (value.startsWith('-O')) {
      continue
    } else if (['-exec', '-execdir', '-ok', '-okdir'].includes(value)) {
      const end = commandEnd(args, at + 1)
      const inner = args.slice(at + 1, end)
      if (value.endsWith('dir')) findings.folder('changed')
      if (inner.some(({ kind }) => kind === 'list' || kind === 'pattern') || mayEndEarly(inner)) findings.execute('a command of find with words that are computed')
      walk.run(inner.map((part) => part.value === '{}' ? { ...anyWord(found(roots)), mayBeOption: false } : fill(part, '{}')))
      at = end
    } else if (['-fprint', '-fprint0', '-fls', '-fprintf'].includes(value)) {
      const target = args[at + 1]
      if (target !== undefined) writeTo(walk, target)
      at += value === '-fprintf' ? 2 : 1
    } else {
      findings.execute(`what find does with ${value} is not known here`)
    }
  }
  findings.object(...roots)
  if (removes) {
    findings.change('remove', roots.length === 0 ? [constantWord('.')] : roots)
    if (tests === 0 || roots.some(({ value }) => value === '/')) findings.unfiltered()
  }
}

/** What `{}` stands for, as an object's name. */
function found(roots: readonly ShellWord[]): string {
  return roots.length === 1 ? `${roots[0]?.name ?? '.'}/…` : './…'
}

/** Of the `;`, or of the `+` after `{}`, that ends a command. */
function commandEnd(args: readonly ShellWord[], from: number): number {
  for (let at = from; at < args.length; at++) {
    const value = args[at]?.value
    if (value === ';' || (value === '+' && args[at - 1]?.value === '{}')) return at
  }
  return args.length
}

/** A word that is computed may be the `;`, and what follows it be an action. */
function mayEndEarly(inner: readonly ShellWord[]): boolean {
  const first = inner.findIndex((word) => word.value === undefined && ['', ';', '+'].includes(word.prefix) && word.plain !== true)
  return first >= 0 && inner.slice(first + 1).some((word) => word.mayBeOption || word.prefix.startsWith('-'))
}
