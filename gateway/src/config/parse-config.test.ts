import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { closestName, editDistance } from '../governance/closest-name.ts'
import { postgresKind, sample } from './config-samples.test-support.ts'
import { parseConfig } from './parse-config.ts'
import { type Problem, renderProblems } from './problem.ts'
import { WRONG_DETECTORS } from './wrong-detectors.test-support.ts'
import { WRONG_ENTRIES } from './wrong-entries.test-support.ts'
import { WRONG_FORM } from './wrong-form.test-support.ts'
import { WRONG_REVIEWS } from './wrong-reviews.test-support.ts'
import { WRONG_RULES } from './wrong-rules.test-support.ts'

const kinds = [postgresKind]

function problemsOf(text: string): readonly Problem[] {
  const result = parseConfig(text, kinds)
  return 'problems' in result ? result.problems : []
}

function configOf(text: string) {
  const result = parseConfig(text, kinds)
  if ('problems' in result) assert.fail(renderProblems('document', result.problems))
  return result.config
}

describe('a wrong document is refused at line and column:', () => {
  for (const [name, text, ...problems] of [...WRONG_FORM, ...WRONG_ENTRIES, ...WRONG_RULES, ...WRONG_REVIEWS, ...WRONG_DETECTORS]) {
    test(name, () => {
      assert.deepEqual(problemsOf(text).map(({ line, column, message }) => `${line}:${column} ${message}`), problems)
    })
  }
})

describe('a right document', () => {
  test('gives its policy with what it leaves out filled in', () => {
    const { policy } = configOf(sample)
    assert.deepEqual(policy.issuers, [{
      name: 'corp', issuer: 'https://login.example.com', audience: 'sallyport', groups: 'groups', person: 'email',
    }])
    assert.deepEqual(policy.agents[0]?.match, { azp: 'support-bot' })
    assert.equal(policy.agents[0]?.expires, '2027-03-31')
    assert.deepEqual(policy.targets, [{
      name: 'shop', protocol: 'postgres', host: 'db.internal', port: 5432, database: 'shop',
      credential: { user: 'sallyport', password: 'vault:shop' }, labels: { env: 'prod' },
    }])
    assert.deepEqual(policy.masks[0], { name: 'card', columns: ['customers.card_number'], method: 'keep-last', keep: 4 })
    assert.equal(policy.rules[3]?.expiresMs, 15 * 60_000)
    assert.deepEqual(policy.roles, { viewer: [], reviewer: [], operator: [], auditor: [], administrator: [] })
  })

  test('of one line is enough: the gateway then listens on loopback and keeps its state in files', () => {
    assert.deepEqual(configOf('version: 1').gateway, {
      dataDir: 'sallyport-data',
      storage: { kind: 'sqlite', path: 'sallyport-data/state.db' },
      api: { host: '127.0.0.1', port: 7400 },
      console: { idleMs: 1_800_000, longestMs: 43_200_000 },
      protocols: { postgres: { host: '127.0.0.1', port: 15_432, names: ['127.0.0.1', 'localhost'], isConfigured: false } },
      vault: {},
      ledger: { durability: 'batched', anchors: [] },
      recording: { directory: 'sallyport-data/recordings', memoryBytes: 67_108_864 },
      reviews: { webhooks: [] },
      limits: { connections: 1000, statementBytes: 262_144, handshakeTimeoutMs: 10_000, tokenLifetimeMs: 900_000, sessionLifetimeMs: 43_200_000 },
    })
  })

  test('needs one approval for a review, answered within a quarter of an hour, unless it says otherwise', () => {
    const [plain, own, soon, ticket] = configOf(`version: 1
agents:
  - { name: checker, issuer: corp, match: { azp: checker }, owner: dana@example.com, purpose: checks migrations }
issuers: [{ name: corp, issuer: https://login.example.com, audience: sallyport }]
rules:
  - { name: plain, then: review, reviewers: [dba] }
  - name: own
    then: review
    reviewers: [dba, "agent:checker"]
    approvals: 3
    expires: 2h
    hold: 5m
    transactionHold: 1m
    preview: rehearse
    breakGlass: [on-call]
  - { name: soon, then: review, reviewers: [dba], hold: 5s }
  - { name: ticket, then: review, reviewers: [dba], hold: 0s, transactionHold: 0s }
`).policy.rules
    assert.deepEqual(plain, {
      name: 'plain', then: 'review', reviewers: ['dba'], approvals: 1, expiresMs: 900_000, holdMs: 60_000,
      transactionHoldMs: 10_000, preview: 'count',
    })
    assert.deepEqual(own, {
      name: 'own', then: 'review', reviewers: ['dba', 'agent:checker'], approvals: 3, expiresMs: 7_200_000, holdMs: 300_000,
      transactionHoldMs: 60_000, preview: 'rehearse', breakGlass: ['on-call'],
    })
    assert.deepEqual([soon?.holdMs, soon?.transactionHoldMs], [5_000, 5_000])
    assert.deepEqual([ticket?.holdMs, ticket?.transactionHoldMs], [0, 0])
  })

  test('lets a rule hold during an access review, for eight hours at the longest unless it says otherwise', () => {
    const [plain, own] = configOf(`version: 1
rules:
  - { name: plain, then: allow, during: access-review }
  - { name: own, then: allow, during: access-review, reviewers: [dba], approvals: 2, expires: 1h, longest: 7d, breakGlass: [on-call] }
roles: { reviewer: [leads] }
`).policy.rules
    assert.deepEqual(plain, {
      name: 'plain', then: 'allow', during: 'access-review', approvals: 1, expiresMs: 900_000, longestMs: 28_800_000,
    })
    assert.deepEqual(own, {
      name: 'own', then: 'allow', during: 'access-review', reviewers: ['dba'], approvals: 2, expiresMs: 3_600_000,
      longestMs: 604_800_000, breakGlass: ['on-call'],
    })
  })

  test('takes every setting of the gateway', () => {
    assert.deepEqual(configOf(`version: 1
gateway:
  dataDir: /var/lib/sallyport
  storage:
    postgres: { host: state.internal, database: sallyport, user: sallyport, password: env:STATE_PASSWORD }
  api: { host: 0.0.0.0, port: 443 }
  console: { url: https://sallyport.example.com/, idle: 15m, longest: 8h }
  protocols: { postgres: { host: "::", port: 0, names: [gateway.example.com, gateway.example.com] } }
  tls: { cert: file:tls.crt, key: vault:tls-key }
  vault: { masterKey: env:SALLYPORT_MASTER_KEY }
  ledger: { durability: strict, anchors: [{ file: /mnt/worm/checkpoints, every: 5m }, { webhook: 'http://127.0.0.1:9/hook', secret: env:HOOK }] }
  recording: { directory: /srv/recordings, memoryBytes: 134217728 }
  limits: { connections: 5000, statementBytes: 65536, handshakeTimeout: 5s, tokenLifetime: 1h, sessionLifetime: 2d }
`).gateway, {
      dataDir: '/var/lib/sallyport',
      storage: {
        kind: 'postgres', host: 'state.internal', port: 5432, database: 'sallyport', user: 'sallyport',
        password: 'env:STATE_PASSWORD', tls: { mode: 'verify-full' },
      },
      api: { host: '0.0.0.0', port: 443 },
      console: { url: 'https://sallyport.example.com', idleMs: 900_000, longestMs: 28_800_000 },
      protocols: { postgres: { host: '::', port: 0, names: ['gateway.example.com'], isConfigured: true } },
      tls: { cert: 'file:tls.crt', key: 'vault:tls-key' },
      vault: { masterKey: 'env:SALLYPORT_MASTER_KEY' },
      ledger: {
        durability: 'strict',
        anchors: [
          { kind: 'file', path: '/mnt/worm/checkpoints', everyMs: 300_000 },
          { kind: 'webhook', url: 'http://127.0.0.1:9/hook', secret: 'env:HOOK', everyMs: 60_000 },
        ],
      },
      recording: { directory: '/srv/recordings', memoryBytes: 134_217_728 },
      reviews: { webhooks: [] },
      limits: { connections: 5000, statementBytes: 65_536, handshakeTimeoutMs: 5000, tokenLifetimeMs: 3_600_000, sessionLifetimeMs: 172_800_000 },
    })
  })

  test('says of a target what is recorded and for how long, and leaves it out where it is not said', () => {
    const rows = (written: string) => configOf(sample.replace('    port: 5432\n', `    record: { rows: ${written} }\n    retention: 400d\n`)).policy.targets[0]
    assert.deepEqual(rows('all')?.record, { rows: 'all' })
    assert.deepEqual(rows('none')?.record, { rows: 'none' })
    assert.deepEqual(rows('first 25')?.record, { rows: { first: 25 } })
    assert.equal(rows('all')?.retentionMs, 400 * 86_400_000)
    const publicKey = Buffer.alloc(32, 7).toString('base64')
    assert.deepEqual(rows(`none, originals: { publicKey: ${publicKey} }`)?.record, { rows: 'none', originals: { publicKey } })
    const plain = configOf(sample).policy.targets[0]
    assert.deepEqual([plain?.record, plain?.retentionMs], [undefined, undefined])
  })

  test('has the protocol\'s usual port for a target that names none', () => {
    assert.equal(configOf(sample.replace('    port: 5432\n', '')).policy.targets[0]?.['port'], 5432)
  })

  test('may write the method null as the word that YAML reads as nothing', () => {
    for (const written of ['null', '"null"']) {
      const text = `version: 1\nmasks: [{ name: m, columns: [t.c], method: ${written} }]`
      assert.equal(configOf(text).policy.masks[0]?.method, 'null')
    }
  })

  test('may share a part by an anchor', () => {
    const { policy } = configOf(`version: 1
targets:
  - { name: a, protocol: postgres, host: h, database: a, credential: &login { user: u, password: vault:s } }
  - { name: b, protocol: postgres, host: h, database: b, credential: *login }
`)
    assert.deepEqual(policy.targets[1]?.['credential'], { user: 'u', password: 'vault:s' })
  })

  test('is kept as a version without its gateway section, comments and all', () => {
    const gateway = 'gateway:\n  dataDir: elsewhere\n'
    const text = sample.replace('masks:', `${gateway}# who sees what\nmasks:`)
    const { policyText } = configOf(text)
    assert.doesNotMatch(policyText, /elsewhere|gateway:/)
    assert.match(policyText, /# who sees what|masks:/)
    assert.deepEqual(configOf(policyText).policy, configOf(text).policy)
    assert.equal(configOf(sample).policyText, sample)
    assert.equal(configOf(policyText).policyText, policyText)
  })
})

test('a protocol may have a port of its own, and needs no TLS where it encrypts itself', () => {
  const ssh = { ...postgresKind, name: 'ssh', defaultPort: 22, defaultListenPort: 2222, encryptsItself: true }
  const read = parseConfig('version: 1\ngateway:\n  protocols: { ssh: { host: "::" } }\n', [postgresKind, ssh])
  if ('problems' in read) assert.fail(renderProblems('document', read.problems))
  assert.deepEqual(read.config.gateway.protocols['ssh'], { host: '::', port: 2222, names: [], isConfigured: true })
})

describe('hostile text', () => {
  const bomb = Array.from({ length: 9 }, (_, index) => `x${index + 1}: &x${index + 1} [${Array(9).fill(`*x${index}`).join()}]`)
  const hostile: Record<string, string> = {
    'an alias bomb': `version: 1\nx0: &x0 [a]\n${bomb.join('\n')}`,
    'thousands of aliases': `version: 1\nx: &x a\n${Array.from({ length: 20_000 }, (_, index) => `k${index}: *x`).join('\n')}`,
    'deep brackets': '['.repeat(50_000),
    'deep maps': '{a: '.repeat(20_000),
    'thousands of unknown keys': `version: 1\n${Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n')}`,
    'thousands of entries': `version: 1\nrules: [${'1,'.repeat(20_000)}]`,
    'more than fits': `version: 1\n#${'x'.repeat(1024 * 1024)}`,
    'keys of an object\'s own making': 'version: 1\n__proto__: { a: 1 }\nconstructor: 1\nroles: { __proto__: [a] }',
  }
  for (const [name, text] of Object.entries(hostile)) {
    test(`is refused soon: ${name}`, { timeout: 20_000 }, () => {
      assert.ok(problemsOf(text).length > 0)
      assert.ok(problemsOf(text).length <= 200)
    })
  }

  test('never reaches beyond its own object', () => {
    const text = 'version: 1\nissuers: [{ name: c, issuer: https://x.example, audience: s }]\n'
      + 'agents: [{ name: a, issuer: c, match: { __proto__: x }, owner: o, purpose: p }]'
    problemsOf(text)
    assert.equal(({} as Record<string, unknown>)['x'], undefined)
    assert.equal(Object.keys(Object.prototype).length, 0)
  })
})

describe('whatever the text', () => {
  const lines = sample.split('\n')
  const wherePossible = (text: string, { line, column }: Problem): boolean =>
    line >= 1 && column >= 1 && line <= text.split('\n').length && column <= (text.split('\n')[line - 1] ?? '').length + 1

  test('reading ends with a configuration or with problems that stand in the text', () => {
    const fragment = fc.oneof(
      fc.string({ maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 10 }),
      fc.constantFrom(...lines, '- ', ': ', '{', '}', '[', ']', '&a ', '*a', '!!binary ', '|', '>', '"', "'", '#', '? ', '---', '%YAML 1.1', '\t', '\r'),
    )
    fc.assert(fc.property(fc.array(fc.tuple(fragment, fc.constantFrom('\n', ' ', '', '\n  ')), { maxLength: 40 }), (parts) => {
      const text = parts.map((part) => part.join('')).join('')
      for (const problem of problemsOf(text)) assert.ok(wherePossible(text, problem), JSON.stringify(problem))
    }), { numRuns: 1000 })
  })

  test('a sample with any piece replaced, removed or doubled is read or refused, never misread into a crash', () => {
    const change = fc.record({ at: fc.nat(sample.length), cut: fc.nat(60), put: fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom(...lines)) })
    fc.assert(fc.property(change, ({ at, cut, put }) => {
      const text = sample.slice(0, at) + put + sample.slice(at + cut)
      for (const problem of problemsOf(text)) assert.ok(wherePossible(text, problem), JSON.stringify(problem))
    }), { numRuns: 1000 })
  })

  test('any data in the form of a document is read or refused', () => {
    const keys = fc.constantFrom('version', 'gateway', 'issuers', 'agents', 'targets', 'masks', 'rules', 'roles', 'name', 'when', 'match',
      'columns', 'method', 'keep', 'then', 'protocol', 'credential', 'labels', 'storage', 'limits', '__proto__', 'toString')
    const values = fc.oneof(fc.constantFrom('postgres', 'allow', 'review', 1, 4, null, true, 'keep-last', 'operation.readOnly', 'vault:x'), fc.string())
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ depthSize: 'small' }, values, fc.array(tie('tree'), { maxLength: 3 }), fc.dictionary(keys, tie('tree'), { maxKeys: 5 })),
    }))
    fc.assert(fc.property(fc.dictionary(keys, tree), (data) => {
      for (const { line } of problemsOf(JSON.stringify({ ...data, version: 1 }))) assert.equal(line, 1)
    }), { numRuns: 1000 })
  })

  test('a password in the clear is refused and stands in no message, however it is written', () => {
    const secret = fc.string({ minLength: 6, maxLength: 20 }).filter((text) => /[a-z0-9]{4}/i.test(text))
    const written = fc.tuple(secret, fc.constantFrom('plain', 'single', 'double', 'json'))
    fc.assert(fc.property(written, ([text, style]) => {
      const unique = `zq${text}`
      const value = style === 'plain' ? text : style === 'single' ? `'${text}'` : style === 'double' ? `"${text}"` : JSON.stringify(unique)
      const document = sample.replace('vault:shop', () => value)
      const shown = JSON.stringify(problemsOf(document))
      assert.notEqual(shown, '[]')
      if (style === 'json') assert.ok(!shown.includes(unique) && !shown.includes(JSON.stringify(unique).slice(1, -1)))
    }), { numRuns: 500 })
  })

  test('a document made of names and rules comes back as it was written', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/)
    const rule = fc.record({
      name: name.map((text) => `r-${text}`), then: fc.constantFrom('allow', 'deny'),
      when: fc.constantFrom('operation.readOnly', '!operation.filtered', '"a" in identity.groups'),
    }, { noNullPrototype: true })
    fc.assert(fc.property(fc.uniqueArray(rule, { selector: (entry) => entry.name, maxLength: 6 }), (rules) => {
      assert.deepEqual(configOf(JSON.stringify({ version: 1, rules })).policy.rules, rules)
    }))
  })
})

describe('the nearest name', () => {
  test('is found for slips of a finger, and not for another word', () => {
    const known = ['host', 'port', 'database', 'credential', 'labels', 'masterKey']
    for (const [written, meant] of [['hots', 'host'], ['Port', 'port'], ['databse', 'database'], ['credentials', 'credential'], ['masterkey', 'masterKey']]) {
      assert.equal(closestName(written ?? '', known), meant)
    }
    for (const written of ['user', 'x', '', 'frobnicate', 'a'.repeat(10_000)]) assert.equal(closestName(written, known), undefined)
  })

  test('uses a distance that is zero for equal words alone, the same both ways, and one for one edit', () => {
    fc.assert(fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (one, other) => {
      assert.equal(editDistance(one, other), editDistance(other, one))
      assert.equal(editDistance(one, other) === 0, one === other)
      assert.ok(editDistance(one, other) <= Math.max(one.length, other.length))
    }))
    fc.assert(fc.property(fc.string({ minLength: 2, maxLength: 12 }), fc.nat(), (word, seed) => {
      const at = seed % word.length
      assert.equal(editDistance(word, word.slice(0, at) + word.slice(at + 1)), 1)
    }))
  })
})

test('problems are rendered one a line, so that editors can jump to them', () => {
  const problems = problemsOf('version: 1\nrulez: []\nmask: []\n')
  assert.equal(renderProblems('sallyport.yaml', problems), [
    'sallyport.yaml:2:1 unknown key "rulez"; did you mean "rules"?',
    'sallyport.yaml:3:1 unknown key "mask"; did you mean "masks"?',
  ].join('\n'))
  assert.deepEqual(problems.map(({ suggestion, path }) => [path, suggestion]), [['rulez', 'rules'], ['mask', 'masks']])
})
