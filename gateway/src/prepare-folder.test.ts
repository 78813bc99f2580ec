import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { prepareFolder } from './prepare-folder.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-folder-'))
after(() => rmSync(folder, { recursive: true }))

test('makes what is missing, for nobody else, and leaves nothing in it', () => {
  const path = join(folder, 'a', 'b', 'c')
  prepareFolder(path, 'gateway.dataDir')
  prepareFolder(path, 'gateway.dataDir')
  assert.equal(statSync(path).mode & 0o777, 0o700)
  assert.deepEqual(readdirSync(path), [])
  prepareFolder(folder, 'gateway.dataDir')
})

test('says of a file, and of what is in one, that it is no folder', () => {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  for (const path of [file, join(file, 'data'), join(file, 'more', 'data')]) {
    assert.throws(() => prepareFolder(path, 'gateway.dataDir'), { message: `gateway.dataDir: nothing can be kept in ${path}: it is, or is inside of, something that is no folder.\nName a folder that the account of the gateway owns; it is made if only its last parts are missing.` })
  }
})

test('does not wait for a folder that cannot be made', { skip: process.platform !== 'linux' && 'only Linux has /proc' }, () => {
  for (const path of ['/proc/x', '/proc/x/data']) assert.throws(() => prepareFolder(path, 'gateway.dataDir'), /^FolderError: gateway\.dataDir: nothing can be kept in \/proc\/x.*: no folder can be made there/)
})

test('says of a folder of another user that the account may not write there', { skip: process.geteuid?.() !== 0 && 'only root can become another user' }, () => {
  const path = join(folder, 'of-root')
  prepareFolder(path, 'gateway.dataDir')
  process.seteuid?.(65_534)
  try {
    for (const one of [path, join(path, 'data')]) assert.throws(() => prepareFolder(one, 'gateway.recording.directory'), /^FolderError: gateway\.recording\.directory: .*: the account of the gateway may not write there/)
  } finally {
    process.seteuid?.(0)
  }
})
