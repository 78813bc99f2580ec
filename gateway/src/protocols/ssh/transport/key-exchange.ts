import { randomBytes } from 'node:crypto'
import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { type KexInit, makeKexInit, readKexInit } from '../wire/kexinit.ts'
import { DISCONNECT, MESSAGE } from '../wire/message-numbers.ts'
import { makeOpener, makeSealer } from '../wire/packets/packet-ciphers.ts'
import type { PacketOpener, PacketSealer } from '../wire/packets/packet-codec.ts'
import { makeSignature } from '../wire/signature.ts'
import { SshReader } from '../wire/ssh-reader.ts'
import { SshWriter } from '../wire/ssh-writer.ts'
import { exchangeHash, keySource } from './exchange-hash.ts'
import { provenHost } from './host-proof.ts'
import { keyAgreement, type KeyAgreement } from './key-agreements.ts'
import { KeyExchangeError } from './key-exchange-error.ts'
import { type Negotiated, negotiate } from './negotiate.ts'
import { EXT_INFO_CLIENT, offerOf, STRICT_CLIENT, STRICT_SERVER } from './offers.ts'
import type { Agreement, ClientRole, ServerRole } from './roles.ts'

/** What a key exchange does to its connection. */
export interface KeyExchangePort {
  /** Past everything that waits for the exchange. */
  send(payload: Buffer): void
  /** From the next packet on. `restart`: its sequence number is 0 again. */
  sealWith(sealer: PacketSealer, restart: boolean): void
  openWith(opener: PacketOpener, restart: boolean): void
  /** Both directions have new keys. */
  completed(agreement: Agreement): void
  /** Nothing more is read until `release`: the host is being judged. */
  hold(): void
  release(): void
  fail(error: Error): void
}

interface Versions {
  readonly client: string
  readonly server: string
  readonly peer: string
}

/** One exchange after KEXINIT has come from both sides. */
interface Running {
  readonly negotiated: Negotiated
  readonly agreement: KeyAgreement
  readonly clientInit: Buffer
  readonly serverInit: Buffer
  /** The client's own part; none in the server role. */
  readonly started: ReturnType<KeyAgreement['start']> | undefined
}

/** What is in use once the peer's NEWKEYS comes. */
interface Incoming {
  readonly opener: PacketOpener
  readonly agreement: Agreement
}

/**
 * Key exchange and re-exchange, https://www.rfc-editor.org/rfc/rfc4253#section-7, in both roles:
 *
 *   client: KEXINIT   INIT             NEWKEYS
 *   server: KEXINIT        REPLY NEWKEYS
 *
 * Strict always, whatever the peer knows: in the first exchange nothing else is accepted, which is what an attack on
 * the prefix of a connection needs. Sequence numbers begin anew where both sides know of strict key exchange.
 */
export class KeyExchange {
  readonly #role: ServerRole | ClientRole
  readonly #versions: Versions
  readonly #port: KeyExchangePort
  #ownInit: Buffer | undefined
  #peerInit: Buffer | undefined
  #running: Running | undefined
  #incoming: Incoming | undefined
  #skipGuess = false
  #strict = false
  #sessionId: Buffer | undefined
  #hostKey: Buffer | undefined
  /** The client asks for EXT_INFO. */
  #extInfoWanted = false
  /** NEWKEYS is sent: what waited may go. */
  #sentKeys = false

  constructor(role: ServerRole | ClientRole, versions: Versions, port: KeyExchangePort) {
    this.#role = role
    this.#versions = versions
    this.#port = port
  }

  /** Between our KEXINIT and our NEWKEYS only messages of the exchange may be sent. */
  get sendsOnlyItself(): boolean {
    return this.#ownInit !== undefined && !this.#sentKeys
  }

  /** Between the peer's KEXINIT and its NEWKEYS, and until the first keys, only messages of the exchange may come. */
  get expectsOnlyItself(): boolean {
    return this.#peerInit !== undefined || this.#sessionId === undefined
  }

  /** From the first KEXINIT of either side until both have new keys. */
  get isActive(): boolean {
    return this.#ownInit !== undefined
  }

  get extInfoWanted(): boolean {
    return this.#extInfoWanted
  }

  /** Sends KEXINIT, unless an exchange is under way. */
  start(): void {
    if (this.#ownInit !== undefined) return
    this.#sentKeys = false
    this.#ownInit = Buffer.from(makeKexInit(offerOf(this.#role), randomBytes(16)))
    this.#port.send(this.#ownInit)
  }

  /** @throws MalformedFrameError, KeyExchangeError */
  receive(payload: Buffer): void {
    const message = payload[0] ?? 0
    if (message === MESSAGE.kexInit) return this.#receiveInit(payload)
    if (message === MESSAGE.newKeys) return this.#receiveNewKeys(payload)
    const running = this.#running
    if (running === undefined) throw new MalformedFrameError('a message of the key exchange comes out of turn')
    if (this.#skipGuess) {
      this.#skipGuess = false
      return
    }
    if (this.#incoming !== undefined) throw new MalformedFrameError('a message of the key exchange comes out of turn')
    if (this.#role.role === 'server' && message === MESSAGE.kexExchangeInit) return this.#answer(this.#role, running, payload)
    if (this.#role.role === 'client' && message === MESSAGE.kexExchangeReply) return this.#finish(this.#role, running, payload)
    throw new MalformedFrameError('a message of the key exchange comes out of turn')
  }

  #receiveInit(payload: Buffer): void {
    if (this.#peerInit !== undefined) throw new MalformedFrameError('KEXINIT comes twice')
    const peer = readKexInit(payload)
    this.#peerInit = Buffer.from(payload)
    this.start()
    const own = offerOf(this.#role)
    const isServer = this.#role.role === 'server'
    const negotiated = isServer ? negotiate(peer, own, peer) : negotiate(own, peer, peer)
    if (this.#sessionId === undefined) this.#readMarkers(peer)
    this.#skipGuess = negotiated.guessIsVoid
    const agreement = keyAgreement(negotiated.keyExchange)
    const ownInit = this.#ownInit ?? payload
    const started = isServer ? undefined : agreement.start()
    this.#running = {
      negotiated, agreement, started,
      clientInit: isServer ? this.#peerInit : ownInit,
      serverInit: isServer ? ownInit : this.#peerInit,
    }
    if (started !== undefined) this.#port.send(writeValue(new SshWriter(MESSAGE.kexExchangeInit), agreement, started.publicValue).take())
  }

  #readMarkers(peer: KexInit): void {
    const isServer = this.#role.role === 'server'
    this.#strict = peer.keyExchange.includes(isServer ? STRICT_CLIENT : STRICT_SERVER)
    this.#extInfoWanted = isServer && peer.keyExchange.includes(EXT_INFO_CLIENT)
  }

  /**
   * https://www.rfc-editor.org/rfc/rfc5656#section-4
   *
   *   INIT:  | byte 30 | string or mpint client's public value |
   *   REPLY: | byte 31 | string host key | string or mpint server's public value | string signature of the hash |
   */
  #answer(role: ServerRole, running: Running, payload: Buffer): void {
    const { agreement, negotiated } = running
    const clientValue = readOneValue(agreement, payload)
    const { publicValue, secret } = agreement.answer(clientValue)
    const hostKey = negotiated.hostKey === 'ssh-ed25519' || role.hostCertificate === undefined
      ? role.hostKey.publicKey.blob
      : role.hostCertificate
    const hash = this.#hash(running, hostKey, clientValue, publicValue, secret)
    const signature = makeSignature(role.hostKey, 'ssh-ed25519', hash)
    const reply = writeValue(new SshWriter(MESSAGE.kexExchangeReply).string(hostKey), agreement, publicValue).string(signature)
    this.#port.send(reply.take())
    this.#switchKeys(running, secret, hash)
  }

  #finish(role: ClientRole, running: Running, payload: Buffer): void {
    const { agreement, negotiated, started } = running
    if (started === undefined) throw new TypeError('the client has not begun')
    const reader = new SshReader(payload, 1)
    const hostKey = Buffer.from(reader.string())
    const serverValue = readValue(agreement, reader)
    const signature = reader.string()
    reader.expectEnd()
    const secret = started.finish(serverValue)
    const hash = this.#hash(running, hostKey, started.publicValue, serverValue, secret)
    const host = provenHost(negotiated.hostKey, hostKey, signature, hash)
    if (this.#hostKey !== undefined) {
      if (!this.#hostKey.equals(hostKey)) throw new KeyExchangeError('the host shows another key than at first', DISCONNECT.hostKeyNotVerifiable)
      return this.#switchKeys(running, secret, hash)
    }
    this.#hostKey = hostKey
    this.#port.hold()
    role.verifyHost(host).then(
      () => {
        this.#switchKeys(running, secret, hash)
        this.#port.release()
      },
      (error: unknown) => {
        const words = error instanceof Error ? error.message : 'the host is not the target'
        this.#port.fail(new KeyExchangeError(words, DISCONNECT.hostKeyNotVerifiable))
      },
    ).catch((error: unknown) => this.#port.fail(error instanceof Error ? error : new Error('the keys were not changed')))
  }

  #hash(running: Running, hostKey: Buffer, clientValue: Buffer, serverValue: Buffer, secret: Buffer): Buffer {
    return exchangeHash(running.agreement, {
      clientVersion: this.#versions.client, serverVersion: this.#versions.server,
      clientInit: running.clientInit, serverInit: running.serverInit, hostKey, clientValue, serverValue, secret,
    })
  }

  /** Sends NEWKEYS and seals with the new keys from there on; the peer's come into use with its NEWKEYS. */
  #switchKeys({ agreement, negotiated }: Running, secret: Buffer, hash: Buffer): void {
    const sessionId = this.#sessionId ??= hash
    const isServer = this.#role.role === 'server'
    const toServer = keySource(agreement.digest, secret, hash, sessionId, 'to-server')
    const toClient = keySource(agreement.digest, secret, hash, sessionId, 'to-client')
    const { cipherToClient, cipherToServer, macToClient, macToServer } = negotiated
    this.#incoming = {
      opener: isServer ? makeOpener(cipherToServer, macToServer, toServer) : makeOpener(cipherToClient, macToClient, toClient),
      agreement: {
        sessionId, peerVersion: this.#versions.peer, keyExchange: negotiated.keyExchange, hostKeyAlgorithm: negotiated.hostKey,
        cipherIn: isServer ? cipherToServer : cipherToClient, cipherOut: isServer ? cipherToClient : cipherToServer,
      },
    }
    this.#port.send(NEW_KEYS)
    this.#sentKeys = true
    this.#port.sealWith(
      isServer ? makeSealer(cipherToClient, macToClient, toClient) : makeSealer(cipherToServer, macToServer, toServer),
      this.#strict,
    )
  }

  #receiveNewKeys(payload: Buffer): void {
    const incoming = this.#incoming
    if (incoming === undefined || payload.length !== 1) throw new MalformedFrameError('NEWKEYS comes out of turn')
    this.#incoming = undefined
    this.#running = undefined
    this.#ownInit = undefined
    this.#peerInit = undefined
    this.#port.openWith(incoming.opener, this.#strict)
    this.#port.completed(incoming.agreement)
  }
}

const NEW_KEYS = Buffer.of(MESSAGE.newKeys)

function writeValue(writer: SshWriter, agreement: KeyAgreement, value: Buffer): SshWriter {
  return agreement.numbers ? writer.mpint(value) : writer.string(value)
}

function readValue(agreement: KeyAgreement, reader: SshReader): Buffer {
  return Buffer.from(agreement.numbers ? reader.mpint() : reader.string())
}

function readOneValue(agreement: KeyAgreement, payload: Buffer): Buffer {
  const reader = new SshReader(payload, 1)
  const value = readValue(agreement, reader)
  reader.expectEnd()
  return value
}
