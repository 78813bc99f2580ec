import type { LockChanged } from './event-schema.ts'
import { fitText } from './fit-entry.ts'

const TEXT_BYTES = 4_096

export function encodeLockChanged(event: LockChanged['event'], { kind, name, by, reason }: Pick<LockChanged, 'kind' | 'name' | 'by' | 'reason'>, at: number): string {
  return JSON.stringify({ v: 1, event, at, kind, name: cut(name), by: cut(by), reason: cut(reason) } satisfies LockChanged)
}

function cut(text: string): string {
  return fitText(text, TEXT_BYTES).value
}
