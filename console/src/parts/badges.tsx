import { Badge } from '@mantine/core'

const COLOURS: Readonly<Record<string, string>> = {
  allow: 'harbour', approved: 'harbour', used: 'harbour', open: 'blue', completed: 'harbour', review: 'orange', deny: 'red', denied: 'red',
  failed: 'red', aborted: 'red', expired: 'gray', withdrawn: 'gray', closed: 'gray', agent: 'blue', person: 'grape',
  running: 'harbour', silent: 'red', stopped: 'gray', reachable: 'harbour', failing: 'red', ended: 'red', 'ends soon': 'orange', ok: 'harbour',
}

/** A state in one word. Its colour says nothing that the word does not. */
export function State({ word }: { readonly word: string }) {
  return <Badge variant="outline" color={COLOURS[word] ?? 'gray'} tt="none" styles={{ label: { color: 'var(--mantine-color-text)' } }}>{word}</Badge>
}
