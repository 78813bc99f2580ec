import { createServer, type Server, type Socket } from 'node:net'
import type { ServerRole } from '../../src/protocols/ssh/transport/roles.ts'
import { SshTransport } from '../../src/protocols/ssh/transport/ssh-transport.ts'
import { MESSAGE } from '../../src/protocols/ssh/wire/message-numbers.ts'
import { SshReader } from '../../src/protocols/ssh/wire/ssh-reader.ts'
import { SshWriter } from '../../src/protocols/ssh/wire/ssh-writer.ts'

const WINDOW_BYTES = 2 * 1024 * 1024
const PACKET_BYTES = 32 * 1024

export interface EchoServer {
  readonly port: number
  readonly transports: SshTransport[]
  /** How each connection ended. */
  readonly ends: (Error | undefined)[]
  close(): Promise<void>
}

/**
 * An SSH server as small as can be, to try the transport with: everyone may log in, and run `cat`, `count`
 * (tells how many bytes came), or `send BYTES`. One channel in a connection.
 */
export async function startEchoServer(role: ServerRole, around: (socket: Socket, transport: SshTransport) => void = () => undefined): Promise<EchoServer> {
  const transports: SshTransport[] = []
  const ends: (Error | undefined)[] = []
  const server: Server = createServer((socket) => {
    const transport = new SshTransport(socket, role)
    transports.push(transport)
    transport.onClose = (error) => void ends.push(error)
    serve(transport)
    around(socket, transport)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    port: address.port, transports, ends,
    close: async () => {
      for (const transport of transports) transport.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function serve(transport: SshTransport): void {
  let channel = 0
  let window = 0
  let received = 0
  let ungranted = 0
  let program = ''
  let left = 0
  const header = new SshWriter(MESSAGE.channelData).uint32(0).uint32(0).take()
  const block = Buffer.alloc(PACKET_BYTES, 0x61)
  const queue: Buffer[] = []

  const data = (bytes: Buffer): boolean => {
    header.writeUInt32BE(channel, 1)
    header.writeUInt32BE(bytes.length, 5)
    window -= bytes.length
    return transport.sendData(header, bytes, 0, bytes.length)
  }
  const finish = (): void => {
    transport.send(new SshWriter(MESSAGE.channelRequest).uint32(channel).string('exit-status').boolean(false).uint32(0).take())
    transport.send(new SshWriter(MESSAGE.channelEof).uint32(channel).take())
    transport.send(new SshWriter(MESSAGE.channelClose).uint32(channel).take())
  }
  const pump = (): void => {
    while (left > 0 && window >= PACKET_BYTES) {
      const bytes = block.subarray(0, Math.min(left, PACKET_BYTES))
      left -= bytes.length
      const more = data(bytes)
      if (left === 0) finish()
      if (!more) return
    }
    while (queue.length > 0 && window >= (queue[0]?.length ?? 0)) if (!data(queue.shift() ?? block)) return
  }
  const takeIn = (bytes: Buffer): void => {
    received += bytes.length
    ungranted += bytes.length
    if (ungranted > WINDOW_BYTES / 2) {
      transport.send(new SshWriter(MESSAGE.channelWindowAdjust).uint32(channel).uint32(ungranted).take())
      ungranted = 0
    }
    if (program !== 'cat') return
    queue.push(Buffer.from(bytes))
    pump()
  }

  transport.onDrain = pump
  transport.onPayload = (payload) => {
    const reader = new SshReader(payload)
    switch (reader.uint8()) {
      case MESSAGE.serviceRequest:
        transport.send(new SshWriter(MESSAGE.serviceAccept).string(reader.string()).take())
        break
      case MESSAGE.userauthRequest:
        transport.send(new SshWriter(MESSAGE.userauthSuccess).take())
        break
      case MESSAGE.channelOpen:
        reader.string()
        channel = reader.uint32()
        window = reader.uint32()
        transport.send(new SshWriter(MESSAGE.channelOpenConfirmation).uint32(channel).uint32(0).uint32(WINDOW_BYTES).uint32(PACKET_BYTES).take())
        break
      case MESSAGE.channelWindowAdjust:
        reader.uint32()
        window += reader.uint32()
        pump()
        break
      case MESSAGE.channelRequest: {
        reader.uint32()
        const isExec = reader.text() === 'exec'
        if (reader.boolean()) transport.send(new SshWriter(isExec ? MESSAGE.channelSuccess : MESSAGE.channelFailure).uint32(channel).take())
        if (!isExec) break
        program = reader.text()
        if (program.startsWith('send ')) left = Number(program.slice(5))
        pump()
        break
      }
      case MESSAGE.channelData:
        reader.uint32()
        takeIn(reader.string())
        break
      case MESSAGE.channelEof:
        if (program === 'count') data(Buffer.from(`${received}\n`))
        // What waits for a window is short enough in all tests to have been sent by now.
        if (program === 'cat' || program === 'count') finish()
        break
      case MESSAGE.globalRequest:
        reader.string()
        if (reader.boolean()) transport.send(new SshWriter(MESSAGE.requestFailure).take())
        break
      default:
    }
  }
}
