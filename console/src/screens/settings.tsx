import { Button, Group, List, Paper, Stack, Text, Title } from '@mantine/core'
import type { ChannelList, ChannelTest } from '@sallyport/contract'
import { useMutation, useQuery } from '@tanstack/react-query'
import { ask } from '../api/client.ts'
import type { Problem } from '../api/problem.ts'
import { useProviders, useSession, useVersion } from '../api/queries.ts'
import { Facts } from '../parts/facts.tsx'
import { Page } from '../parts/page.tsx'
import { Pending } from '../parts/pending.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'

/** Who logs in by what, who is told of reviews, and which software this is. */
export function Settings() {
  const { data: session } = useSession()
  const version = useVersion()
  const providers = useProviders()
  return (
    <Page title="Settings" about="They stand in the gateway's document; here is what it runs with.">
      <Paper withBorder p="md">
        <Title order={2} size="h4">You</Title>
        <Facts of={[['Name', session?.name], ['Logged in by', session?.issuer], ['Groups', session?.groups.join(', ') || 'none'], ['Roles', session?.roles.join(', ') || 'none']]} />
      </Paper>
      <Paper withBorder p="md">
        <Title order={2} size="h4">Login</Title>
        <Pending of={providers}>{({ providers: all }) => <List size="sm">{all.map(({ name, kind }) => <List.Item key={`${kind} ${name}`}>{name} ({kind === 'saml' ? 'SAML 2.0' : 'OpenID Connect'})</List.Item>)}</List>}</Pending>
      </Paper>
      {session?.roles.some((role) => ['reviewer', 'operator', 'administrator'].includes(role)) && <Channels />}
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
          : <Stack gap="xs">{all.map((channel) => <Channel key={channel.name} name={channel.name} />)}</Stack>}
      </Pending>
    </Paper>
  )
}

function Channel({ name }: { readonly name: string }) {
  const test = useMutation<ChannelTest, Problem>({ mutationFn: () => ask<ChannelTest>(`/api/v1/reviews/channels/${encodeURIComponent(name)}/test`, { method: 'POST' }) })
  return (
    <Stack gap={4}>
      <Group><Text size="sm">{name}</Text><Button size="xs" variant="default" onClick={() => test.mutate()} loading={test.isPending}>Test</Button></Group>
      {test.data !== undefined && <Text size="sm" role="status">{test.data.delivered ? `Delivered in ${test.data.tookMs} ms.` : `Not delivered: ${test.data.error ?? "no reason was given"}`}</Text>}
      {test.error !== null && <ProblemAlert error={test.error} />}
    </Stack>
  )
}
