/**
 * Values in PostgreSQL's binary format, as the text that PostgreSQL would show, for the types that are read by people:
 * each as the type's own send function writes it (src/backend/utils/adt of PostgreSQL 18).
 */
const DECODERS: ReadonlyMap<number, (value: Buffer) => string | undefined> = new Map([
  [16 /* bool */, (value) => (value.length === 1 ? (value[0] === 0 ? 'f' : 't') : undefined)],
  [17 /* bytea */, hexOf],
  [18 /* "char" */, textOf], [19 /* name */, textOf], [25 /* text */, textOf], [114 /* json */, textOf], [142 /* xml */, textOf],
  [705 /* unknown */, textOf], [1042 /* bpchar */, textOf], [1043 /* varchar */, textOf],
  [20 /* int8 */, (value) => (value.length === 8 ? String(value.readBigInt64BE()) : undefined)],
  [21 /* int2 */, (value) => (value.length === 2 ? String(value.readInt16BE()) : undefined)],
  [23 /* int4 */, (value) => (value.length === 4 ? String(value.readInt32BE()) : undefined)],
  [26 /* oid */, (value) => (value.length === 4 ? String(value.readUInt32BE()) : undefined)],
  [700 /* float4 */, (value) => (value.length === 4 ? float4Text(value.readFloatBE()) : undefined)],
  [701 /* float8 */, (value) => (value.length === 8 ? float8Text(value.readDoubleBE()) : undefined)],
  [1082 /* date */, dateText],
  [1114 /* timestamp */, (value) => timestampText(value, '')],
  [1184 /* timestamptz */, (value) => timestampText(value, '+00')],
  [1700 /* numeric */, numericText],
  [2950 /* uuid */, (value) => (value.length === 16 ? uuidText(value.toString('hex')) : undefined)],
  [3802 /* jsonb */, (value) => (value[0] === 1 ? textOf(value.subarray(1)) : undefined)],
] as const)

/** Undefined when the type is not known here, or the bytes are none of its values. */
export function binaryValueText(typeOid: number, value: Buffer): string | undefined {
  return DECODERS.get(typeOid)?.(value)
}

/** As PostgreSQL shows bytea. */
export function hexOf(value: Buffer): string {
  return `\\x${value.toString('hex')}`
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Undefined for what is no UTF-8 text; PostgreSQL's texts have no NUL. */
export function textOf(value: Buffer): string | undefined {
  if (value.includes(0)) return undefined
  try {
    return utf8.decode(value)
  } catch {
    return undefined
  }
}

/** From this power of ten on the server writes an exponent; below 1e-4 it does for both. */
const FLOAT4_EXPONENT = 6
const FLOAT8_EXPONENT = 15

/** @param exponential the shortest digits that are this number, as `toExponential` writes them */
function floatText(value: number, exponential: string, exponentFrom: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa = '', power = ''] = exponential.split('e')
  const exponent = Number(power)
  if (exponent < -4 || exponent >= exponentFrom) return `${mantissa}e${exponent < 0 ? '-' : '+'}${two(Math.abs(exponent))}`
  const digits = mantissa.replace(/[-.]/g, '')
  const sign = value < 0 ? '-' : ''
  if (exponent < 0) return `${sign}0.${'0'.repeat(-1 - exponent)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  return sign + whole + (digits.length > exponent + 1 ? `.${digits.slice(exponent + 1)}` : '')
}

function float8Text(value: number): string {
  return floatText(value, value.toExponential(), FLOAT8_EXPONENT)
}

function float4Text(value: number): string {
  let exponential = value.toExponential()
  for (let digits = 8; digits >= 0; digits -= 1) {
    const shorter = value.toExponential(digits)
    if (Math.fround(Number(shorter)) !== value) break
    exponential = shorter
  }
  return floatText(value, exponential, FLOAT4_EXPONENT)
}

const DAY_MS = 86_400_000
const EPOCH_MS = Date.UTC(2000, 0, 1)

function dateText(value: Buffer): string | undefined {
  if (value.length !== 4) return undefined
  const days = value.readInt32BE()
  if (days === 0x7fff_ffff) return 'infinity'
  if (days === -0x8000_0000) return '-infinity'
  const day = dayText(EPOCH_MS + days * DAY_MS)
  return day && day.text + day.era
}

function timestampText(value: Buffer, zone: string): string | undefined {
  if (value.length !== 8) return undefined
  const micros = value.readBigInt64BE()
  if (micros === 0x7fff_ffff_ffff_ffffn) return 'infinity'
  if (micros === -0x8000_0000_0000_0000n) return '-infinity'
  // Rounded down also before 2000, so that the rest is never negative.
  const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n
  const ms = EPOCH_MS + Number((micros - rest) / 1_000n)
  const day = dayText(ms)
  if (day === undefined) return undefined
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(6, '0').replace(/0+$/, '')}`
  return `${day.text} ${new Date(ms).toISOString().slice(-13, -5)}${fraction}${zone}${day.era}`
}

/** @param ms Unix milliseconds; JavaScript knows a little less of the far past and future than PostgreSQL */
function dayText(ms: number): { readonly text: string; readonly era: string } | undefined {
  const date = new Date(ms)
  if (Number.isNaN(date.getTime())) return undefined
  const year = date.getUTCFullYear()
  const text = [String(year > 0 ? year : 1 - year).padStart(4, '0'), two(date.getUTCMonth() + 1), two(date.getUTCDate())].join('-')
  return { text, era: year > 0 ? '' : ' BC' }
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

const SIGNS: ReadonlyMap<number, string> = new Map([[0x0000, ''], [0x4000, '-']])
const SPECIAL: ReadonlyMap<number, string> = new Map([[0xc000, 'NaN'], [0xd000, 'Infinity'], [0xf000, '-Infinity']])

/**
 *   +--------+--------+--------+--------+-------------------------------+
 *   | digits | weight | sign   | scale  | digits of base 10000          |
 *   | uint16 | int16  | uint16 | uint16 | int16 each, the highest first |
 *   +--------+--------+--------+--------+-------------------------------+
 */
function numericText(value: Buffer): string | undefined {
  if (value.length < 8) return undefined
  const count = value.readUInt16BE(0)
  const weight = value.readInt16BE(2)
  const special = SPECIAL.get(value.readUInt16BE(4))
  if (special !== undefined) return special
  const sign = SIGNS.get(value.readUInt16BE(4))
  const scale = value.readUInt16BE(6)
  if (sign === undefined || value.length !== 8 + 2 * count || scale > 0x3fff) return undefined
  const group = (place: number): string => {
    const index = weight - place
    return String(index >= 0 && index < count ? value.readUInt16BE(8 + 2 * index) : 0).padStart(4, '0')
  }
  let whole = ''
  for (let place = weight; place >= 0; place -= 1) whole += group(place)
  let fraction = ''
  for (let place = -1; fraction.length < scale; place -= 1) fraction += group(place)
  return sign + (whole.replace(/^0+(?=.)/, '') || '0') + (scale === 0 ? '' : `.${fraction.slice(0, scale)}`)
}

function uuidText(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
