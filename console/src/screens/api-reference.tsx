import { Anchor, Badge, Code, Group, Stack, Table, Text, TextInput, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ask } from '../api/client.ts'
import type { Problem } from '../api/problem.ts'
import { Page } from '../parts/page.tsx'
import { Pending } from '../parts/pending.tsx'
import { type ApiDocument, type Body, operationsOf, type Operation, shapeOf } from './api-document.ts'

/** The control API, read out of the OpenAPI document that the gateway serves. */
export function ApiReference() {
  const document = useQuery<ApiDocument, Problem>({ queryKey: ['openapi'], queryFn: () => ask<ApiDocument>('/api/v1/openapi.json'), staleTime: Infinity })
  const [wanted, setWanted] = useState('')
  const words = wanted.toLowerCase().split(/\s+/)
  return (
    <Page
      title="API" about="Everything that the console and the CLI do, for your own programs."
      actions={<Anchor size="sm" href="/api/v1/openapi.json" download="sallyport-openapi.json">OpenAPI 3.1 document</Anchor>}
    >
      <TextInput label="Find a route" value={wanted} onChange={(event) => setWanted(event.currentTarget.value)} maw={360} />
      <Pending of={document}>
        {(api) => api.tags.map(({ name, description }) => {
          const shown = operationsOf(api, name).filter(({ method, path, summary }) => words.every((word) => `${method} ${path} ${summary}`.toLowerCase().includes(word)))
          return shown.length > 0 && (
            <Stack key={name} gap="xs" component="section" aria-label={name}>
              <Title order={2} size="h3">{name}</Title>
              <Text size="sm">{description}</Text>
              {shown.map((operation) => <Route key={operation.operationId} operation={operation} api={api} />)}
            </Stack>
          )
        })}
      </Pending>
    </Page>
  )
}

function Route({ operation, api }: { readonly operation: Operation; readonly api: ApiDocument }) {
  const { method, path, summary, description, parameters, body, answers } = operation
  const [open, setOpen] = useState(false)
  return (
    <details id={operation.operationId} className="route" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Group component="span" gap="xs" display="inline-flex">
          <Badge variant="outline" color={method === 'get' ? 'harbour' : method === 'post' ? 'orange' : 'red'} styles={{ label: { color: 'var(--mantine-color-text)' } }}>{method}</Badge>
          <Code>{path}</Code>
          <Text component="span" size="sm">{summary}</Text>
        </Group>
      </summary>
      {open && (
        <Stack gap="xs" p="sm">
          <Text size="sm">{description}</Text>
          {parameters.length > 0 && (
            <Table fz="sm" withTableBorder>
              <Table.Thead><Table.Tr><Table.Th>Parameter</Table.Th><Table.Th>In</Table.Th><Table.Th>What</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {parameters.map((one) => (
                  <Table.Tr key={one.name}><Table.Td><Code>{one.name}</Code></Table.Td><Table.Td>{one.in}</Table.Td><Table.Td>{one.description ?? shapeOf(one.schema, api)}{one.required === true ? '' : ' (may be left out)'}</Table.Td></Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )}
          {body !== undefined && <Part title="Send" body={body} api={api} />}
          {answers.map(({ status, words, body: answer }) => answer === undefined
            ? <Text key={status} size="sm"><b>{status}</b>: {words}</Text>
            : <Part key={status} title={`Answer ${status}`} body={answer} api={api} />)}
        </Stack>
      )}
    </details>
  )
}

function Part({ title, body, api }: { readonly title: string; readonly body: Body; readonly api: ApiDocument }) {
  return (
    <Stack gap={4}>
      <Text size="sm"><b>{title}</b>, {body.type}{body.type === 'application/x-ndjson' ? ', for example a line' : ''}</Text>
      {body.example !== undefined && <pre className="statement" tabIndex={0} aria-label="example">{typeof body.example === 'string' ? body.example : JSON.stringify(body.example, null, 2)}</pre>}
      {body.schema !== undefined && typeof body.example !== 'string' && (
        <details>
          <summary><Text component="span" size="sm">Its shape</Text></summary>
          <pre className="statement" tabIndex={0} aria-label="shape">{shapeOf(body.schema, api)}</pre>
        </details>
      )}
    </Stack>
  )
}
