import 'asciinema-player/dist/bundle/asciinema-player.css'
import * as player from 'asciinema-player'
import { useEffect, useRef } from 'react'
import { request } from '../api/client.ts'
import { liveTerminal } from './live-terminal.ts'
import { withoutTurns } from './terminal-text.ts'

const LOOK = { fit: 'width', terminalFontSize: '14px' }

/** The session's asciicast in a player with speed, pauses and a progress bar, pauses of more than two seconds cut; live while it is open. */
export function TerminalReplay({ session, live }: { readonly session: string; readonly live: boolean }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (place.current === null) return undefined
    const shown = live
      ? player.create(liveTerminal(session), place.current, { ...LOOK, autoPlay: true, controls: false })
      : player.create({ data: () => recorded(session) }, place.current, { ...LOOK, idleTimeLimit: 2, preload: true, controls: true })
    return () => shown.dispose()
  }, [session, live])
  return <div ref={place} />
}

/** JSON of the gateway, in which these marks stand as themselves. */
async function recorded(session: string): Promise<string> {
  return withoutTurns(await (await request(`/api/v1/sessions/${encodeURIComponent(session)}/export?format=asciicast`)).text())
}
