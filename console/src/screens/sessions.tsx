import { Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useSearch, useSessions } from '../api/queries.ts'
import { State } from '../parts/badges.tsx'
import { counted } from '../parts/counted.ts'
import { Moment } from '../parts/moment.tsx'
import { Page } from '../parts/page.tsx'
import { Empty, Pending } from '../parts/pending.tsx'
import { plainText } from '../parts/plain-text.ts'
import { SavedSearchesBar } from './saved-searches-bar.tsx'
import { useSavedSearches } from './saved-searches.ts'

/** All sessions, or the operations that a search finds. */
export function Sessions() {
  const [typed, setTyped] = useState('')
  const [q, setQ] = useState('')
  const saved = useSavedSearches()
  const look = (text: string) => {
    setTyped(text)
    setQ(text.trim())
  }
  return (
    <Page title="Sessions" about="Who did what, where, and what came of it.">
      <form onSubmit={(event) => { event.preventDefault(); look(typed) }}>
        <Group align="flex-end">
          <TextInput
            label="Search operations" description='Words, "a phrase", agent: target: action: table: decision: rule: since: until:' flex="1 1 20rem"
            placeholder='table:customers action:update since:7d "refund"' value={typed} onChange={(event) => setTyped(event.currentTarget.value)} maxLength={2_000}
          />
          <Button type="submit">Search</Button>
          {q !== '' && <Button variant="default" onClick={() => look('')}>All sessions</Button>}
          {q !== '' && !saved.has(q) && <Button variant="default" onClick={() => saved.save(q)}>Save this search</Button>}
        </Group>
      </form>
      <SavedSearchesBar saved={saved} look={look} />
      {q === '' ? <AllSessions /> : <Found q={q} />}
    </Page>
  )
}

function AllSessions() {
  const pages = useSessions()
  return (
    <Pending of={pages}>
      {(sessions) => sessions.length === 0
        ? <Empty title="No session yet">Connect an agent: <Link to="/targets">Targets</Link> shows how, for each client.</Empty>
        : (
          <div>
            {/* Each row is a link that says all of this; the headings are for the eye. */}
            <div className="row-heads session-row" aria-hidden="true"><span>Opened</span><span className="wide">Who</span><span>Target</span><span className="wide">State</span><span className="wide">Purpose</span><span>Did</span></div>
            <Rows count={sessions.length} height={40} more={pages} label="sessions">
              {(index) => {
                const session = sessions[index]
                return session && (
                  <Link className="row-link session-row" to={`/sessions/${session.id}`} style={{ height: 40 }}>
                    <span><Moment at={session.openedAt} /></span>
                    <span className="wide"><b>{plainText(session.identity.name)}</b>{session.actors.length > 0 && plainText(` through ${session.actors.join(', ')}`)}</span>
                    <span>{session.target}</span>
                    <span className="wide"><State word={session.state} /></span>
                    <span className="wide">{plainText(session.purpose)}</span>
                    <span>{counted(session.operations, 'operation')}{session.refused > 0 && `, ${session.refused} refused`}</span>
                  </Link>
                )
              }}
            </Rows>
          </div>
        )}
    </Pending>
  )
}

function Found({ q }: { readonly q: string }) {
  const pages = useSearch(q)
  return (
    <Pending of={pages}>
      {({ found, complete }) => (
        <Stack gap="xs">
          {!complete && <Text size="sm">The newest entries are still being indexed: search again in a moment.</Text>}
          {found.length === 0 ? <Empty title="Nothing was found">Try fewer words, or a longer time: <code>since:30d</code>.</Empty> : (
            <Rows count={found.length} height={56} more={pages} label="operations">
              {(index) => {
                const one = found[index]
                return one && (
                  <Link className="row-link" to={`/sessions/${one.session}`} hash={`operation-${one.first.number}`} style={{ height: 56, gridTemplateColumns: '8rem 1fr 6rem' }}>
                    <span><Moment at={one.last.at} /><br /><Text span size="xs" c="dimmed">{plainText(one.identity.name)} on {one.target}</Text></span>
                    <span style={{ fontFamily: 'var(--mantine-font-family-monospace)', fontSize: '0.85rem' }}>{plainText(one.text.slice(0, 400)).replaceAll(/\s+/g, ' ')}{one.count > 1 && ` ×${one.count}`}</span>
                    <span><State word={one.decision.effect} /></span>
                  </Link>
                )
              }}
            </Rows>
          )}
        </Stack>
      )}
    </Pending>
  )
}

interface More {
  readonly hasNextPage: boolean
  readonly isFetchingNextPage: boolean
  fetchNextPage(): Promise<unknown>
}

/** Only what is on the screen is in the page, however many there are; the next page comes when its end is near. */
function Rows({ count, height, more, label, children }: { readonly count: number; readonly height: number; readonly more: More; readonly label: string; readonly children: (index: number) => ReactNode }) {
  const view = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({ count, getScrollElement: () => view.current, estimateSize: () => height, overscan: 10 })
  const last = rows.getVirtualItems().at(-1)?.index ?? 0
  const { hasNextPage, isFetchingNextPage } = more
  useEffect(() => {
    if (last >= count - 20 && hasNextPage && !isFetchingNextPage) void more.fetchNextPage()
  })
  return (
    <div className="rows" ref={view} tabIndex={0} role="region" aria-label={label}>
      <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {rows.getVirtualItems().map(({ index, start }) => <div key={index} style={{ position: 'absolute', top: 0, left: 0, right: 0, transform: `translateY(${start}px)` }}>{children(index)}</div>)}
      </div>
    </div>
  )
}
