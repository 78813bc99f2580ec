import { Button, Group, Text } from '@mantine/core'
import type { TargetTest } from '@sallyport/contract'
import { useMutation } from '@tanstack/react-query'
import { ask } from '../api/client.ts'
import type { Problem } from '../api/problem.ts'
import { plainText } from '../parts/plain-text.ts'
import { ProblemAlert } from '../parts/problem-alert.tsx'

/** Whether the gateway gets in at a target that is in the document. */
export function TestTarget({ name }: { readonly name: string }) {
  const test = useMutation<TargetTest, Problem>({ mutationFn: () => ask<TargetTest>('/api/v1/targets/test', { method: 'POST', body: { target: name } }) })
  return (
    <Group gap="xs" mt="xs">
      <Button size="xs" variant="default" loading={test.isPending} onClick={() => test.mutate()} aria-label={`Test connection to ${name}`}>Test connection</Button>
      {test.data !== undefined && <TestWords test={test.data} />}
      {test.error !== null && <ProblemAlert error={test.error} />}
    </Group>
  )
}

export function TestWords({ test: { reached, words, tookMs } }: { readonly test: TargetTest }) {
  return <Text size="sm" role="status">{reached ? 'Reached' : 'Not reached'}: {plainText(words)}{reached && `, in ${tookMs} ms`}.</Text>
}
