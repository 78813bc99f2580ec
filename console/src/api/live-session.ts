import type { ReplayLine, SessionOperation } from '@sallyport/contract'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { liveLines } from './live-lines.ts'
import { putLine } from './live-operations.ts'

const AGAIN_MS = 3_000
/** Lines that come faster than people read are shown together. */
const SHOW_MS = 150

/**
 * Operations of an open session as they happen; undefined until some came in. When it is closed, what else the page knows
 * of it is asked for anew.
 */
export function useLiveOperations(session: string, open: boolean): readonly SessionOperation[] | undefined {
  const [log, setLog] = useState<readonly SessionOperation[]>()
  const queries = useQueryClient()
  useEffect(() => {
    if (!open) return undefined
    const stop = new AbortController()
    const known = new Map<number, SessionOperation>()
    let timer: ReturnType<typeof setTimeout> | undefined
    const show = () => {
      timer ??= setTimeout(() => {
        timer = undefined
        setLog([...known.values()])
      }, SHOW_MS)
    }
    void follow(session, stop.signal, (line) => {
      if (line.type === 'closed') void queries.invalidateQueries()
      else if (putLine(known, line)) show()
    })
    return () => {
      stop.abort()
      clearTimeout(timer)
      setLog(undefined)
    }
  }, [session, open, queries])
  return log
}

async function follow(session: string, signal: AbortSignal, take: (line: ReplayLine) => void): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const line of liveLines<ReplayLine>(`/api/v1/sessions/${encodeURIComponent(session)}/events`, signal)) {
        if (signal.aborted) return
        take(line)
        if (line.type === 'closed' || line.type === 'end') return
      }
    } catch {
      // Asked again below, from the beginning; what is known already is put in its place.
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  }
}
