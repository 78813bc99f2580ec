import type { KexInit, KexOffer } from '../wire/kexinit.ts'
import { authenticates } from '../wire/packets/packet-ciphers.ts'
import { KeyExchangeError } from './key-exchange-error.ts'
import { EXT_INFO_CLIENT, STRICT_CLIENT, STRICT_SERVER } from './offers.ts'

export interface Negotiated {
  readonly keyExchange: string
  readonly hostKey: string
  readonly cipherToServer: string
  readonly cipherToClient: string
  readonly macToServer: string
  readonly macToClient: string
  /** The message that the client sent on a guess is void: RFC 4253 section 7. */
  readonly guessIsVoid: boolean
}

/** Names that say something besides, and are no key exchange. */
const MARKERS = new Set([EXT_INFO_CLIENT, 'ext-info-s', STRICT_CLIENT, STRICT_SERVER])

/**
 * RFC 4253 section 7.1: of each list the client's first name that the server has too.
 * @throws KeyExchangeError where there is none
 */
export function negotiate(client: KexOffer, server: KexOffer, peer: KexInit): Negotiated {
  const keyExchange = choose('key exchange', client.keyExchange.filter((name) => !MARKERS.has(name)), server.keyExchange)
  const hostKey = choose('host key', client.hostKey, server.hostKey)
  const cipherToServer = choose('cipher', client.cipherToServer, server.cipherToServer)
  const cipherToClient = choose('cipher', client.cipherToClient, server.cipherToClient)
  choose('compression', client.compressionToServer, server.compressionToServer)
  choose('compression', client.compressionToClient, server.compressionToClient)
  return {
    keyExchange, hostKey, cipherToServer, cipherToClient,
    macToServer: authenticates(cipherToServer) ? '' : choose('MAC', client.macToServer, server.macToServer),
    macToClient: authenticates(cipherToClient) ? '' : choose('MAC', client.macToClient, server.macToClient),
    guessIsVoid: peer.guessFollows
      && (client.keyExchange[0] !== server.keyExchange[0] || client.hostKey[0] !== server.hostKey[0]),
  }
}

function choose(what: string, client: readonly string[], server: readonly string[]): string {
  const name = client.find((one) => server.includes(one))
  if (name === undefined) throw new KeyExchangeError(`there is no ${what} that both sides know`)
  return name
}
