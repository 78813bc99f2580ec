import type { Target } from '@sallyport/contract'

export interface Way {
  readonly client: string
  readonly text: string
}

/** How to connect, for each client; the token is the caller's own and never in it. */
export function waysTo({ name, protocol, host, port, database, tls }: Target): readonly Way[] {
  switch (protocol) {
    case 'postgres': {
      const mode = tls ? 'require' : 'disable'
      return [
        { client: 'psql', text: `sallyport psql ${name}` },
        { client: 'any program', text: `sallyport run ${name} -- your-program` },
        { client: 'libpq', text: `export PGPASSWORD=$(sallyport token ${name})\npsql "host=${host} port=${port} dbname=${database ?? name} user=agent sslmode=${mode}"` },
        { client: 'JDBC', text: `jdbc:postgresql://${host}:${port}/${database ?? name}?sslmode=${mode}` },
      ]
    }
    case 'ssh':
      return [
        { client: 'ssh', text: `sallyport ssh ${name}` },
        { client: 'plain ssh', text: `sallyport ssh-config --write\nssh ${name}` },
        { client: 'password', text: `sallyport token ${name}\nssh -p ${port} ${name}@${host}` },
      ]
    case 'kubernetes':
      return [{ client: 'kubectl', text: `sallyport kubeconfig ${name} > kubeconfig\nkubectl --kubeconfig kubeconfig get pods` }]
    default:
      return [{ client: protocol, text: `sallyport token ${name}\n# ${host}:${port}` }]
  }
}
