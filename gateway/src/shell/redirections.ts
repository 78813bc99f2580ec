import type { Redirect, Redirection } from 'unbash'
import { assignNumber } from './arithmetic-reader.ts'
import { hasAny, isDigits, isName } from './characters.ts'
import { isDevice, isHarmlessOutput, isStandardOutput } from './device-paths.ts'
import type { ShellWord } from './shell-word.ts'
import type { Walk } from './walk.ts'
import { readParts } from './word-reader.ts'

export function readRedirection(walk: Walk, redirection: Redirection): void {
  const { descriptor } = redirection
  walk.findings.redirects = true
  if (descriptor?.type === 'FileDescriptorVariable') {
    if (isName(descriptor.name)) assignNumber(walk, descriptor.name)
    else walk.findings.unknownFor('bash evaluates the index of a variable that a descriptor goes into')
  }
  if (redirection.type === 'HereDoc') {
    if (hasAny(redirection.delimiter?.text ?? '$', '$`')) walk.findings.unknownFor('shells differ in which line ends this here-document')
    if (redirection.body.parts !== undefined) readParts(walk, redirection.body.parts)
    return
  }
  const target = redirection.target === undefined ? undefined : walk.word(redirection.target)
  if (redirection.type === 'HereString') return
  if (target === undefined) walk.findings.unknownFor('a redirection without a target')
  else readTarget(walk, redirection, target)
}

function readTarget(walk: Walk, { operator, descriptor }: Redirect, target: ShellWord): void {
  if (putsInput(operator, descriptor, target)) walk.findings.standardOutput('replaced')
  if ((operator === '>&' || operator === '<&') && isDescriptor(target)) return
  // In sh `<& word` is an error; `>& word` writes to a file in bash.
  const host = networkHost(target)
  // Whatever the direction, the descriptor is the connection: both ways.
  if (host !== undefined) for (const action of ['fetch', 'send']) walk.findings.change(action, [host])
  else if (operator === '<' || operator === '<&') walk.findings.read([target])
  else if (target.name === '' && target.kind === 'computed') return
  else writeTo(walk, target)
}

/** A file is written, made or emptied. */
export function writeTo(walk: Walk, target: ShellWord): void {
  if (target.value !== undefined && isStandardOutput(target.value)) walk.findings.standardOutput('named')
  if (target.value !== undefined && isHarmlessOutput(target.value)) return
  walk.findings.change(target.value !== undefined && isDevice(target.value) ? 'format' : 'write', [target])
}

/** What stands for standard output afterwards may be a file that was opened to be read. */
function putsInput(operator: string, descriptor: Redirect['descriptor'], { value }: ShellWord): boolean {
  const number = descriptor?.type === 'FileDescriptor' ? descriptor.value : undefined
  if (operator.startsWith('<') && operator !== '<>') return number === 1 || number === 2
  return operator === '>&' && value !== '1' && value !== '2' && value !== '-'
}

function isDescriptor({ value, numeric }: ShellWord): boolean {
  if (value === '-' || numeric === true) return true
  return value !== undefined && value.endsWith('-') && isDigits(value.slice(0, -1))
}

/** bash opens a connection for `/dev/tcp/host/port`. */
function networkHost({ prefix, value, name }: ShellWord): string | undefined {
  if (!prefix.startsWith('/dev/tcp/') && !prefix.startsWith('/dev/udp/')) return undefined
  const [host, port] = (value ?? name).slice('/dev/tcp/'.length).split('/')
  return `host:${host ?? ''}:${port ?? ''}`
}
