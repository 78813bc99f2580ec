import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { DetectorMask } from '../../policy/policy-document.ts'
import { DETECTOR_NAMES } from './detector-names.ts'
import { streamMasker } from './stream-masker.ts'

const key = Buffer.alloc(32, 7)
const ESC = '\x1b'

const METHODS: readonly DetectorMask[] = [
  { name: 'redact', detect: DETECTOR_NAMES, method: 'redact' },
  { name: 'keep', detect: DETECTOR_NAMES, method: 'keep-last', keep: 4 },
  { name: 'hash', detect: DETECTOR_NAMES, method: 'hash' },
  { name: 'patterns', detect: DETECTOR_NAMES, patterns: ['[a-z]+ [0-9]+', '^x.*$', '1+', 'é'], method: 'keep-last', keep: 2 },
]

function maskedIn(detector: DetectorMask, chunks: readonly Buffer[]): Buffer {
  const masker = streamMasker({ detectors: [detector] }, key) ?? assert.fail()
  return Buffer.concat([...chunks.map((chunk) => Buffer.from(masker.push(Buffer.from(chunk)))), masker.end()])
}

/** Pieces of text that are values, nearly values, or stand in the way of one. */
const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(
    '4111111111111111', '4111 1111 1111 1111', '5500-0000-0000-0004', '3782 822463 10005', '4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1', '078-05-1120', '078 05 1120',
    'alice@example.com', 'a.b+c@mail.example.co.uk', 'DE89370400440532013000', 'GB82 WEST 1234 5698 7654 32', '+49 30 1234567', '(212) 555-0199', '10.1.2.3', '2001:db8::8a2e:370:7334',
    '-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA0Z\nabcd\n-----END RSA PRIVATE KEY-----', 'password=hunter2', '"password": "ab\\"c"', 'Bearer abcdefgh12345678', 'postgres://u:s3cret@db.example/x',
    'AKIAIOSFODNN7EXAMPLE', 'ghp_abcdefghijklmnopqrstuvwxyz0123456789', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4', 'sk_live_abcdefghijklmnop1234', 'api_key: 0123456789abcdef',
  ) },
  { weight: 3, arbitrary: fc.constantFrom('4111', '1111', '078-', '@', '.com', 'DE89', '+1', 'AKIA', 'ghp_', 'eyJ', 'Bearer ', 'password', '=', ':', '-----BEGIN ', 'PRIVATE KEY-----', '://', '"', "'", '\\', '&x=', ';', ',', '-', '.', '/', '1', '9', 'a') },
  { weight: 3, arbitrary: fc.constantFrom(' ', '\n', '\r\n', '\r', '\t', '  ') },
  { weight: 3, arbitrary: fc.constantFrom(`${ESC}[31m`, `${ESC}[0m`, `${ESC}[K`, `${ESC}[C`, `${ESC}[2C`, `${ESC}[D`, `${ESC}[3;5H`, `${ESC}]0;title\x07`, `${ESC}]8;;http://u:pw123@h/${ESC}\\`, `${ESC}Pq${ESC}\\`, `${ESC}[4b`, `${ESC}(B`, `${ESC}7`, '\b', '\b\b', 'x\b', '\0', '\x07', '\u200b', '\u00a0', '\u009b31m', '４', 'é', '€', '│', '😀') },
  { weight: 2, arbitrary: fc.string({ maxLength: 6 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
)
const text = fc.array(piece, { maxLength: 12 }).map((parts) => Buffer.from(parts.join('')))
const bytes = fc.oneof({ weight: 5, arbitrary: text }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)) })

function split(whole: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (whole.length + 1)).toSorted((one, other) => one - other), whole.length]
  return places.slice(1).map((end, index) => whole.subarray(places[index], end))
}

describe('a stream masker', () => {
  for (const detector of METHODS) {
    test(`gives the same whatever the chunks: ${detector.name}`, () => {
      fc.assert(fc.property(bytes, fc.array(fc.nat(), { maxLength: 8 }), (whole, cuts) => {
        assert.equal(maskedIn(detector, split(whole, cuts)).toString('latin1'), maskedIn(detector, [whole]).toString('latin1'))
      }), { numRuns: 3000 })
    })

    test(`gives the same byte by byte: ${detector.name}`, () => {
      fc.assert(fc.property(bytes, (whole) => {
        assert.equal(maskedIn(detector, Array.from(whole, (byte) => Buffer.of(byte))).toString('latin1'), maskedIn(detector, [whole]).toString('latin1'))
      }), { numRuns: 1000 })
    })
  }
})
