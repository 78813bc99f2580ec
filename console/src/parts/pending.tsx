import { Center, Loader, Paper, Text, Title } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Problem } from '../api/problem.ts'
import { ProblemAlert } from './problem-alert.tsx'

/** What was asked for, once it is there; until then that it is on its way, or why it does not come. */
export function Pending<Data>({ of, children }: { readonly of: Pick<UseQueryResult<Data, Problem>, 'data' | 'error'>; readonly children: (data: Data) => ReactNode }) {
  if (of.data !== undefined) return children(of.data)
  if (of.error !== null) return <ProblemAlert error={of.error} />
  return <Center py="xl"><Loader aria-label="loading" /></Center>
}

/** There is nothing yet: what to do first. */
export function Empty({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Paper withBorder p="lg">
      <Title order={2} size="h4">{title}</Title>
      <Text component="div" size="sm" mt="xs">{children}</Text>
    </Paper>
  )
}
