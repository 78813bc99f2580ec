import type { ReviewNews } from './review-channel.ts'

/** How a channel is. Nothing in it is secret. */
export interface ChannelState {
  /** Its name in the configuration. */
  readonly name: string
  /** Scheme, host and port alone: the rest of an address often holds a key. */
  readonly origin: string
  /** What is told through it. */
  readonly events: readonly ReviewNews['what'][]
  /** `waiting`: nothing was told yet. `ok` and `failing`: what became of the latest attempt. */
  readonly state: 'ok' | 'failing' | 'waiting'
  /** Unix milliseconds. */
  readonly failingSinceMs: number | undefined
  readonly lastError: string | undefined
  /** News that are to be told still. */
  readonly waiting: number
  /** News that were never told since the gateway's start: too many waited, they were too old, or not taken again and again. */
  readonly dropped: number
  readonly delivered: number
}

/** What came of a message that says that it is a test. */
export interface ChannelTrial {
  readonly delivered: boolean
  /** Words for why not. */
  readonly error: string | undefined
  readonly tookMs: number
}

/** What the control API asks of channels. */
export interface ReviewChannels {
  states(): readonly ChannelState[]
  /**
   * Sends a test at once, past all that waits.
   * @param by name of who asks for it, which the receiver is told
   * @returns `busy` while another test of it is under way
   */
  test(name: string, by: string): Promise<ChannelTrial | 'unknown' | 'busy'>
}
