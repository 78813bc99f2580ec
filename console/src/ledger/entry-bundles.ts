import { request } from '../api/client.ts'

const FULL = 256
/** Bundles that are looked through, the newest first; beyond that the CLI finds it. */
const MAX_BUNDLES = 200

export interface FoundEntry {
  readonly index: number
  readonly entry: Uint8Array<ArrayBuffer>
}

/** Looks for the decision on an operation among the entries that a checkpoint covers. */
export async function findDecision(session: string, number: number, size: number): Promise<FoundEntry | undefined> {
  for (let bundle = Math.ceil(size / FULL) - 1, looked = 0; bundle >= 0 && looked < MAX_BUNDLES; bundle -= 1, looked += 1) {
    const entries = await readBundle(bundle, Math.min(FULL, size - bundle * FULL))
    for (const [at, entry] of entries.entries()) {
      const text = new TextDecoder().decode(entry)
      if (!text.includes(session)) continue
      const event = JSON.parse(text) as { event?: string; session?: string; n?: number }
      if (event.event === 'operation.decided' && event.session === session && event.n === number) return { index: bundle * FULL + at, entry }
    }
  }
  return undefined
}

/** An entry bundle (https://c2sp.org/tlog-tiles): each entry behind its length in two bytes. */
async function readBundle(index: number, width: number): Promise<Uint8Array<ArrayBuffer>[]> {
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? []
  const name = groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/')
  const response = await request(`/ledger/tile/entries/${name}${width === FULL ? '' : `.p/${width}`}`)
  const bytes = new Uint8Array(await response.arrayBuffer())
  const entries: Uint8Array<ArrayBuffer>[] = []
  for (let at = 0; at < bytes.length;) {
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
    entries.push(bytes.slice(at + 2, at + 2 + length))
    at += 2 + length
  }
  return entries
}
