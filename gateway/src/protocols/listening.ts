import type { Server } from 'node:net'
import type { ListenOptions, Log } from './protocol-adapter.ts'

/**
 * Lets a server listen. Once it does, a connection that cannot be accepted, such as where no file descriptor is left, is
 * told to the log and ends nothing else.
 * @throws what it cannot listen with
 */
export async function startListening(server: Server, { host, port }: Pick<ListenOptions, 'host' | 'port'>, log: Log): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  server.on('error', (error) => log.error({ error }, 'a connection could not be accepted'))
}

/** @returns the port on which it listens; 0 when it does not */
export function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
