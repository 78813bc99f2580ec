import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { eventually } from '../../test/support/eventually.ts'
import { loadParser, ParseError, parseSql } from './parser.ts'

function parsed(text: string) {
  try {
    return parseSql(text)
  } catch (error) {
    if (error instanceof ParseError && error.message === 'no parser is ready') return undefined
    throw error
  }
}

describe('parser', () => {
  before(loadParser)

  it('gives the statements of a text, none for an empty one', () => {
    assert.deepEqual(parseSql('select 1; ; delete from t').map((statement) => Object.keys(statement)[0]), ['SelectStmt', 'DeleteStmt'])
    assert.deepEqual(parseSql(''), [])
    assert.deepEqual(parseSql('-- x'), [])
    assert.throws(() => parseSql('selec'), ParseError)
  })

  it('reads the same after any number of statements that overflow its stack', async () => {
    const good = 'with a as (delete from t returning *) select a, b + 1 from a join c using (d) where e in (1, 2)'
    const expected = parseSql(good)
    const chains = `select 1${' + 1'.repeat(20_000)}`
    const others = [`select ${'not '.repeat(8000)}true`, `select ${'(select '.repeat(2000)}1${')'.repeat(2000)}`]
    // The thirtieth or so is the one that breaks an instance that is kept.
    for (const deep of [...Array.from({ length: 40 }, () => chains), ...others]) {
      assert.throws(() => parseSql(deep), ParseError)
      // The next one may still be in the making.
      await eventually('a parser is ready', () => parsed(good) !== undefined)
      assert.deepEqual(parseSql(good), expected)
    }
  })

  it('does not spend time in the square of a text’s length', () => {
    const texts = [
      `select 1${'+'.repeat(300_000)}2`,
      `${'/*'.repeat(40_000)}${'*/'.repeat(40_000)}select 1`,
      `${`${'/*'.repeat(60)} `.repeat(4000)}${`${'*/'.repeat(60)} `.repeat(4000)} select 1`,
      `select 1 ${'<'.repeat(500_000)}`,
    ]
    for (const text of texts) {
      const start = performance.now()
      try {
        parseSql(text)
      } catch (error) {
        assert.ok(error instanceof ParseError)
      }
      // Unbounded, each takes from five to thirty seconds.
      assert.ok(performance.now() - start < 2000)
    }
  })

  it('takes banners in comments', () => {
    assert.equal(parseSql(`${`--${'='.repeat(100)}\n/${'*'.repeat(200)}/\n`.repeat(50)}select 1`).length, 1)
  })
})
