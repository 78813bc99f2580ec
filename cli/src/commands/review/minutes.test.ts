import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { minutesOf } from './minutes.ts'

describe('a time', () => {
  for (const [text, minutes] of [['45', 45], ['30m', 30], ['2h', 120], ['1h30m', 90], ['1d', 1_440], ['1d1h1m', 1_501]] as const) {
    it(`${text} is ${minutes} minutes`, () => assert.equal(minutesOf(text), minutes))
  }

  for (const text of ['', '0', '0m', '-5', '5s', '1.5h', ' 5', '5 ', '5m ', 'm', '1h x', '367d', '9999999999', '1e3', '30m!', '٣', '5\n']) {
    it(`is not ${JSON.stringify(text)}`, () => assert.throws(() => minutesOf(text), /time in minutes/))
  }

  it('is read whole or refused', () => {
    fc.assert(fc.property(fc.nat(300), fc.nat(20), fc.nat(50), (days, hours, minutes) => {
      fc.pre(days + hours + minutes > 0)
      assert.equal(minutesOf(`${days}d${hours}h${minutes}m`), days * 1_440 + hours * 60 + minutes)
    }))
    fc.assert(fc.property(fc.string(), (text) => {
      try {
        assert.ok(Number.isSafeInteger(minutesOf(text)))
        assert.match(text, /^(\d+[dhm])*\d*$/)
      } catch (error) {
        assert.match(String(error), /time in minutes/)
      }
    }))
  })
})
