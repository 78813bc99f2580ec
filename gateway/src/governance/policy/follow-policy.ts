import { repeat } from '../repeat.ts'
import type { ChangeSignals } from '../review/change-signals.ts'
import type { PolicyHolder } from './policy-holder.ts'

export interface FollowPolicyOptions {
  readonly policies: Pick<PolicyHolder, 'follow'>
  readonly signals: Pick<ChangeSignals, 'onChange' | 'onGap'>
  /** Told of a version that cannot be put in force here, once as long as that stays so. It is tried again and again. */
  readonly onError: (error: Error) => void
  /** How often is looked for what no signal told of, milliseconds. Default 2,000. */
  readonly everyMs?: number
}

const EVERY_MS = 2_000

/** Puts in force what another gateway applies. Signals may be lost, and a look may fail; looking again finds it. @returns ends it */
export function followPolicy({ policies, signals, onError, everyMs = EVERY_MS }: FollowPolicyOptions): () => Promise<void> {
  let told: string | undefined
  let ended = false
  const follow = async (): Promise<void> => {
    try {
      await policies.follow()
      told = undefined
    } catch (error) {
      const { message } = error as Error
      if (!ended && message !== told) onError(error as Error)
      told = message
    }
  }
  const forget = [signals.onChange(({ what }) => void (what === 'policy' && follow())), signals.onGap(() => void follow())]
  const endRepeating = repeat(everyMs, follow)
  return async () => {
    ended = true
    for (const one of forget) one()
    await endRepeating()
  }
}
