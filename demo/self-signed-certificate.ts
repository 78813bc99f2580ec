import { generateKeyPairSync, type KeyPairKeyObjectResult, randomBytes, sign } from 'node:crypto'

/** PEM. */
export interface KeyAndCertificate {
  readonly cert: string
  readonly key: string
}

const DAY_MS = 86_400_000

/**
 * Makes an X.509 certificate that its key signs itself (RFC 5280), for `localhost` and 127.0.0.1, valid for 30 days. Keys
 * are EC P-256, made here, or RSA. For the demo alone: whoever runs a gateway brings a certificate of their own.
 */
export function makeSelfSignedCertificate(
  now: number = Date.now(), { publicKey, privateKey }: KeyPairKeyObjectResult = generateKeyPairSync('ec', { namedCurve: 'P-256' }),
): KeyAndCertificate {
  const algorithm = publicKey.asymmetricKeyType === 'rsa' ? SHA256_WITH_RSA : ECDSA_SHA256
  const name = sequence(set(sequence(oid('550403'), der(0x0c, Buffer.from('localhost')))))
  const serial = randomBytes(16)
  // A positive INTEGER in its shortest form.
  serial[0] = (serial[0]! & 0x7f) | 0x40
  const body = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, serial),
    algorithm,
    name,
    sequence(time(now - DAY_MS), time(now + 30 * DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(
      extension('551d13', true, sequence(der(0x01, Buffer.of(0xff)))),
      extension('551d11', false, sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.of(127, 0, 0, 1)))),
      extension('551d25', false, sequence(oid('2b06010505070301'))),
    )),
  )
  const signature = sign('sha256', body, privateKey)
  const certificate = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.of(0), signature])))
  const lines = certificate.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n')
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** One value in DER (X.690 §8.1): tag, length, content. */
function der(tag: number, content: Buffer): Buffer {
  const length = content.length < 128
    ? Buffer.of(content.length)
    : content.length < 256 ? Buffer.of(0x81, content.length) : Buffer.of(0x82, content.length >> 8, content.length & 0xff)
  return Buffer.concat([Buffer.of(tag), length, content])
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function set(...parts: Buffer[]): Buffer {
  return der(0x31, Buffer.concat(parts))
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

/** UTCTime, `YYMMDDHHMMSSZ`. */
function time(ms: number): Buffer {
  return der(0x17, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`))
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [der(0x01, Buffer.of(0xff))] : []), der(0x04, value))
}

const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'))
const SHA256_WITH_RSA = sequence(oid('2a864886f70d01010b'), der(0x05, Buffer.alloc(0)))
