import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { openCheckpoint, signCheckpoint } from './checkpoint.ts'
import { EMPTY_ROOT } from './merkle-tree.ts'
import { openNote, parseVerifierKey, signNote, verifierKey, type NoteSigner } from './signed-note.ts'

const newSigner = (name = 'example.com/log'): NoteSigner => ({ name, privateKey: generateKeyPairSync('ed25519').privateKey })

test('a note signed by somebody else after the same specification is read', () => {
  // The example of golang.org/x/mod/sumdb/note.
  const verifier = parseVerifierKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')
  const note = 'If you think cryptography is the answer to your problem,\nthen you don\'t know what your problem is.\n\n' +
    '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n'
  assert.ok('text' in openNote(note, verifier))
  assert.deepEqual(openNote(note.replace('answer', 'cause'), verifier), { problem: 'its signature is wrong' })
})

test('a signed checkpoint is three lines of text and one signature line, and opens with the published key alone', () => {
  const signer = newSigner()
  const { note } = signCheckpoint(7, EMPTY_ROOT, signer)
  assert.match(note, /^example\.com\/log\n7\n47DEQpj8HBSa\+\/TImW\+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— example\.com\/log [A-Za-z0-9+/]{91}=\n$/)
  const opened = openCheckpoint(note, parseVerifierKey(verifierKey(signer)))
  assert.deepEqual(opened, { size: 7, root: EMPTY_ROOT, note })
})

test('every change of one byte of a checkpoint is found', () => {
  const signer = newSigner()
  const verifier = parseVerifierKey(verifierKey(signer))
  const note = Buffer.from(signCheckpoint(70_000, EMPTY_ROOT, signer).note)
  for (let at = 0; at < note.length; at++) {
    const changed = Buffer.from(note)
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.ok('problem' in openCheckpoint(changed.toString('utf8'), verifier), `byte ${at}`)
  }
})

test('signatures of other keys are ignored, but do not stand in for the expected one', () => {
  const signer = newSigner()
  const witness = newSigner('witness.example')
  const verifier = parseVerifierKey(verifierKey(signer))
  const text = 'a text\n'
  const signed = signNote(text, signer)
  const witnessLine = signNote(text, witness).slice(text.length + 1)
  assert.deepEqual(openNote(signed + witnessLine, verifier), { text })
  assert.deepEqual(openNote(`${text}\n${witnessLine}`, verifier), { problem: 'it is not signed by the key of example.com/log' })
  assert.deepEqual(openNote(signNote(text, newSigner()), verifier), { problem: 'it is not signed by the key of example.com/log' })
})

test('a verifier key whose parts do not belong together is refused', () => {
  const key = verifierKey(newSigner())
  const other = verifierKey(newSigner())
  assert.throws(() => parseVerifierKey(key.replace('example', 'exemple')), /does not belong/)
  assert.throws(() => parseVerifierKey(`${key.split('+').slice(0, 2).join('+')}+${other.split('+').slice(2).join('+')}`), /does not belong/)
  assert.throws(() => parseVerifierKey('nonsense'), /not an Ed25519 verifier key/)
  assert.throws(() => verifierKey(newSigner('has space')), /no spaces/)
})
