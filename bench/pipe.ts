import { once } from 'node:events'
import { type Socket, connect, createServer } from 'node:net'

/** A running pipe: every connection is copied to the target, both ways, without a look at it. */
export interface Pipe {
  readonly port: number
  close(): Promise<void>
}

/**
 * The least that any proxy on Node costs: `net.createServer` and `pipe` both ways. What the gateway is compared with,
 * and what tests of a real client put in the gateway's place to prove themselves.
 */
export async function startPipe(target: { readonly host: string; readonly port: number }, port = 0): Promise<Pipe> {
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect({ ...target, noDelay: true })
    client.setNoDelay(true)
    client.pipe(upstream)
    upstream.pipe(client)
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        open.delete(socket)
        other.destroy()
      })
    }
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  return {
    port: address.port,
    async close() {
      server.close()
      for (const socket of open) socket.destroy()
      await once(server, 'close')
    },
  }
}

if (import.meta.main) {
  const pipe = await startPipe({ host: process.argv[2] ?? '127.0.0.1', port: Number(process.argv[3]) })
  process.stdout.write(`${pipe.port}\n`)
}
