import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DETECTOR_NAMES, type DetectorName } from './detector-names.ts'
import { readSample, SAMPLES } from './detector-samples.test-support.ts'
import { maskText } from './stream-masker.ts'

const key = Buffer.alloc(32, 7)
/** Detectors of which people write values in many ways. */
const MANY = 25
const WIDELY_WRITTEN: readonly DetectorName[] = ['email', 'payment-card', 'us-ssn', 'iban', 'phone', 'ip-address', 'password-assignment']

function masked(name: DetectorName, text: string): string {
  return maskText({ detectors: [{ name: 'm', detect: [name], method: 'redact' }] }, key, text)
}

for (const name of DETECTOR_NAMES) {
  describe(`the detector ${name}`, () => {
    const samples = SAMPLES[name] ?? assert.fail('no samples')
    test('finds its values and nothing around them', () => {
      const wrong = samples.found.flatMap((marked) => {
        const { text, redacted } = readSample(marked)
        const got = masked(name, text)
        return got === redacted ? [] : [{ text, got, redacted }]
      })
      assert.deepEqual(wrong, [])
    })

    test('leaves what only looks like them', () => {
      const wrong = samples.left.map((marked) => readSample(marked).text).map((text) => [text, masked(name, text)]).filter(([text, got]) => text !== got)
      assert.deepEqual(wrong, [])
    })

    test('is tried with enough of both', () => {
      if (!WIDELY_WRITTEN.includes(name)) return
      assert.ok(samples.found.length >= MANY && samples.left.length >= MANY, `${samples.found.length} and ${samples.left.length}`)
    })
  })
}
