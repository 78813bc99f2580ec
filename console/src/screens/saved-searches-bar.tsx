import { Button, Code, Group, Stack, Text, TextInput } from '@mantine/core'
import { useRef, useState } from 'react'
import { plainText } from '../parts/plain-text.ts'
import type { SavedSearches } from './saved-searches.ts'

/** Saved searches to choose from, and on demand to rename and to remove. */
export function SavedSearchesBar({ saved, look }: { readonly saved: SavedSearches; readonly look: (q: string) => void }) {
  const [changes, setChanges] = useState(false)
  const toggle = useRef<HTMLButtonElement>(null)
  const remove = (q: string) => {
    saved.remove(q)
    // Its button is gone, and the keyboard's place with it.
    toggle.current?.focus()
  }
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <Text size="xs" c="dimmed">Saved:{saved.all.length === 0 && ' none'}</Text>
        {!changes && saved.all.map(({ name, q }) => <Button key={q} size="compact-xs" variant="light" title={plainText(q)} onClick={() => look(q)}>{plainText(name.trim() || q)}</Button>)}
        {(saved.all.length > 0 || changes) && <Button ref={toggle} size="compact-xs" variant="default" onClick={() => setChanges(!changes)} aria-expanded={changes}>{changes ? 'Done' : 'Change saved searches'}</Button>}
      </Group>
      {changes && saved.all.map(({ name, q }) => (
        <Group key={q} gap="xs" role="group" aria-label={plainText(q)}>
          <TextInput size="xs" flex="1 1 12rem" maxLength={80} aria-label={`Name of ${plainText(q)}`} value={name} onChange={(event) => saved.rename(q, event.currentTarget.value)} />
          <Code className="anywhere" flex="1 1 12rem">{plainText(q)}</Code>
          <Button size="xs" variant="default" aria-label={`Remove ${plainText(q)}`} onClick={() => remove(q)}>Remove</Button>
        </Group>
      ))}
    </Stack>
  )
}
