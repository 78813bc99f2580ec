import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'

/** How bytes arrive: `chop`: a few at a time, as many as it says or gives. `join`: what comes within a while at once. */
export type Arrival = { readonly chop: number | (() => number) } | { readonly joinMs: number }

/** A TCP proxy on loopback by which bytes arrive otherwise than they were sent, in both directions. */
export async function startChoppingProxy(port: number, arrival: Arrival): Promise<{ readonly port: number; close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
    }
    void carry(client, upstream, arrival)
    void carry(upstream, client, arrival)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

async function carry(from: Socket, to: Socket, arrival: Arrival): Promise<void> {
  try {
    for await (const chunk of from) {
      let bytes = chunk as Buffer
      if ('joinMs' in arrival) {
        await sleep(arrival.joinMs)
        for (let more = from.read() as Buffer | null; more !== null; more = from.read() as Buffer | null) bytes = Buffer.concat([bytes, more])
        to.write(bytes)
      } else {
        for (let at = 0; at < bytes.length;) {
          const end = at + (typeof arrival.chop === 'number' ? arrival.chop : arrival.chop())
          to.write(bytes.subarray(at, end))
          at = end
          await nextTurn()
        }
      }
    }
  } catch {
    // A side that breaks off ends the other, too.
  }
  to.end()
}
