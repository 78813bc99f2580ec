import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { postgresKind } from './config-samples.test-support.ts'
import { parseConfig } from './parse-config.ts'
import { renderProblems } from './problem.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-saml-config-'))
after(() => rmSync(folder, { recursive: true }))

function certificate(...key: readonly string[]): string {
  execFileSync('openssl', ['req', '-x509', '-newkey', ...key, '-nodes', '-days', '1', '-keyout', join(folder, 'key'), '-out', join(folder, 'crt'), '-subj', '/CN=x'], { stdio: 'pipe' })
  return readFileSync(join(folder, 'crt'), 'utf8')
}

const pem = certificate('rsa:2048')
const bare = pem.replaceAll(/-----[A-Z ]+-----|\s/g, '')

const document = (entry: string, before = '') => `version: 1\n${before}saml:\n  - name: corp\n    issuer: https://idp.example/saml\n    audience: https://sp.example\n${entry}`
const right = `    signOn: https://idp.example/sso\n    certificates: [${JSON.stringify(pem)}]\n`

function read(text: string) {
  const result = parseConfig(text, [postgresKind])
  if ('problems' in result) assert.fail(renderProblems('document', result.problems))
  return result.config.policy
}

function problems(text: string): readonly string[] {
  const result = parseConfig(text, [postgresKind])
  return 'problems' in result ? result.problems.map(({ message }) => message) : []
}

describe('a SAML provider in the document', () => {
  test('is read with what it leaves out filled in', () => {
    assert.deepEqual(read(document(right)).saml, [{
      name: 'corp', issuer: 'https://idp.example/saml', audience: 'https://sp.example', signOn: 'https://idp.example/sso',
      certificates: [pem], groups: 'groups', person: 'email',
    }])
    assert.equal(read('version: 1').saml, undefined)
  })

  test('may give certificates as PEM, as the base64 of metadata, or as files', () => {
    const { saml } = read(document(`    signOn: https://idp.example/sso\n    certificates: [${bare}, ${JSON.stringify(pem)}, file:/etc/idp.crt]\n`))
    assert.deepEqual(saml?.[0]?.certificates, [pem, pem, 'file:/etc/idp.crt'])
  })

  test('may name persons by NameID, and more claims', () => {
    const [entry] = read(document(`${right}    person: sub\n    claims: [department]\n    own: { key: 'vault:saml', certificate: 'file:/x' }\n`)).saml ?? []
    assert.deepEqual([entry?.person, entry?.claims, entry?.own], ['sub', ['department'], { key: 'vault:saml', certificate: 'file:/x' }])
  })

  for (const [name, entry, problem] of [
    ['no certificate', '    signOn: https://idp.example/sso\n    certificates: []\n', /list is empty/],
    ['what is no certificate', '    signOn: https://idp.example/sso\n    certificates: [AAAA]\n', /^expected one certificate, PEM or base64, or file:PATH$/],
    ['two certificates in one text', `    signOn: https://idp.example/sso\n    certificates: [${JSON.stringify(pem + pem)}]\n`, /^expected one certificate/],
    ['a short key', `    signOn: https://idp.example/sso\n    certificates: [${JSON.stringify(certificate('rsa:1024'))}]\n`, /at least 2048 bits/],
    ['a key that is not RSA', `    signOn: https://idp.example/sso\n    certificates: [${JSON.stringify(certificate('ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'))}]\n`, /of an RSA key/],
    ['a private key as certificate', `    signOn: https://idp.example/sso\n    certificates: [${JSON.stringify(readFileSync(join(folder, 'key'), 'utf8'))}]\n`, /^expected one certificate/],
    ['http', `    signOn: http://idp.example/sso\n    certificates: [file:/x]\n`, /expected an https URL/],
    ['a script as address', `    signOn: 'javascript:alert(1)'\n    certificates: [file:/x]\n`, /expected an https URL/],
    ['a key in clear', `${right}    own: { key: hunter2, certificate: 'file:/x' }\n`, /^expected vault:NAME or env:NAME or file:PATH$/],
    ['a key without a certificate', `${right}    own: { key: 'vault:saml' }\n`, /"certificate" is missing/],
    ['groups by a reserved name', `${right}    groups: act\n`, /meaning of its own/],
    ['a person by a reserved name', `${right}    person: azp\n`, /meaning of its own/],
    ['claims by a reserved name', `${right}    claims: [sub]\n`, /meaning of its own/],
    ['claims by the name of a prototype', `${right}    claims: [__proto__]\n`, /meaning of its own/],
    ['an unknown key', `${right}    certificate: x\n`, /unknown key "certificate"; did you mean "certificates"/],
  ] as const) {
    test(`is refused with ${name}`, () => {
      const found = problems(document(entry))
      assert.equal(found.length, 1, found.join('; '))
      assert.match(found[0] ?? '', problem)
      assert.ok(!found.join().includes('hunter2') && !found.join().includes('BEGIN'))
    })
  }

  test('is refused with the name of an issuer, or of another provider', () => {
    const issuers = 'issuers:\n  - { name: corp, issuer: https://x.example, audience: s }\n'
    assert.deepEqual(problems(document(right, issuers)), ['issuers[0] has the name "corp" already'])
    assert.deepEqual(problems(document(`${right}  - name: corp\n    issuer: x\n    audience: y\n${right}`)), ['saml[0] has the name "corp" already'])
  })

  test('vouches for no agent', () => {
    const agents = 'agents:\n  - { name: bot, issuer: corp, match: { azp: bot }, owner: o@example.com, purpose: p }\n'
    assert.match(problems(document(right, agents)).join(), /there is no issuer "corp"/)
  })
})
