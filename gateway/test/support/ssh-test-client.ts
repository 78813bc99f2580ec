import { connect } from 'node:net'
import type { ClientRole } from '../../src/protocols/ssh/transport/roles.ts'
import { SshTransport } from '../../src/protocols/ssh/transport/ssh-transport.ts'
import { DISCONNECT, MESSAGE } from '../../src/protocols/ssh/wire/message-numbers.ts'
import type { PrivateKey } from '../../src/protocols/ssh/wire/private-key.ts'
import { makeSignature } from '../../src/protocols/ssh/wire/signature.ts'
import { SshReader } from '../../src/protocols/ssh/wire/ssh-reader.ts'
import { SshWriter } from '../../src/protocols/ssh/wire/ssh-writer.ts'

const WINDOW_BYTES = 2 * 1024 * 1024

export interface TestLogin {
  readonly user: string
  /** Logs in with the method `none` where there is no key. */
  readonly key?: PrivateKey
}

/**
 * Runs one command on a server, to try the transport's client role with. What it says is given to `output`.
 * @returns its exit status
 */
export async function runOverTransport(
  port: number, role: ClientRole, login: TestLogin, command: string, input: Buffer, output: (bytes: Buffer) => void,
  started: (transport: SshTransport) => void = () => undefined,
): Promise<number> {
  const transport = new SshTransport(connect(port, '127.0.0.1'), role)
  started(transport)
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  // Where the keys are not agreed on, `ready` says so.
  promise.catch(() => undefined)
  let status = -1
  let theirs = 0
  let window = 0
  let maxPacket = 0
  let ungranted = 0
  let at = 0
  let eof = false
  const header = new SshWriter(MESSAGE.channelData).uint32(0).uint32(0).take()
  const request = (type: string, ...fields: string[]): Buffer => {
    const writer = new SshWriter(MESSAGE.channelRequest).uint32(theirs).string(type).boolean(true)
    for (const field of fields) writer.string(field)
    return writer.take()
  }
  const pump = (): void => {
    while (at < input.length && window > 0) {
      const end = Math.min(input.length, at + Math.min(window, maxPacket))
      window -= end - at
      header.writeUInt32BE(theirs, 1)
      header.writeUInt32BE(end - at, 5)
      const more = transport.sendData(header, input, at, end)
      at = end
      if (!more) return
    }
    if (at < input.length || eof || maxPacket === 0) return
    eof = true
    transport.send(new SshWriter(MESSAGE.channelEof).uint32(theirs).take())
  }
  const took = (bytes: Buffer): void => {
    output(bytes)
    ungranted += bytes.length
    if (ungranted < WINDOW_BYTES / 2) return
    transport.send(new SshWriter(MESSAGE.channelWindowAdjust).uint32(theirs).uint32(ungranted).take())
    ungranted = 0
  }
  transport.onClose = (error) => (error === undefined ? resolve(status) : reject(error))
  transport.onPayload = (payload) => {
    const reader = new SshReader(payload)
    switch (reader.uint8()) {
      case MESSAGE.serviceAccept: break
      case MESSAGE.userauthFailure: return reject(new Error(`the login was refused: ${reader.nameList().join(',')}`))
      case MESSAGE.userauthSuccess:
        transport.send(new SshWriter(MESSAGE.channelOpen).string('session').uint32(0).uint32(WINDOW_BYTES).uint32(32_768).take())
        break
      case MESSAGE.channelOpenConfirmation:
        reader.uint32()
        theirs = reader.uint32()
        window = reader.uint32()
        transport.send(request('exec', command))
        maxPacket = reader.uint32()
        pump()
        break
      case MESSAGE.channelWindowAdjust:
        reader.uint32()
        window += reader.uint32()
        pump()
        break
      case MESSAGE.channelData:
        reader.uint32()
        took(reader.string())
        break
      case MESSAGE.channelRequest:
        reader.uint32()
        if (reader.text() === 'exit-status' && !reader.boolean()) status = reader.uint32()
        break
      case MESSAGE.channelClose:
        transport.disconnect(DISCONNECT.byApplication, 'done')
        break
      default:
    }
  }
  transport.onDrain = pump
  const { sessionId } = await transport.ready
  transport.send(new SshWriter(MESSAGE.serviceRequest).string('ssh-userauth').take())
  const asked = new SshWriter(MESSAGE.userauthRequest).string(login.user).string('ssh-connection')
  if (login.key === undefined) transport.send(asked.string('none').take())
  else {
    asked.string('publickey').boolean(true).string('ssh-ed25519').string(login.key.publicKey.blob)
    const signed = new SshWriter().string(sessionId).bytes(asked.take()).take()
    transport.send(asked.string(makeSignature(login.key, 'ssh-ed25519', signed)).take())
  }
  return await promise
}
