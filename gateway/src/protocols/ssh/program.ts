import { isUtf8 } from 'node:buffer'
import type { OperationFacts } from '../../governance/operation.ts'
import { analyseCommand } from '../../shell/analyse-command.ts'
import type { PeerRequest } from './messages.ts'
import { SshReader } from './wire/ssh-reader.ts'

/** What a client asks to be run in a channel, as it is decided. */
export interface Program {
  /** The request as it is sent on (RFC 4254 section 6.5). */
  readonly type: string
  readonly rest: Buffer
  readonly text: string
  readonly facts: OperationFacts
  /** Its data are the SFTP protocol, in which every operation is governed. */
  readonly speaksSftp: boolean
  /** Its data are files that the client gets. */
  readonly givesFiles?: boolean
  /** False when the target may read it in another way than people are shown it. */
  readonly readable: boolean
}

export const PROGRAM_REQUESTS: readonly string[] = ['exec', 'shell', 'subsystem']

const FACTS = { objects: [], functions: [], readOnly: false, filtered: true, unknown: false, statements: 1 } as const
const SHELL: OperationFacts = { ...FACTS, actions: ['shell'] }
/** To begin changes nothing: each file operation is decided by itself. */
const SFTP: OperationFacts = { ...FACTS, actions: ['sftp'], readOnly: true }

/**
 * @param maxBytes longer commands are not analysed
 * @param hasTerminal it runs on a terminal, where some programs take commands that are typed
 * @throws MalformedFrameError
 */
export function readProgram({ type, rest }: PeerRequest, maxBytes: number, hasTerminal: boolean): Program {
  const reader = new SshReader(rest)
  const bytes = type === 'shell' ? Buffer.alloc(0) : Buffer.from(reader.string())
  reader.expectEnd()
  const kept = Buffer.from(rest)
  const readable = isUtf8(bytes) && !bytes.includes(0)
  const text = bytes.toString('utf8')
  if (type === 'shell') return { type, rest: kept, text: 'shell', facts: SHELL, speaksSftp: false, readable }
  if (type === 'subsystem') {
    const speaksSftp = text === 'sftp'
    const facts = speaksSftp ? SFTP : unknown(['execute'], [text], 'what this subsystem does is not known')
    return { type, rest: kept, text: `subsystem ${text}`, facts, speaksSftp, readable }
  }
  if (!readable) return { type, rest: kept, text, facts: unknown(['unknown'], [], 'the command is no text'), speaksSftp: false, readable }
  if (text.trim() === '') return { type, rest: kept, text, facts: unknown(['shell'], [], 'an empty command may begin a shell'), speaksSftp: false, readable }
  if (bytes.length > maxBytes) return { type, rest: kept, text, facts: unknown(['unknown'], [], 'the command is too long to be analysed'), speaksSftp: false, readable }
  const { facts, onTerminal, transfer } = analyseCommand(text)
  return { type, rest: kept, text, facts: hasTerminal ? onTerminal : facts, speaksSftp: transfer?.program === 'sftp-server', givesFiles: transfer?.direction === 'from-target', readable }
}

function unknown(actions: readonly string[], functions: readonly string[], unknownBecause: string): OperationFacts {
  return { ...FACTS, actions, functions, unknown: true, unknownBecause }
}
