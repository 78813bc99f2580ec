import { kubernetesAdapter } from './protocols/kubernetes/adapter.ts'
import { postgresAdapter } from './protocols/postgres/adapter.ts'
import { sshAdapter } from './protocols/ssh/adapter.ts'
import type { ProtocolAdapter } from './protocols/protocol-adapter.ts'

/** Every protocol the gateway speaks, one line each. */
export const protocols: readonly ProtocolAdapter[] = [postgresAdapter, sshAdapter, kubernetesAdapter]
