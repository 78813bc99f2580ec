import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type ConsistencyProof, type InclusionProof, parseTilePath, routes, type TileAddress } from '@sallyport/contract'
import type { Context, Hono } from 'hono'
import { encodeAdministratorActed } from '../governance/recording/events.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { byteStream } from './byte-stream.ts'
import { calledWith, callerOf } from './caller.ts'
import { takeReader } from './reading-slots.ts'
import { recordEvent } from './record-event.ts'
import { requireRecordedHere } from './session-access.ts'

const compress = promisify(gzip)

/** A tile never changes. Whoever may not read entries must not get them from a shared cache either. */
const TILE_CACHING = 'public, max-age=31536000, immutable'
const BUNDLE_CACHING = 'private, max-age=31536000, immutable'

/**
 * The ledger as C2SP tlog-tiles (https://c2sp.org/tlog-tiles) serves it, and proofs made of its tiles. Checkpoint, key,
 * hashes and proofs tell nothing of what entries say, and are for anybody; entries are for those who watch.
 */
export function serveLedger(api: Hono, services: ApiServices): void {
  api.get(routes.verifier, (context) => context.text(services.verifierKey))
  api.get(routes.checkpoint, async (context) => {
    const { note } = await latestPoint(services)
    return context.text(note, 200, { 'cache-control': 'no-cache' })
  })
  api.get(`${routes.tiles}/*`, (context) => bounded(() => showTile(context, services)))
  api.get(routes.inclusionProof, (context) => bounded(async () => {
    const { size } = await latestPoint(services)
    const index = numberIn(context, 'index')
    const of = numberIn(context, 'size', size)
    const hashes = await provable(() => services.ledgerReader.inclusionProof(index, of))
    return context.json({ index, size: of, hashes: asText(hashes) } satisfies InclusionProof)
  }))
  api.get(routes.consistencyProof, (context) => bounded(async () => {
    const { size } = await latestPoint(services)
    const first = numberIn(context, 'first')
    const second = numberIn(context, 'second', size)
    const hashes = await provable(() => services.ledgerReader.consistencyProof(first, second))
    return context.json({ first, second, hashes: asText(hashes) } satisfies ConsistencyProof)
  }))
  api.get(`${routes.bundles}/:session`, (context) => sendBundle(context, services, context.req.param('session')))
}

/** With the key of what was recorded unless `key=none`, so that who takes it along is on record first. */
async function sendBundle(context: Context, services: ApiServices, session: string): Promise<Response> {
  const caller = await callerOf(context, services)
  caller.require('auditor', 'administrator')
  const giveBack = takeReader('ledger')
  let parts: AsyncIterable<Uint8Array> | undefined
  try {
    const sealed = context.req.query('key') === 'none'
    const action = { by: caller.identity.name, action: sealed ? 'session.export-sealed' : 'session.export', subject: session.slice(0, 64), reason: calledWith(caller) }
    await recordEvent(services.ledger, encodeAdministratorActed(action, Date.now()))
    parts = session.length > 64 ? undefined : await services.makeBundle(session, sealed ? 'sealed' : 'with-key')
    const record = parts === undefined ? await services.sessions.get(session.slice(0, 64)) : undefined
    if (record !== undefined) await requireRecordedHere(record, services)
    if (parts === undefined) throw new ApiFailure('not-found', 'there is no such session in the ledger', 'See those that there are: `sallyport session list`, or GET /api/v1/sessions.')
    const body = byteStream(parts, giveBack)
    return context.body(body, 200, { 'content-type': 'application/x-tar', 'content-disposition': `attachment; filename="${session}.tar"` })
  } catch (error) {
    giveBack()
    throw error
  }
}

async function showTile(context: Context, services: ApiServices): Promise<Response> {
  const address = parseTilePath(context.req.path.slice(routes.tiles.length + 1))
  if (address?.level === 'entries') {
    const caller = await callerOf(context, services)
    caller.require('auditor', 'operator', 'administrator')
  }
  const bytes = address === undefined ? undefined : await read(services, address)
  if (bytes === undefined) throw new ApiFailure('not-found', 'there is no such tile', 'A checkpoint says how many entries there are, and with that which tiles: https://c2sp.org/tlog-tiles.')
  if (address?.level !== 'entries') return binary(context, bytes, TILE_CACHING)
  context.header('vary', 'authorization, accept-encoding')
  if (!/\bgzip\b/.test(context.req.header('accept-encoding') ?? '')) return binary(context, bytes, BUNDLE_CACHING)
  context.header('content-encoding', 'gzip')
  return binary(context, new Uint8Array(await compress(bytes)), BUNDLE_CACHING)
}

function read({ ledgerReader }: ApiServices, { level, index, width }: TileAddress) {
  return level === 'entries' ? ledgerReader.entryBundle(index, width) : ledgerReader.hashTile(level, index, width)
}

function binary(context: Context, bytes: Uint8Array<ArrayBuffer>, caching: string): Response {
  return context.body(bytes, 200, { 'content-type': 'application/octet-stream', 'cache-control': caching })
}

async function latestPoint({ ledgerReader }: ApiServices) {
  const point = await ledgerReader.checkpoint()
  if (point === undefined) throw new ApiFailure('not-found', 'there is no checkpoint yet', 'Try again in a moment.')
  return point
}

async function bounded(work: () => Promise<Response>): Promise<Response> {
  const giveBack = takeReader('ledger')
  try {
    return await work()
  } finally {
    giveBack()
  }
}

/** @param missing what is meant when it is left out */
function numberIn(context: Context, name: string, missing?: number): number {
  const text = context.req.query(name)
  if (text === undefined && missing !== undefined) return missing
  const value = /^(0|[1-9]\d{0,15})$/.test(text ?? '') ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new ApiFailure('invalid-request', `${name} is missing or not a number`, 'Give decimal numbers without a sign.')
  return value
}

async function provable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof RangeError) throw new ApiFailure('invalid-request', error.message, 'Give numbers that the latest checkpoint covers.')
    throw error
  }
}

function asText(hashes: readonly Uint8Array[]): string[] {
  return hashes.map((hash) => Buffer.from(hash).toString('base64'))
}
