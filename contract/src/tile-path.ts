/** A resource of C2SP tlog-tiles (https://c2sp.org/tlog-tiles): a tile of hashes, or a bundle of entries. */
export interface TileAddress {
  readonly level: number | 'entries'
  readonly index: number
  /** Hashes or entries in it: 256, or less for a partial one. */
  readonly width: number
}

const FULL = 256
const PATH = /^(\d{1,2}|entries)\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/** The path behind `tile/`, such as `0/x001/x234/067` or `entries/000.p/17`. */
export function tilePath({ level, index, width }: TileAddress): string {
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? []
  const name = groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/')
  return `${level}/${name}${width === FULL ? '' : `.p/${width}`}`
}

/** @returns undefined when it is not a path, in its one right spelling, of a tile */
export function parseTilePath(path: string): TileAddress | undefined {
  const [, first = '', name = '', partial] = PATH.exec(path) ?? []
  const address: TileAddress = {
    level: first === 'entries' ? 'entries' : Number(first),
    index: Number(name.replace(/[x/]/g, '')),
    width: partial === undefined ? FULL : Number(partial),
  }
  if (first === '' || (address.level !== 'entries' && address.level > 63) || !Number.isSafeInteger(address.index)) return undefined
  // One resource has one path: no zeros in front, no `.p/256`.
  return tilePath(address) === path ? address : undefined
}

/** Every tile and bundle that a log of `size` entries consists of: full ones, and at each level at most one partial. */
export function* tilesOf(size: number): Generator<TileAddress> {
  yield* tilesOfLevel('entries', size)
  for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / FULL)) yield* tilesOfLevel(level, count)
}

function* tilesOfLevel(level: number | 'entries', count: number): Generator<TileAddress> {
  for (let index = 0; index * FULL < count; index++) yield { level, index, width: Math.min(FULL, count - index * FULL) }
}
