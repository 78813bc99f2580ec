import { Button, Group, List, NumberInput, Paper, Stack, Text, TextInput, Title } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import type { AnswerRequest, Review } from '@sallyport/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { ask } from '../api/client.ts'
import { putReview } from '../api/open-reviews.ts'
import type { Problem } from '../api/problem.ts'
import { useSession } from '../api/queries.ts'
import { State } from '../parts/badges.tsx'
import { Facts } from '../parts/facts.tsx'
import { Moment } from '../parts/moment.tsx'
import { plainText } from '../parts/plain-text.ts'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { Statement } from '../parts/statement.tsx'
import { Preview, previewWords } from './review-preview.tsx'

/** One review, as much of it as the reader may see. */
export function ReviewCard({ review }: { readonly review: Review }) {
  const { requester, demands, answers } = review
  return (
    <Paper withBorder p="md">
      <Stack>
        <Group justify="space-between">
          <Title order={2} size="h3">{plainText(requester.name)} on {review.target}</Title>
          <State word={review.state} />
        </Group>
        {review.kind === 'operation' ? <Asked review={review} /> : <Access review={review} />}
        <Facts of={[
          ['Who', `${requester.name} (${requester.kind}, by ${requester.issuer})`],
          ['On behalf of', requester.actors.length === 0 ? undefined : `acting: ${requester.actors.join(', ')}`],
          ['Purpose', review.purpose],
          ['Asked', <Moment key="asked" at={review.createdAt} />],
          ['Ends', <Moment key="ends" at={review.expiresAt} />],
          ['Rule', demands.map(({ rule, reviewers, missing, approvals }) => `${rule}: ${missing} of ${approvals} still missing, by ${reviewers.join(', ') || 'any reviewer'}`).join('; ')],
        ]} />
        {answers.length > 0 && (
          <List size="sm">
            {answers.map(({ by, answer, reason, at }) => <List.Item key={`${by.name} ${at}`}>{plainText(by.name)} {answer === 'approve' ? 'approved' : 'denied'} <Moment at={at} />{reason === null ? '' : `: ${plainText(reason)}`}</List.Item>)}
          </List>
        )}
        {review.state === 'open' && (review.mayAnswer ? <Answer review={review} /> : <Text size="sm" c="dimmed">Others answer this one: nobody approves what they asked for themselves.</Text>)}
        {review.kind === 'operation' && <Particulars review={review} />}
      </Stack>
    </Paper>
  )
}

type OperationReview = Extract<Review, { kind: 'operation' }>

/** What will run, and what it would touch. */
function Asked({ review }: { readonly review: OperationReview }) {
  const { card } = review
  return (
    <>
      <Statement text={card.text} truncated={card.textTruncated} />
      {card.parameters.length > 0 && <Facts of={card.parameters.map((value, index) => [`$${index + 1}`, value ?? 'NULL'])} />}
      {card.definitions.map((definition) => <Statement key={definition} text={definition} />)}
      {card.preview === null
        ? <Text size="sm" c="dimmed">What it would touch is shown to those who answer.</Text>
        : <Preview preview={card.preview} rowLimit={review.rowLimit} />}
    </>
  )
}

function Particulars({ review: { card, session } }: { readonly review: OperationReview }) {
  const seesAll = useSession().data?.roles.some((role) => ['auditor', 'operator', 'administrator'].includes(role))
  return (
    <Facts of={[
      ['Does', card.actions.join(', ')],
      ['To', card.objects.join(', ')],
      ['Filtered', card.filtered ? undefined : 'no: it reaches everything'],
      ['From', card.risk === null ? undefined : `${card.risk.clientAddress}, ${card.risk.application || 'a client without a name'}; ${card.risk.operations} operations and ${card.risk.refused} refusals before`],
      ['First touch of', card.risk?.firstTouched?.length ? card.risk.firstTouched.join(', ') : undefined],
      ['Session', seesAll ? <Link key="session" to={`/sessions/${session}`}>{session}</Link> : session],
    ]} />
  )
}

function Access({ review }: { readonly review: Extract<Review, { kind: 'access' }> }) {
  return <Facts of={[['Wants', `what rule "${review.rule}" allows, for ${review.minutes} minutes`], ['Because', review.reason]]} />
}

/** Approve, narrow, or deny with a reason. The answer names the digest of what is shown here: nothing else is approved. */
function Answer({ review }: { readonly review: Review }) {
  const [reason, setReason] = useState('')
  const [less, setLess] = useState<number | string>('')
  const [reasonMissing, setReasonMissing] = useState(false)
  const reasonField = useRef<HTMLInputElement>(null)
  const queries = useQueryClient()
  const answer = useMutation<Review, Problem, 'approve' | 'deny'>({
    mutationFn: (word) => {
      const number = typeof less === 'number' ? less : undefined
      const body: AnswerRequest = {
        answer: word, digest: review.digest, ...(reason.trim() !== '' && { reason: reason.trim() }),
        ...(word === 'approve' && number !== undefined && { narrow: review.kind === 'operation' ? { rows: number } : { minutes: number } }),
      }
      return ask<Review>(`/api/v1/reviews/${encodeURIComponent(review.id)}/answers`, { method: 'POST', body })
    },
    onSuccess: (answered) => putReview(queries, answered),
  })
  const deny = () => {
    // The requester reads why; a denial without a reason helps nobody.
    if (reason.trim() === '') {
      setReasonMissing(true)
      reasonField.current?.focus()
    } else answer.mutate('deny')
  }
  useHotkeys([['a', () => answer.mutate('approve')], ['d', deny]])
  const words = review.kind === 'operation' ? previewWords(review.card.preview) : undefined
  return (
    <Stack gap="xs">
      {answer.error !== null && <ProblemAlert error={answer.error} />}
      <Group align="flex-end">
        <TextInput ref={reasonField} label="Reason" description="The requester reads it; a denial needs one." value={reason} error={reasonMissing && reason.trim() === '' && 'Say why it is denied.'} onChange={(event) => setReason(event.currentTarget.value)} maxLength={1_000} flex="1 1 16rem" />
        <NumberInput label={review.kind === 'operation' ? 'At most rows' : 'At most minutes'} description="Less than was asked for, if you want." value={less} onChange={setLess} min={review.kind === 'operation' ? 0 : 1} allowDecimal={false} w={190} />
      </Group>
      <Group>
        <Button onClick={() => answer.mutate('approve')} loading={answer.isPending}>{review.kind === 'operation' ? 'Approve once' : 'Give access'}</Button>
        <Button color="red" variant="outline" onClick={deny} disabled={answer.isPending}>Deny</Button>
        {words !== undefined && <Text size="sm" c="dimmed">{words}</Text>}
      </Group>
    </Stack>
  )
}
