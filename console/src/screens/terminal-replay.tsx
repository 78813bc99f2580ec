import 'asciinema-player/dist/bundle/asciinema-player.css'
import * as player from 'asciinema-player'
import { useEffect, useRef } from 'react'

/** The session's asciicast in a player with speed, pauses and a progress bar. Pauses of more than two seconds are cut. */
export function TerminalReplay({ session }: { readonly session: string }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (place.current === null) return undefined
    const shown = player.create(
      `/api/v1/sessions/${encodeURIComponent(session)}/export?format=asciicast`, place.current,
      { idleTimeLimit: 2, fit: 'width', terminalFontSize: '14px', preload: true, controls: true },
    )
    return () => shown.dispose()
  }, [session])
  return <div ref={place} />
}
