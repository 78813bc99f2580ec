import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import type { Review } from '@sallyport/contract'
import { useLocation } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useLiveReviews } from '../api/open-reviews.ts'
import { State } from '../parts/badges.tsx'
import { Moment } from '../parts/moment.tsx'
import { Page } from '../parts/page.tsx'
import { Empty } from '../parts/pending.tsx'
import { plainText } from '../parts/plain-text.ts'
import { ReviewCard } from './review-card.tsx'
import { Grants, History } from './review-history.tsx'

/** What waits, what was asked before, and which time windows were granted. */
export function Reviews() {
  const { hash } = useLocation()
  const [shown, setShown] = useState('queue')
  return (
    <Page title="Reviews" about="What waits for a person. On a keyboard, j and k go through it, a approves, d denies." actions={<Notifications />}>
      <SegmentedControl value={shown} onChange={setShown} data={[{ value: 'queue', label: 'Queue' }, { value: 'history', label: 'History' }, { value: 'grants', label: 'Grants' }]} w="fit-content" aria-label="what to show" />
      {shown === 'queue' ? <Queue linked={hash} /> : shown === 'history' ? <History /> : <Grants />}
    </Page>
  )
}

/** The queue: those that wait for the reader first. j and k go through it, a approves, d denies. */
function Queue({ linked }: { readonly linked: string }) {
  const live = useLiveReviews()
  const waits = ({ state, mayAnswer }: Review) => state === 'open' && mayAnswer
  const waiting = live.filter(waits)
  const queue = [...waiting, ...live.filter((one) => !waits(one))]
  const [chosen, setChosen] = useState('')
  const [followed, setFollowed] = useState('')
  const at = Math.max(0, queue.findIndex(({ id }) => id === chosen))
  const review = queue[at]
  if (linked !== followed && live.some(({ id }) => id === linked)) {
    setFollowed(linked)
    setChosen(linked)
  // What somebody reads stays before them when another comes: their key answers what they have read.
  } else if (review !== undefined && review.id !== chosen) setChosen(review.id)
  const go = (step: number) => {
    const next = step > 0 && review !== undefined && !waits(review) ? waiting[0] : undefined
    setChosen((next ?? queue[Math.min(queue.length - 1, Math.max(0, at + step))])?.id ?? '')
  }
  useHotkeys([['j', () => go(1)], ['k', () => go(-1)]])
  const current = useRef<HTMLButtonElement>(null)
  // In braces: newer browsers return a promise, which React would take for what undoes it.
  useEffect(() => {
    current.current?.scrollIntoView({ block: 'nearest' })
  }, [chosen])
  return (
    <>
      {review === undefined
        ? (
          <Empty title="Nothing waits">
            An operation that a rule with <code>then: review</code> matches waits here, in the agent's own session, until somebody has answered. Try one in the demo:
            <pre className="statement" tabIndex={0}>{'npx sallyport psql shop --as support-bot \\\n  -c "update orders set status = \'paid\' where id = 6"'}</pre>
          </Empty>
        )
        : (
          <Group align="flex-start" wrap="wrap" gap="md">
            <Stack gap={4} flex="1 1 16rem" maw={{ base: '100%', md: 340 }} component="nav" className="queue" aria-label="queue">
              {queue.map((one) => (
                <Button
                  key={one.id} ref={one.id === review.id ? current : null} onClick={() => setChosen(one.id)} variant={one.id === review.id ? 'light' : 'subtle'} color="harbour" h="auto" py={6} fullWidth justify="flex-start"
                  aria-current={one.id === review.id} styles={{ root: { flexShrink: 0 }, label: { flex: 1 } }}
                >
                  <Stack gap={0} align="stretch" w="100%" ta="left">
                    <Group justify="space-between" wrap="nowrap"><Text size="sm" truncate>{plainText(one.requester.name)} on {one.target}</Text>{waits(one) ? <Text size="xs" c="dimmed"><Moment at={one.createdAt} /></Text> : <State word={one.state} />}</Group>
                    <Text size="xs" c="dimmed" ff={one.kind === 'operation' ? 'monospace' : 'text'} lineClamp={2} style={{ whiteSpace: 'normal', overflowWrap: 'anywhere' }}>{askedLine(one)}</Text>
                  </Stack>
                </Button>
              ))}
            </Stack>
            <Stack flex="3 1 24rem" miw={0}><ReviewCard key={review.id} review={review} /></Stack>
          </Group>
        )}
    </>
  )
}

/** What tells reviews of one agent apart. */
function askedLine(review: Review): string {
  const words = review.kind === 'operation' ? review.card.text : `access for ${review.minutes} minutes: ${review.reason}`
  return plainText(words.slice(0, 200).replaceAll(/\s+/g, ' '))
}

function Notifications() {
  const [state, setState] = useState(() => ('Notification' in window ? Notification.permission : 'denied'))
  if (state === 'denied') return <Text size="xs" c="dimmed">This browser lets the console notify nobody.</Text>
  if (state === 'granted') return <Text size="xs" c="dimmed">You are notified while you look elsewhere.</Text>
  return <Button size="xs" variant="default" onClick={() => void Notification.requestPermission().then(setState)}>Notify me</Button>
}
