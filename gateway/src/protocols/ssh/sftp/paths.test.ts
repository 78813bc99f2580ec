import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { posix } from 'node:path'
import fc from 'fast-check'
import { joinPath, lexicalPath, readablePath, splitPath } from './paths.ts'

const parts = fc.array(fc.constantFrom('.', '..', '', 'a', 'b', '...', ' ', '.ssh'), { maxLength: 12 })
const anyPath = fc.tuple(fc.boolean(), parts).map(([absolute, names]) => (absolute ? '/' : '') + names.join('/'))

describe('a path by its text', () => {
  test('is what node makes of it', () => {
    fc.assert(fc.property(anyPath, (path) => {
      const resolved = posix.resolve('/home/dana', path)
      assert.equal(lexicalPath(path, '/home/dana'), resolved)
    }))
  })

  test('is absolute, and has no dots, doubled slashes or slash at its end', () => {
    fc.assert(fc.property(fc.string(), (path) => {
      const found = lexicalPath(path, '/home/dana')
      assert.ok(found.startsWith('/'))
      assert.ok(found === '/' || found.slice(1).split('/').every((part) => part !== '' && part !== '.' && part !== '..'))
    }))
  })
})

describe('a path whose last part is not followed', () => {
  test('is put together again to the same', () => {
    fc.assert(fc.property(anyPath, (path) => {
      const split = splitPath(path)
      if (split === undefined) return assert.match(path, /(^|\/)(\.\.?)?\/*$/)
      assert.equal(lexicalPath(joinPath(split.parent, split.base), '/h'), lexicalPath(path, '/h'))
      assert.equal(split.endsWithSlash, path.endsWith('/'))
    }))
  })

  test('has no last part where it is nothing, the root, or dots', () => {
    for (const path of ['', '/', '//', '.', '..', 'a/..', 'a/.', 'a/../', '/./']) assert.equal(splitPath(path), undefined, path)
    assert.deepEqual(splitPath('a'), { parent: '.', base: 'a', endsWithSlash: false })
    assert.deepEqual(splitPath('/a'), { parent: '/', base: 'a', endsWithSlash: false })
    assert.deepEqual(splitPath('/a/b//'), { parent: '/a/', base: 'b', endsWithSlash: true })
  })
})

describe('a path as people and rules read it', () => {
  test('is its UTF-8', () => {
    assert.deepEqual(readablePath(Buffer.from('/größe/日本').toString('latin1')), { text: '/größe/日本', exact: true })
  })

  test('that is none is another for other bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 12 }).map((all) => Buffer.from(all).toString('latin1'))
    fc.assert(fc.property(bytes, bytes, (one, two) => {
      const [first, second] = [readablePath(one), readablePath(two)]
      if (first.exact === second.exact) assert.equal(first.text === second.text, one === two)
    }))
    assert.deepEqual(readablePath('/a\\\xff'), { text: '/a\\\\\\xff', exact: false })
  })
})
