import { Button, Text } from '@mantine/core'
import type { ErrorComponentProps } from '@tanstack/react-router'
import { Page } from './page.tsx'
import { plainText } from './plain-text.ts'

/** In the place of a screen that failed by a fault of the console. */
export function FailedScreen({ error }: ErrorComponentProps) {
  return (
    <Page title="This screen failed" about="Nothing was changed by that. What went wrong stands below, for a report.">
      <Text size="sm" role="alert">{plainText(error instanceof Error ? error.message : String(error))}</Text>
      <Button onClick={() => window.location.reload()} w="fit-content">Load it again</Button>
    </Page>
  )
}
