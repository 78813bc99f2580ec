import { once } from 'node:events'
import tls from 'node:tls'

export interface RawAnswer {
  /** 0 when the connection was closed without one. */
  readonly status: number
  readonly head: string
  readonly body: string
}

/** Sends bytes over TLS exactly as they are, and reads answers until the connection is quiet or closed. */
export async function sendRaw(port: number, ca: string, bytes: string | Buffer, quietMs = 400): Promise<RawAnswer> {
  const socket = tls.connect({ host: '127.0.0.1', port, ca, servername: 'localhost', ALPNProtocols: ['http/1.1'] })
  let text = ''
  const closed = new Promise<void>((resolve) => {
    socket.on('close', resolve)
    socket.on('error', () => resolve())
  })
  await Promise.race([once(socket, 'secureConnect'), closed])
  socket.write(bytes)
  let timer: NodeJS.Timeout | undefined
  const quiet = new Promise<void>((resolve) => {
    const wait = (ms: number): void => {
      clearTimeout(timer)
      timer = setTimeout(resolve, ms)
    }
    wait(10_000)
    socket.on('data', (part: Buffer) => {
      text += part.toString('latin1')
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? -1)
      const end = text.indexOf('\r\n\r\n')
      if (length >= 0 && end !== -1 && text.length >= end + 4 + length) wait(20)
      else wait(quietMs)
    })
  })
  await Promise.race([closed, quiet])
  clearTimeout(timer)
  socket.destroy()
  const end = text.indexOf('\r\n\r\n')
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), head: end === -1 ? text : text.slice(0, end), body: end === -1 ? '' : text.slice(end + 4) }
}
