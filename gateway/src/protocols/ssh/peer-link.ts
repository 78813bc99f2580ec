import type { Link } from './channel-end.ts'
import type { SshTransport } from './transport/ssh-transport.ts'

/** The connection to one peer, as channels use it: while the peer does not keep up, nothing is taken from the other. */
export class PeerLink implements Link {
  readonly #transport: SshTransport
  readonly #pause: () => void

  constructor(transport: SshTransport, pause: () => void) {
    this.#transport = transport
    this.#pause = pause
  }

  send(payload: Buffer): void {
    if (!this.#transport.send(payload)) this.#pause()
  }

  sendData(header: Buffer, data: Buffer, start: number, end: number): void {
    if (!this.#transport.sendData(header, data, start, end)) this.#pause()
  }
}
