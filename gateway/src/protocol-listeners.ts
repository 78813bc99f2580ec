import { closeAll } from './close-all.ts'
import type { ProtocolAddress } from './config/gateway-settings.ts'
import type { PolicySource } from './governance/policy/policy.ts'
import type { Listener, Log, ProtocolAdapter } from './protocols/protocol-adapter.ts'

export interface ProtocolListenersOptions {
  readonly adapters: readonly ProtocolAdapter[]
  readonly addresses: Readonly<Record<string, ProtocolAddress>>
  readonly policies: PolicySource
  readonly open: (adapter: ProtocolAdapter, address: ProtocolAddress) => Promise<Listener>
  readonly log: Log
}

/**
 * Where the gateway listens: for each protocol that the document gives a place, and for others from the moment when a
 * policy has a target of theirs. What nobody could reach anything by takes no port.
 */
export class ProtocolListeners {
  readonly #options: ProtocolListenersOptions
  readonly #open = new Map<string, ProtocolAddress & { readonly listener: Listener }>()
  #last: Promise<void>
  #forget: (() => void) | undefined

  private constructor(options: ProtocolListenersOptions) {
    this.#options = options
    this.#last = this.#openMissing()
  }

  /** @throws what a listener fails with, a port that is taken above all; those that are open are closed then */
  static async open(options: ProtocolListenersOptions): Promise<ProtocolListeners> {
    const listeners = new ProtocolListeners(options)
    try {
      await listeners.#last
    } catch (error) {
      await listeners.close()
      throw error
    }
    listeners.#forget = options.policies.onChange(() => {
      listeners.#last = listeners.#last.then(() => listeners.#openMissing()).catch((error: unknown) => {
        options.log.error({ error }, 'targets of the policy cannot be reached: the gateway cannot listen for their protocol')
      })
    })
    return listeners
  }

  /** Those that are open, by protocol. */
  get all(): ReadonlyMap<string, ProtocolAddress & { readonly listener: Listener }> {
    return this.#open
  }

  async close(): Promise<void> {
    this.#forget?.()
    await this.#last.catch(() => undefined)
    await closeAll(Array.from(this.#open.values(), ({ listener }) => () => listener.close()))
  }

  async #openMissing(): Promise<void> {
    const { adapters, addresses, policies, open } = this.#options
    for (const adapter of adapters) {
      const address = addresses[adapter.name]
      if (address === undefined || this.#open.has(adapter.name)) continue
      if (!address.isConfigured && !policies.current.document.targets.some(({ protocol }) => protocol === adapter.name)) continue
      const listener = await open(adapter, address)
      this.#open.set(adapter.name, { ...address, port: listener.port, listener })
    }
  }
}
