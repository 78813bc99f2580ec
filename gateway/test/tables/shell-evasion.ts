/**
 * Ways to change a host under a rule that lets no destructive command through. Run in the folder that
 * `support/shell-sandbox.ts` makes: `victim`, `other`, `tree/`, `evil` (a script that removes `victim`), `bin/ls` (the same).
 */

export interface ShellEvasion {
  readonly name: string
  readonly class: string
  readonly command: string
  /** What the facts must name, unless they are unknown. */
  readonly does: string
  /** The login shell that it is made for. */
  readonly shell: 'bash' | 'sh'
  /** Why it is not run to prove that it changes something. */
  readonly unproved?: string
}

type More = Partial<Pick<ShellEvasion, 'does' | 'shell' | 'unproved'>>

export function members(kind: string, commands: Readonly<Record<string, string>>, more: More = {}): ShellEvasion[] {
  return Object.entries(commands).map(([name, command]) => ({ name, class: kind, command, does: 'remove', shell: 'bash', ...more }))
}
