import type { LockChanged } from './event-schema.ts'
import { cut } from './fit-entry.ts'

export function encodeLockChanged(event: LockChanged['event'], { kind, name, by, reason }: Pick<LockChanged, 'kind' | 'name' | 'by' | 'reason'>, at: number): string {
  return JSON.stringify({ v: 1, event, at, kind, name: cut(name), by: cut(by), reason: cut(reason) } satisfies LockChanged)
}
