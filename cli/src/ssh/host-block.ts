import type { Target } from '@sallyport/contract'
import { anotherProtocol } from '../another-protocol.ts'
import { Failure } from '../failure.ts'
import type { SshFiles } from './ssh-files.ts'

/** What ssh and shells take as a word of its own, and is no option. */
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/
/** Listens everywhere, and is nowhere. */
const WILDCARDS = ['0.0.0.0', '::', '*']

export function isPlainName(name: string): boolean {
  return PLAIN.test(name)
}

/**
 * The lines of ssh's configuration by which `ssh NAME` reaches a target: with the certificate at the gateway, trusting its
 * authority and no key that was seen before. What is set here wins over whatever follows.
 * @param gateway origin of the control API
 * @throws Failure for a target of another protocol, or with a name that ssh could read otherwise
 */
export function hostBlock(target: Target, files: SshFiles, gateway: string): string {
  const { name, protocol, host, port } = target
  if (protocol !== 'ssh') throw anotherProtocol(target)
  if (!isPlainName(name)) throw new Failure(`ssh cannot be told of the target "${name}"`, 'Have it named with letters, digits, ".", "_" and "-".')
  return [
    `Host ${name}`,
    `  HostName ${WILDCARDS.includes(host) ? new URL(gateway).hostname.replaceAll(/[[\]]/g, '') : host}`,
    `  Port ${port}`,
    `  User ${name}`,
    `  IdentityFile ${quoted(files.identity)}`,
    `  CertificateFile ${quoted(files.certificate)}`,
    '  IdentitiesOnly yes',
    '  IdentityAgent none',
    '  PreferredAuthentications publickey',
    `  UserKnownHostsFile ${quoted(files.knownHosts)}`,
    '  GlobalKnownHostsFile /dev/null',
    '  StrictHostKeyChecking yes',
    '  UpdateHostKeys no',
    '  ForwardAgent no',
    '  ForwardX11 no',
    '',
  ].join('\n')
}

/** Before the block of a target: gets a certificate whenever ssh is about to go there. It decides nothing else. */
export function renewingMatch(name: string, command: readonly string[]): string {
  const words = command.map(shellWord).join(' ')
  return `Match originalhost ${name} exec "${words.replaceAll('%', '%%')}"\n`
}

function shellWord(word: string): string {
  if (/^[\w./:@=-]+$/.test(word)) return word
  // Inside the quotes of ssh's configuration there are no others.
  if (/['"\\\n\r]/.test(word)) throw new Failure(`ssh's configuration cannot hold ${JSON.stringify(word)}`, 'Use paths without quotes and backslashes.')
  return `'${word}'`
}

function quoted(path: string): string {
  if (/["\n\r]/.test(path)) throw new Failure(`ssh's configuration cannot hold the path ${JSON.stringify(path)}`, 'Use paths without quotes.')
  return `"${path.replaceAll('%', '%%')}"`
}
