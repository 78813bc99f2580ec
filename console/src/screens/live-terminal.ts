import type { Driver } from 'asciinema-player'
import type { ReplayLine } from '@sallyport/contract'
import { lines } from '../api/lines.ts'
import { withoutTurns } from './terminal-text.ts'

type CastLine = { readonly term: { readonly cols: number; readonly rows: number } } | readonly [seconds: number, code: string, text: string]

/** Feeds a player with what an open session's agent gets, as it gets it. */
export function liveTerminal(session: string): Driver {
  return ({ dispatch }) => {
    const stop = new AbortController()
    const feed = async () => {
      for await (const line of lines<CastLine | ReplayLine>(`/api/v1/sessions/${encodeURIComponent(session)}/events?output=asciicast`, stop.signal)) {
        // Only asked for without an output.
        if ('type' in line) continue
        if ('term' in line) {
          dispatch('reset', { size: line.term })
          dispatch('playing')
        } else if (line[1] === 'o') dispatch('output', withoutTurns(line[2]))
        else if (line[1] === 'r') {
          const [cols = 0, rows = 0] = line[2].split('x').map(Number)
          dispatch('resize', { cols, rows })
        }
      }
      dispatch('ended', { message: 'The session has ended' })
    }
    return {
      play() {
        dispatch('play')
        feed().catch(() => {
          if (!stop.signal.aborted) dispatch('offline', { message: 'Not connected any more' })
        })
        return true
      },
      stop: () => stop.abort(),
    }
  }
}
