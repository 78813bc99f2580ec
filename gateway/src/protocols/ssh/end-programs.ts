import { setTimeout as sleep } from 'node:timers/promises'
import { fieldsOf, message, messageWith } from './messages.ts'
import type { SshTransport } from './transport/ssh-transport.ts'
import { MESSAGE } from './wire/message-numbers.ts'
import { SshWriter } from './wire/ssh-writer.ts'

/** A shell that hears of a hangup has this long to pass it on to its jobs. */
export const HANGUP_MS = 250
/** How long the target may take to close the channel of what was killed. */
const CLOSE_MS = 300
const SHELL_MS = 2_000

/**
 * Ends every program of the connection it runs on, by its process group: the children of the server's process for the
 * connection, but for itself. Only POSIX; `exec sh` because the login shell may be any.
 */
const KILL_ALL = `exec sh -c 'ps -A -o ppid= -o pgid= | while read p g; do [ "$p" = "$PPID" ] && [ "$g" != "$$" ] && kill -s KILL -- "-$g"; done'`

/** A program that ran when its session ended: its channel's number at the gateway and at the target. */
export interface RunningProgram {
  readonly id: number
  readonly number: number
}

export interface EndProgramsOptions {
  readonly target: SshTransport
  readonly programs: readonly RunningProgram[]
  /** A number that no channel of the connection has. */
  readonly freeId: number
  /** Servers take no signals for logins of root, nor under ForceCommand: whether a command of the gateway's own may end what they left. */
  readonly byShell: boolean
}

/**
 * Makes programs end whose session is over: a hangup, then a kill, then, where the target lets both pass, by a command.
 * @returns false when some may still run. Never throws
 */
export async function endPrograms({ target, programs, freeId, byShell }: EndProgramsOptions): Promise<boolean> {
  const running = new Set(programs.map(({ id }) => id))
  const changed = new Watched()
  let shell: 'none' | 'asked' | number | 'over' = 'none'
  target.onPayload = (payload) => {
    const about = payload[0] ?? 0
    if (about < MESSAGE.channelOpenConfirmation || about > MESSAGE.channelFailure) return
    const reader = fieldsOf(payload)
    const id = reader.uint32()
    if (about === MESSAGE.channelClose) running.delete(id)
    if (id === freeId) shell = about === MESSAGE.channelOpenConfirmation ? reader.uint32() : about === MESSAGE.channelClose || about === MESSAGE.channelOpenFailure ? 'over' : shell
    changed.tell()
  }
  target.onClose = () => {
    running.clear()
    shell = 'over'
    changed.tell()
  }
  target.resume()
  for (const { number } of programs) target.send(signal(number, 'HUP'))
  await changed.until(() => running.size === 0, HANGUP_MS)
  for (const { id, number } of programs) if (running.has(id)) target.send(signal(number, 'KILL'))
  await changed.until(() => running.size === 0, CLOSE_MS)
  if (running.size === 0 || !byShell) return running.size === 0
  shell = 'asked'
  target.send(message(MESSAGE.channelOpen, 'session', freeId, 0, 32_768))
  const isAnswered = (): boolean => typeof shell === 'number' || shell === 'over'
  await changed.until(isAnswered, SHELL_MS)
  if (typeof shell === 'number') {
    target.send(messageWith(MESSAGE.channelRequest, [shell, 'exec', true], new SshWriter().string(KILL_ALL).take()))
    await changed.until(() => running.size === 0, SHELL_MS)
  }
  return running.size === 0
}

function signal(number: number, name: string): Buffer {
  return messageWith(MESSAGE.channelRequest, [number, 'signal', false], new SshWriter().string(name).take())
}

/** Something that is looked at again whenever it may have changed. */
class Watched {
  #look: () => void = () => undefined

  tell(): void {
    this.#look()
  }

  /** Resolves when it holds, or after so long. */
  async until(holds: () => boolean, ms: number): Promise<void> {
    if (holds()) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#look = () => {
      if (holds()) resolve()
    }
    await Promise.race([promise, sleep(ms, undefined, { ref: false })])
  }
}
