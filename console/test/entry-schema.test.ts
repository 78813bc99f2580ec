import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { administerTargets } from '../../gateway/src/administer-targets.ts'
import { asValues, type EntrySchema, entryOf, fieldOf, formNames, formOf, kindOf, labelOf, toForm } from '../src/screens/entry-schema.ts'

const targets = administerTargets({ policies: {} as never, storage: {} as never, listener: () => undefined, lent: {} as never, log: { warn: () => undefined } })
const schemas = new Map(targets.protocols().map(({ name, schema }) => [name, schema as EntrySchema]))
const schemaOf = (name: string): EntrySchema => schemas.get(name) ?? assert.fail(name)

test('each setting of each protocol is asked for in its own way', () => {
  const kinds = (name: string, ...path: string[]) => Object.entries(path.reduce((schema, key) => schema.properties?.[key] ?? {}, schemaOf(name)).properties ?? {}).map(([key, schema]) => `${key} ${kindOf(schema)}`)
  assert.deepEqual(kinds('postgres'), ['name text', 'protocol fixed', 'host text', 'port number', 'database text', 'credential group', 'tls group', 'labels pairs', 'record group', 'retention text'])
  assert.deepEqual(kinds('postgres', 'credential'), ['user text', 'password text', 'perSession group'])
  assert.deepEqual(kinds('postgres', 'tls'), ['mode choice', 'ca text', 'serverName text'])
  assert.deepEqual(kinds('ssh').slice(2), ['host text', 'port number', 'credential forms', 'hostKeys list', 'hostAuthorities list', 'environment list', 'endPrograms choice', 'limits group', 'labels pairs', 'record group', 'retention text'])
  assert.ok(kinds('kubernetes').includes('impersonate switch'))
  assert.deepEqual(['serverName', 'host', 'tls'].map(labelOf), ['Server name', 'Host', 'TLS'])
  assert.deepEqual(['hostKeys[0]', 'credential.password', ''].map(fieldOf), ['hostKeys', 'credential.password', ''])
})

test('an entry that the gateway takes comes out of a form as it went in, without what is the default', () => {
  const entries = [
    { name: 'shop', protocol: 'postgres', host: 'db', database: 'shop', credential: { user: 'u', password: 'vault:shop', perSession: { role: 'reader' } }, labels: { env: 'prod' } },
    { name: 'shop', protocol: 'postgres', host: 'db', port: 5433, database: 'shop', credential: { user: 'u', password: 'vault:shop' }, tls: { mode: 'require' }, retention: '30d' },
    { name: 'web', protocol: 'ssh', host: 'web', credential: { user: 'u', certificate: { principals: ['web'] } }, hostKeys: [`SHA256:${'A'.repeat(43)}`], limits: { channels: 3 } },
    { name: 'web', protocol: 'ssh', host: 'web', credential: { user: 'u', certificate: {} }, hostKeys: [`SHA256:${'A'.repeat(43)}`] },
    { name: 'prod', protocol: 'kubernetes', host: 'kube', credential: { token: 'file:/token' }, impersonate: true, maskedFields: ['configmaps:data.password'] },
  ]
  for (const entry of entries) {
    assert.ok('entry' in targets.read(entry), JSON.stringify(targets.read(entry)))
    const made = entryOf(schemaOf(entry.protocol), entry)
    assert.deepEqual(made, entry)
    assert.deepEqual(Object.keys(asValues(made)), Object.keys(asValues(entry)))
  }
  const [, plain] = entries
  assert.deepEqual(entryOf(schemaOf('postgres'), { ...plain, port: 5432, tls: { mode: 'verify-full', ca: '' }, labels: {}, retention: '', record: undefined }),
    { name: 'shop', protocol: 'postgres', host: 'db', database: 'shop', credential: { user: 'u', password: 'vault:shop' } })
})

test('one of several forms of a credential is chosen, and what they share stays', () => {
  const forms = schemaOf('ssh').properties?.['credential']?.anyOf ?? []
  assert.deepEqual(formNames(forms), ['password', 'key', 'certificate'])
  const key = toForm(forms, { user: 'deploy', password: 'vault:x' }, 1)
  assert.deepEqual([key, formOf(forms, key)], [{ user: 'deploy', key: '' }, 1])
  assert.deepEqual(toForm(forms, key, 2), { user: 'deploy', certificate: {} })
  const entry = entryOf(schemaOf('ssh'), { name: 'web', host: 'web', credential: key })
  const read = targets.read(entry)
  assert.ok('problems' in read && read.problems.some(({ path }) => path === 'credential.key'), 'what is wrong is said of the form that was chosen')
})

test('whatever was typed, the same entry comes out of the entry that came out', () => {
  const text = fc.oneof(fc.string(), fc.constant(''), fc.constantFrom('verify-full', '5432', 'vault:x'))
  const value = fc.letrec((tie) => ({ any: fc.oneof({ depthSize: 'small' }, text, fc.integer(), fc.boolean(), fc.constant(undefined), fc.array(text), tie('map')), map: fc.dictionary(fc.constantFrom('host', 'port', 'credential', 'user', 'key', 'password', 'certificate', 'tls', 'mode', 'labels', 'record', 'rows', 'x'), tie('any'), { noNullPrototype: true }) }))
  fc.assert(fc.property(fc.constantFrom(...schemas.keys()), value.map, (name, values) => {
    const made = entryOf(schemaOf(name), values)
    assert.deepEqual(entryOf(schemaOf(name), made), made)
    assert.ok(!JSON.stringify(made).includes('"x"') || JSON.stringify(values).includes('"x"'))
  }), { numRuns: 500 })
})
