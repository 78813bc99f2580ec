import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { targetSchema } from './target.ts'
import { makeEd25519Key } from './wire/private-key.ts'
import { publicKeyLine } from './wire/public-key.ts'

const line = publicKeyLine(makeEd25519Key().publicKey.blob)
const base = { host: 'web1', credential: { user: 'deploy', key: 'vault:web1' }, hostKeys: [line] }
const faults = (more: object): string[] => targetSchema.safeParse({ ...base, ...more }).error?.issues.map(({ message }) => message) ?? []

describe('a target of SSH', () => {
  test('has port 22, locales, and 64 channels unless it says otherwise', () => {
    const { port, environment, limits, endPrograms } = targetSchema.parse(base)
    assert.deepEqual({ port, environment, limits, endPrograms }, { port: 22, environment: ['LANG', 'LC_*'], limits: { channels: 64 }, endPrograms: 'shell' })
  })

  test('takes a password, a key, or a certificate of minutes', () => {
    for (const credential of [{ user: 'a', password: 'env:P' }, { user: 'a', key: 'file:/k' }, { user: 'a', certificate: {} }, { user: 'a', certificate: { principals: ['web'], validFor: '1h' } }]) {
      assert.deepEqual(faults({ credential }), [], JSON.stringify(credential))
    }
  })

  test('is never believed without a key or an authority that it is known by', () => {
    const { hostKeys: _none, ...rest } = base
    assert.equal(targetSchema.safeParse(rest).success, false)
    assert.equal(targetSchema.safeParse({ ...rest, hostAuthorities: [line] }).success, true)
    assert.equal(targetSchema.safeParse({ ...rest, hostKeys: [`SHA256:${'a'.repeat(43)}`] }).success, true)
    assert.notDeepEqual(faults({ hostKeys: [] }), [])
    assert.notDeepEqual(faults({ hostKeys: ['ssh-ed25519 AAAA'] }), [])
  })

  test('holds no secret, and no certificate for long', () => {
    for (const credential of [{ user: 'a', password: 'in clear' }, { user: 'a', key: '-----BEGIN' }, { user: 'a', certificate: { validFor: '2h' } }, { user: 'a', certificate: { validFor: '30s' } }, { user: 'a' }]) {
      assert.notDeepEqual(faults({ credential }), [], JSON.stringify(credential))
    }
  })

  for (const name of ['LD_PRELOAD', 'LD_*', 'L*', '*', 'BASH_ENV', 'PATH', 'GIT_SSH_COMMAND', 'PYTHONSTARTUP', 'PERL5OPT', 'NODE_OPTIONS', 'IFS', 'A B', 'PS4', 'LESSOPEN', 'G*', 'BASH*', 'ENV', 'EN*']) {
    test(`does not take the variable ${name} from clients`, () => {
      assert.notDeepEqual(faults({ environment: [name] }), [])
    })
  }

  test('takes others', () => {
    assert.deepEqual(faults({ environment: ['LANG', 'LC_*', 'BUILD_*', 'GIT_PROTOCOL', 'TZ'] }), [])
  })
})
