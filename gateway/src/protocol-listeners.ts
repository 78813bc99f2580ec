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
  /** Until the next attempt for a protocol that could not be listened for. Default 10 s. */
  readonly retryMs?: number
}

const RETRY_MS = 10_000

/**
 * Where the gateway listens: for each protocol that the document gives a place, and for others from the moment when a
 * policy has a target of theirs. What nobody could reach anything by takes no port.
 */
export class ProtocolListeners {
  readonly #options: ProtocolListenersOptions
  readonly #open = new Map<string, ProtocolAddress & { readonly listener: Listener }>()
  #last: Promise<void>
  #forget: (() => void) | undefined
  #retry: NodeJS.Timeout | undefined
  #told: string | undefined
  #closed = false

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
    listeners.#forget = options.policies.onChange(() => listeners.#look())
    return listeners
  }

  /** Those that are open, by protocol. */
  get all(): ReadonlyMap<string, ProtocolAddress & { readonly listener: Listener }> {
    return this.#open
  }

  async close(): Promise<void> {
    this.#forget?.()
    this.#closed = true
    await this.#last.catch(() => undefined)
    clearTimeout(this.#retry)
    await closeAll(Array.from(this.#open.values(), ({ listener }) => () => listener.close()))
  }

  /** One that fails keeps no other from being opened. @throws what the first one failed with */
  async #openMissing(): Promise<void> {
    const { adapters, addresses, policies, open } = this.#options
    const failures: unknown[] = []
    for (const adapter of adapters) {
      const address = addresses[adapter.name]
      if (address === undefined || this.#open.has(adapter.name)) continue
      if (!address.isConfigured && !policies.current.document.targets.some(({ protocol }) => protocol === adapter.name)) continue
      try {
        const listener = await open(adapter, address)
        this.#open.set(adapter.name, { ...address, port: listener.port, listener })
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  /** Told once for each reason, and tried again until it succeeds or the gateway ends. */
  async #openLater(): Promise<void> {
    const { log, retryMs = RETRY_MS } = this.#options
    clearTimeout(this.#retry)
    try {
      await this.#openMissing()
      if (this.#told !== undefined) log.info({}, 'the gateway listens for all protocols of the policy again')
      this.#told = undefined
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (reason !== this.#told) log.error({ error }, 'targets of the policy cannot be reached: the gateway cannot listen for their protocol; it is tried again')
      this.#told = reason
      if (!this.#closed) this.#retry = setTimeout(() => this.#look(), retryMs).unref()
    }
  }

  #look(): void {
    this.#last = this.#last.then(() => this.#openLater())
  }
}
