import { Alert, Button, Code, List, Paper, Stack, Text, Textarea, Title } from '@mantine/core'
import type { LedgerStatus } from '@sallyport/contract'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useHolds, useLedgerStatus, useSession } from '../api/queries.ts'
import type { Checkpoint } from '../ledger/checkpoint.ts'
import { latestCheckpoint, ownVerifier } from '../ledger/prove.ts'
import { Facts } from '../parts/facts.tsx'
import { Moment } from '../parts/moment.tsx'
import { Page } from '../parts/page.tsx'
import { Pending } from '../parts/pending.tsx'
import { plainText } from '../parts/plain-text.ts'

/** What was proved of the record, and a check of its signature by the reader's own browser. */
export function Ledger() {
  const { data } = useSession()
  const watches = data?.roles.some((role) => ['auditor', 'operator', 'administrator'].includes(role)) ?? false
  return (
    <Page title="Ledger" about="Every event, in an append-only Merkle log with signed checkpoints.">
      {watches && <Status />}
      <CheckSignature />
      {data?.roles.some((role) => role === 'auditor' || role === 'administrator') && <Holds />}
      <Paper withBorder p="md">
        <Title order={2} size="h4">Prove all of it, offline</Title>
        <Text size="sm">On the gateway's machine, or with a copy of its ledger:</Text>
        <Code block tabIndex={0}>{'sallyport audit verify\nsallyport audit export SESSION\nsallyport audit verify SESSION.tar --key verifier.pub'}</Code>
      </Paper>
    </Page>
  )
}

function Status() {
  return <Pending of={useLedgerStatus()}>{(status) => <StatusCard status={status} />}</Pending>
}

function StatusCard({ status: { healthy, size, check, anchors } }: { readonly status: LedgerStatus }) {
  return (
    <Stack>
      {!healthy && <Alert color="red" variant="outline" role="alert" title="It cannot be written, so nothing is passed on">Make room on its disk, or repair it; traffic goes on by itself.</Alert>}
      {check.finding !== null && <Alert color="red" variant="outline" role="alert" title="It was changed">{plainText(check.finding)}</Alert>}
      <Paper withBorder p="md">
        <Facts of={[
          ['Written', healthy ? 'yes' : 'no'],
          ['Entries', `${size.toLocaleString()}, covered by the latest checkpoint`],
          ['Checked', <span key="check">{check.state === 'failed' ? 'it does not hold' : check.state === 'waiting' || check.size === 0 ? 'not yet' : `the first ${check.size.toLocaleString()} entries are as they were written`}{check.at !== null && check.size > 0 && <>, <Moment at={check.at} /></>}</span>],
          ['Kept elsewhere', anchors.length === 0 ? 'nowhere: name anchors in the gateway\'s document, which it cannot rewrite' : <List key="anchors" size="sm">{anchors.map(({ anchor, state, size: kept, error }) => <List.Item key={anchor}>{plainText(anchor)}: {state}{kept === null ? '' : `, ${kept} entries`}{error === null ? '' : `: ${plainText(error)}`}</List.Item>)}</List>],
        ]} />
      </Paper>
    </Stack>
  )
}

function CheckSignature() {
  const [brought, setBrought] = useState('')
  const check = useMutation<Checkpoint>({ mutationFn: async () => latestCheckpoint(brought.trim() === '' ? await ownVerifier() : brought.trim()) })
  return (
    <Paper withBorder p="md">
      <Stack gap="xs">
        <Title order={2} size="h4">Check the latest checkpoint in this browser</Title>
        <Textarea label="Public key" description="As you got it another way; the gateway's own word when this is empty." placeholder="name+0123abcd+AW…" value={brought} onChange={(event) => setBrought(event.currentTarget.value)} autosize minRows={1} maxRows={3} />
        <Button onClick={() => check.mutate()} loading={check.isPending} w="fit-content">Check</Button>
        {check.data !== undefined && <Text size="sm" role="status">✔ signed: {check.data.size.toLocaleString()} entries of {check.data.origin}</Text>}
        {check.error !== null && <Text size="sm" c="red" role="alert">✖ {plainText(check.error.message)}</Text>}
      </Stack>
    </Paper>
  )
}

function Holds() {
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h4">Held whatever their retention says</Title>
      <Pending of={useHolds()}>
        {({ holds }) => holds.length === 0
          ? <Text size="sm">Nothing. <code>sallyport hold place session ID --reason "…"</code> keeps a recording.</Text>
          : <List size="sm">{holds.map(({ kind, subject, by, reason, placedAt }) => <List.Item key={`${kind} ${subject}`}>{kind} {plainText(subject)}, by {plainText(by)} <Moment at={placedAt} />: {plainText(reason)}</List.Item>)}</List>}
      </Pending>
    </Paper>
  )
}
