import { Group, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'

export interface PageProps {
  readonly title: string
  /** What people do here, in one sentence. */
  readonly about?: string
  readonly actions?: ReactNode
  readonly children: ReactNode
}

export function Page({ title, about, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Sallyport`
  }, [title])
  return (
    <Stack gap="md">
      <Group justify="space-between" align="flex-start">
        <div>
          <Title order={1} size="h2">{title}</Title>
          {about !== undefined && <Text c="dimmed" size="sm">{about}</Text>}
        </div>
        {actions}
      </Group>
      {children}
    </Stack>
  )
}
