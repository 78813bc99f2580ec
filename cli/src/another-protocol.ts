import type { Target } from '@sallyport/contract'
import { EXIT, Failure } from './failure.ts'

const COMMANDS: Readonly<Record<string, string>> = { postgres: 'psql', ssh: 'ssh', kubernetes: 'kubeconfig' }

/** A target was asked for by a command of another protocol: tells the one that opens it. */
export function anotherProtocol({ name, protocol }: Target): Failure {
  const command = COMMANDS[protocol] ?? 'token --target'
  return new Failure(`target "${name}" speaks ${protocol}`, `Open it with: sallyport ${command} ${name}`, EXIT.usage)
}
