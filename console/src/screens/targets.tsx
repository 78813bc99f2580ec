import { Badge, Button, Code, CopyButton, Group, Paper, Stack, Tabs, Text, Title } from '@mantine/core'
import type { Target, TargetCatalog, TargetUse } from '@sallyport/contract'
import { Link } from '@tanstack/react-router'
import { useSession, useTargetCatalogs, useTargets, useTargetUse } from '../api/queries.ts'
import { counted } from '../parts/counted.ts'
import { Page } from '../parts/page.tsx'
import { Empty, Pending } from '../parts/pending.tsx'
import { plainText } from '../parts/plain-text.ts'
import { CatalogOf } from './target-catalog.tsx'
import { TestTarget } from './target-test.tsx'
import { waysTo } from './ways-to.ts'

/** What can be reached, and how, for each client. */
export function Targets() {
  const roles = useSession().data?.roles ?? []
  const administers = roles.includes('administrator')
  const tests = administers || roles.includes('operator')
  const use = useTargetUse(tests || roles.includes('auditor')).data?.targets ?? []
  const catalogs = useTargetCatalogs().data?.targets ?? []
  return (
    <Page title="Targets" about="What you may open, and how each client gets there." actions={administers && <Button renderRoot={(props) => <Link to="/targets/add" {...props} />} size="xs">Add a target</Button>}>
      <Pending of={useTargets()}>
        {({ targets }) => targets.length === 0
          ? <Empty title="No target">{administers ? 'Add one above' : 'An administrator adds one'}, with its credential sealed by <code>sallyport vault set</code>.</Empty>
          : <Stack>{targets.map((target) => <TargetCard key={target.name} target={target} tests={tests} use={use.find(({ name }) => name === target.name)} catalog={catalogs.find(({ name }) => name === target.name)} />)}</Stack>}
      </Pending>
    </Page>
  )
}

interface TargetCardProps {
  readonly target: Target
  readonly tests: boolean
  readonly use: TargetUse | undefined
  /** Absent where the protocol has none. */
  readonly catalog: TargetCatalog | undefined
}

function TargetCard({ target, tests, use, catalog }: TargetCardProps) {
  const ways = waysTo(target)
  return (
    <Paper withBorder p="md">
      <Group gap="xs">
        <Title order={2} size="h4">{target.name}</Title>
        <Badge variant="outline" tt="none" styles={{ label: { color: 'var(--mantine-color-text)' } }}>{target.protocol}</Badge>
        {Object.entries(target.labels).map(([key, value]) => <Badge key={key} variant="outline" color="gray" tt="none" styles={{ label: { color: 'var(--mantine-color-text)' } }}>{key}={plainText(value)}</Badge>)}
      </Group>
      {use !== undefined && <Text size="sm">{counted(use.openSessions, 'session')} open{use.logins > 0 && `; ${counted(use.logins, 'login')} made for them`}</Text>}
      {catalog !== undefined && <CatalogOf target={catalog} />}
      <Tabs defaultValue={ways[0]?.client ?? ''} mt="xs" keepMounted={false}>
        <Tabs.List>{ways.map(({ client }) => <Tabs.Tab key={client} value={client}>{client}</Tabs.Tab>)}</Tabs.List>
        {ways.map(({ client, text }) => (
          <Tabs.Panel key={client} value={client} pt="xs">
            <Group align="flex-start" wrap="nowrap">
              <Code block flex={1} tabIndex={0}>{text}</Code>
              <CopyButton value={text}>{({ copied, copy }) => <Button size="xs" variant="default" onClick={copy}>{copied ? 'Copied' : 'Copy'}</Button>}</CopyButton>
            </Group>
          </Tabs.Panel>
        ))}
      </Tabs>
      {tests && <TestTarget name={target.name} />}
    </Paper>
  )
}
