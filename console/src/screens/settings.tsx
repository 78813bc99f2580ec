import { Button, Group, List, Paper, Stack, Text, Title } from '@mantine/core'
import type { ChannelList, ChannelStatus, ChannelTest } from '@sallyport/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ask } from '../api/client.ts'
import type { Problem } from '../api/problem.ts'
import { useProviders, useSession, useVersion } from '../api/queries.ts'
import { State } from '../parts/badges.tsx'
import { Facts } from '../parts/facts.tsx'
import { Moment } from '../parts/moment.tsx'
import { Page } from '../parts/page.tsx'
import { Pending } from '../parts/pending.tsx'
import { plainText } from '../parts/plain-text.ts'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { Gateways, Issuers } from './installation.tsx'

/** Who logs in by what, who is told of reviews, which gateways there are, and which software this is. */
export function Settings() {
  const { data: session } = useSession()
  const version = useVersion()
  const providers = useProviders()
  const watches = session?.roles.some((role) => ['auditor', 'operator', 'administrator'].includes(role)) ?? false
  return (
    <Page title="Settings" about="They stand in the gateway's document; here is what it runs with.">
      <Paper withBorder p="md">
        <Title order={2} size="h4">You</Title>
        <Facts of={[['Name', session?.name], ['Logged in by', session?.issuer], ['Groups', session?.groups.join(', ') || 'none'], ['Roles', session?.roles.join(', ') || 'none']]} />
      </Paper>
      {watches ? <Issuers /> : <Paper withBorder p="md">
        <Title order={2} size="h4">Login</Title>
        <Pending of={providers}>{({ providers: all }) => <List size="sm">{all.map(({ name, kind }) => <List.Item key={`${kind} ${name}`}>{name} ({kind === 'saml' ? 'SAML 2.0' : 'OpenID Connect'})</List.Item>)}</List>}</Pending>
      </Paper>}
      {session?.roles.some((role) => ['reviewer', 'operator', 'administrator'].includes(role)) && <Channels />}
      {watches && <Gateways />}
      <Paper withBorder p="md">
        <Title order={2} size="h4">Version</Title>
        <Pending of={version}>{({ name, version: number }) => <Text size="sm">{name} {number}</Text>}</Pending>
      </Paper>
    </Page>
  )
}

function Channels() {
  const channels = useQuery<ChannelList, Problem>({ queryKey: ['channels'], queryFn: () => ask<ChannelList>('/api/v1/reviews/channels') })
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h4">Who is told of reviews</Title>
      <Pending of={channels}>
        {({ channels: all }) => all.length === 0
          ? <Text size="sm">Nobody but this console and the CLI. Name webhooks in the gateway's document under <code>gateway.reviews</code>.</Text>
          : <Stack gap="xs">{all.map((channel) => <Channel key={channel.name} channel={channel} />)}</Stack>}
      </Pending>
    </Paper>
  )
}

function Channel({ channel: { name, origin, state, failingSince, lastError, waiting, dropped, delivered } }: { readonly channel: ChannelStatus }) {
  const queries = useQueryClient()
  const test = useMutation<ChannelTest, Problem>({
    mutationFn: () => ask<ChannelTest>(`/api/v1/reviews/channels/${encodeURIComponent(name)}/test`, { method: 'POST' }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['channels'] }),
  })
  return (
    <Stack gap={4}>
      <Group gap="xs">
        <Text size="sm" fw={700}>{name}</Text><State word={state} /><Text size="sm">{origin}</Text>
        <Button size="xs" variant="default" onClick={() => test.mutate()} loading={test.isPending} aria-label={`Test ${name}`}>Test</Button>
      </Group>
      <Text size="sm">{delivered} told, {waiting} wait, {dropped} never told{failingSince !== null && <>; failing since <Moment at={failingSince} />: {plainText(lastError ?? 'no reason was given')}</>}</Text>
      {test.data !== undefined && <Text size="sm" role="status">{test.data.delivered ? `Delivered in ${test.data.tookMs} ms.` : `Not delivered: ${test.data.error ?? "no reason was given"}`}</Text>}
      {test.error !== null && <ProblemAlert error={test.error} />}
    </Stack>
  )
}
