import { ClientSide } from './client-side.ts'
import { RelayState } from './relay-state.ts'
import { RequestQueue } from './request-queue.ts'
import type { SftpOptions, SftpPorts } from './sftp-ports.ts'
import { TargetSide } from './target-side.ts'

/**
 * The SFTP protocol, version 3 as OpenSSH speaks it, between a client and a target's sftp-server. Every request that
 * touches something is governed before it is passed on.
 *
 * Windows: grant the client at most a fixed credit (2 MiB) less {@link heldFromClient} and what waits to be sent to
 * either side; the credit must be more than one packet (256 KiB + 4). The relay writes more to the client than came from
 * the target (refusals), and more to the target than came from the client (its own questions).
 */
export class SftpRelay {
  readonly #state: RelayState
  readonly #queue: RequestQueue
  readonly #client: ClientSide
  readonly #target: TargetSide

  constructor(ports: SftpPorts, options: SftpOptions) {
    this.#state = new RelayState(ports, options)
    this.#queue = new RequestQueue(this.#state)
    this.#client = new ClientSide(this.#state, this.#queue)
    this.#target = new TargetSide(this.#state, this.#queue)
  }

  /** Bytes that came from the client and wait in the relay: for the rest of a packet, a decision, or the target's answer. */
  get heldFromClient(): number {
    return this.#client.held
  }

  /** Bytes that came from the target and wait in the relay for the rest of a packet. Never more than 256 KiB and 4. */
  get heldFromTarget(): number {
    return this.#target.held
  }

  /** Bytes of the client's CHANNEL_DATA, cut anywhere. Valid during the call only; the relay may change them in place. */
  fromClient(bytes: Buffer): void {
    this.#state.run('the client', () => this.#client.push(bytes))
  }

  /** Bytes of the target's CHANNEL_DATA, as above. */
  fromTarget(bytes: Buffer): void {
    this.#state.run('the target', () => this.#target.push(bytes))
  }

  /**
   * The channel is over: files that are open are finished as aborted, and what waits for a person stops waiting.
   * Safe to call twice. Nothing is called after it but `finish`.
   * @param how `cancelled`: the client closed the channel itself. `left`: the connection or session has gone.
   */
  close(how: 'cancelled' | 'left'): void {
    this.#state.end()
    this.#queue.leave(how)
  }
}
