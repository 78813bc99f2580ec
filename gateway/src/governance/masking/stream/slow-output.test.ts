import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DETECTOR_NAMES, type DetectorName } from './detector-names.ts'
import { readSample, SAMPLES } from './detector-samples.test-support.ts'
import { streamMasker } from './stream-masker.ts'

const key = Buffer.alloc(32, 7)

/** A program that writes byte by byte, so slowly that what is held is flushed after each. */
function dripped(text: string): string {
  const masker = streamMasker({ detectors: [{ name: 'm', detect: DETECTOR_NAMES, method: 'redact' }] }, key) ?? assert.fail()
  const parts: Buffer[] = []
  for (const byte of Buffer.from(text)) {
    parts.push(Buffer.from(masker.push(Buffer.of(byte))))
    if (masker.holding) parts.push(Buffer.from(masker.flush()))
    assert.equal(masker.holding, false)
  }
  parts.push(masker.end())
  return Buffer.concat(parts).toString()
}

/** The longest part of a value that stands in a text: it is what a reader can put together. */
function shownOf(value: string, text: string): string {
  let longest = ''
  for (let from = 0; from < value.length; from += 1) {
    for (let to = value.length; to > from + longest.length; to -= 1) if (text.includes(value.slice(from, to))) longest = value.slice(from, to)
  }
  return longest
}

/** What is shown of some: words may go on to be anything. */
const MOST: Partial<Record<DetectorName, (value: string) => number>> = {
  'email': (value) => Math.max(4, value.indexOf('@')),
  'github-token': () => 'github'.length,
  'api-token': () => 'glpat'.length,
}

describe('a program that writes byte by byte', () => {
  for (const name of DETECTOR_NAMES) {
    test(`shows at most ${name in MOST ? 'its first word' : 'the first four characters'} of: ${name}`, () => {
      for (const marked of SAMPLES[name]?.found ?? []) {
        const { text, values } = readSample(marked)
        const got = dripped(text)
        for (const value of values) {
          const most = MOST[name]?.(value) ?? 4
          const around = text.split(value).join('')
          const shown = shownOf(value, got)
          assert.ok(shown.length <= most || around.includes(shown), `${JSON.stringify(text)} gives ${JSON.stringify(got)}: shows ${JSON.stringify(shown)}`)
        }
      }
    })
  }
})
