/** Documents with something wrong in them: name, text, and every problem as `LINE:COLUMN message`. */
export const WRONG_DOCUMENTS: readonly (readonly [name: string, text: string, ...problems: string[]])[] = [
  ['unknown key at the top', `\
version: 1
rulez: []
`,
    '2:1 unknown key "rulez"; did you mean "rules"?',
  ],
  ['unknown key without a near name', `\
version: 1
frobnicate: 1
`,
    '2:1 unknown key "frobnicate"; known here: version, gateway, issuers, agents, targets, masks, rules, roles',
  ],
  ['no version', `\
rules: []
`,
    '1:1 "version" is missing; the document begins with version: 1',
  ],
  ['another version', `\
version: 2
`,
    '1:10 expected 1, the only version of the document there is',
  ],
  ['version in quotes', `\
version: "1"
`,
    '1:10 expected 1, the only version of the document there is',
  ],
  ['empty document', `\
# nothing
`,
    '1:1 the document is empty; it begins with version: 1',
  ],
  ['a list instead of a map', `\
- version: 1
`,
    '1:1 expected a map; it begins with version: 1',
  ],
  ['a section that is no list', `\
version: 1
rules: { reads: allow }
`,
    '2:8 expected a list of entries, each beginning with "- "',
  ],
  ['an entry that is no map', `\
version: 1
rules: [reads]
`,
    '2:9 expected a map, found text',
  ],
  ['a key written twice', `\
version: 1
rules:
  - name: a
    then: allow
    name: b
`,
    '5:5 this key is written twice',
  ],
  ['a section written twice', `\
version: 1
rules: []
masks: []
rules: []
`,
    '4:1 this key is written twice',
  ],
  ['two documents', `\
version: 1
---
version: 1
`,
    '2:1 a file holds one document only',
  ],
  ['YAML 1.1', `\
%YAML 1.1
---
version: 1
`,
    '1:1 the document must be YAML 1.2',
  ],
  ['a tab for indentation', `\
version: 1
rules:
\t- name: a
`,
    '3:1 indent with spaces, not with tabs',
  ],
  ['a bracket not closed', `\
version: 1
rules: [
`,
    '3:1 the indentation does not fit the lines above, or a bracket is not closed',
  ],
  ['a second colon in a line', `\
version: 1
rules:
  - name: a: b
`,
    '3:11 a second ": " in one line; put text that holds ": " in quotes',
  ],
  ['a tag', `\
version: 1
rules: !!set {a}
`,
    '2:14 tags such as !this are not used here; put text that begins with "!" in quotes',
  ],
  ['an alias without anchor', `\
version: 1
rules: *rules
`,
    '2:8 this alias has no anchor before it; put text that begins with "*" in quotes',
  ],
  ['an anchor that repeats itself', `\
version: 1
roles: &loop { reviewer: *loop }
`,
    '2:26 expected a list, found a map',
  ],
  ['unknown key of an issuer', `\
version: 1
issuers:
  - { name: corp, issuer: https://login.example.com, audiense: sallyport }
`,
    '3:5 "audience" is missing',
    '3:54 unknown key "audiense"; did you mean "audience"?',
  ],
  ['an issuer over http', `\
version: 1
issuers:
  - name: corp
    issuer: http://login.example.com
    audience: s
`,
    '4:13 expected an https URL without user, query and fragment; http only on loopback',
  ],
  ['an issuer with a password', `\
version: 1
issuers:
  - { name: corp, issuer: "https://u:hunter2@login.example.com", audience: s }
`,
    '3:27 expected an https URL without user, query and fragment; http only on loopback',
  ],
  ['the same issuer twice', `\
version: 1
issuers:
  - { name: a, issuer: https://x.example, audience: s }
  - { name: b, issuer: https://x.example, audience: s }
`,
    '4:24 issuers[0] has the same issuer and audience',
  ],
  ['the same name twice', `\
version: 1
issuers:
  - { name: a, issuer: https://x.example, audience: s }
  - { name: a, issuer: https://y.example, audience: s }
`,
    '4:13 issuers[0] has the name "a" already',
  ],
  ['an agent of an unknown issuer', `\
version: 1
issuers: [{ name: corp, issuer: https://x.example, audience: s }]
agents:
  - { name: a, issuer: crop, match: { azp: a }, owner: o, purpose: p }
`,
    '4:24 there is no issuer "crop"; did you mean "corp"?',
  ],
  ['an agent without owner and purpose', `\
version: 1
issuers: [{ name: corp, issuer: https://x.example, audience: s }]
agents:
  - name: a
    issuer: corp
    match: { azp: a }
`,
    '4:5 "owner" is missing',
    '4:5 "purpose" is missing',
  ],
  ['an agent that matches nothing', `\
version: 1
issuers: [{ name: corp, issuer: https://x.example, audience: s }]
agents:
  - { name: a, issuer: corp, match: {}, owner: o, purpose: p }
`,
    '4:37 at least one claim must be matched',
  ],
  ['a claim that is a number', `\
version: 1
issuers: [{ name: corp, issuer: https://x.example, audience: s }]
agents:
  - { name: a, issuer: corp, match: { level: 3 }, owner: o, purpose: p }
`,
    '4:46 expected text, found a number; put it in quotes',
  ],
  ['a day that does not exist', `\
version: 1
issuers: [{ name: corp, issuer: https://x.example, audience: s }]
agents:
  - { name: a, issuer: corp, match: { azp: a }, owner: o, purpose: p, expires: 2027-02-30 }
`,
    '4:80 expected a date as YYYY-MM-DD',
  ],
  ['two agents with the same claims', `\
version: 1
issuers: [{ name: corp, issuer: https://x.example, audience: s }]
agents:
  - { name: a, issuer: corp, match: { azp: x, env: p }, owner: o, purpose: p }
  - { name: b, issuer: corp, match: { env: p, azp: x }, owner: o, purpose: p }
`,
    '5:37 tokens that match this may match agent "a" too',
  ],
  ['an agent whose claims include those of another', `\
version: 1
issuers: [{ name: corp, issuer: https://x.example, audience: s }]
agents:
  - { name: a, issuer: corp, match: { azp: x }, owner: o, purpose: p }
  - { name: b, issuer: corp, match: { azp: x, env: p }, owner: o, purpose: p }
`,
    '5:37 tokens that match this may match agent "a" too',
  ],
  ['an agent for an unknown target', `\
version: 1
issuers: [{ name: corp, issuer: https://x.example, audience: s }]
agents:
  - { name: a, issuer: corp, match: { azp: a }, owner: o, purpose: p, targets: [shop] }
`,
    '4:81 there is no target "shop"',
  ],
  ['an unknown protocol', `\
version: 1
targets:
  - { name: shop, protocol: postgress }
`,
    '3:29 there is no such protocol, only postgres; did you mean "postgres"?',
  ],
  ['a target without protocol', `\
version: 1
targets:
  - { name: shop, host: h }
`,
    '3:5 "protocol" is missing',
  ],
  ['an unknown key of a target', `\
version: 1
targets:
  - name: shop
    protocol: postgres
    hots: db
    database: d
    credential: { user: u, password: vault:s }
`,
    '3:5 "host" is missing',
    '5:5 unknown key "hots"; did you mean "host"?',
  ],
  ['an unknown key deep in a target', `\
version: 1
targets:
  - name: shop
    protocol: postgres
    host: db
    database: d
    credential: { usr: u, password: vault:s }
`,
    '7:17 "user" is missing',
    '7:19 unknown key "usr"; did you mean "user"?',
  ],
  ['a password in the clear', `\
version: 1
targets:
  - { name: shop, protocol: postgres, host: h, database: d, credential: { user: u, password: hunter2 } }
`,
    '3:94 a secret is given by reference only: vault:NAME, env:NAME or file:PATH',
  ],
  ['a password in the clear that is a number', `\
version: 1
targets:
  - { name: shop, protocol: postgres, host: h, database: d, credential: { user: u, password: 4711 } }
`,
    '3:94 a secret is given by reference only: vault:NAME, env:NAME or file:PATH',
  ],
  ['a password that looks like an alias', `\
version: 1
targets:
  - { name: shop, protocol: postgres, credential: { user: u, password: *hunter2 } }
`,
    '3:72 this alias has no anchor before it; put text that begins with "*" in quotes',
  ],
  ['a password that looks like a tag', `\
version: 1
targets:
  - { name: shop, protocol: postgres, credential: { user: u, password: !hunter2 x } }
`,
    '3:72 tags such as !this are not used here; put text that begins with "!" in quotes',
  ],
  ['a password with a bad escape', `\
version: 1
targets:
  - { name: shop, protocol: postgres, credential: { user: u, password: "\\hunter2" } }
`,
    '3:73 not an escape of YAML; use single quotes to take text as it is',
  ],
  ['a reference that is none', `\
version: 1
targets:
  - { name: shop, protocol: postgres, host: h, database: d, credential: { user: u, password: "env:not a name" } }
`,
    '3:94 a secret is given by reference only: vault:NAME, env:NAME or file:PATH',
  ],
  ['a port out of range', `\
version: 1
targets:
  - { name: shop, protocol: postgres, host: h, port: 70000, database: d, credential: { user: u, password: vault:s } }
`,
    '3:54 too big: expected number to be <=65535',
  ],
  ['a port in quotes', `\
version: 1
targets:
  - { name: shop, protocol: postgres, host: h, port: "5432", database: d, credential: { user: u, password: vault:s } }
`,
    '3:54 expected a number, found text',
  ],
  ['an unknown tls mode', `\
version: 1
targets:
  - { name: shop, protocol: postgres, host: h, database: d, credential: { user: u, password: vault:s }, tls: { mode: verify } }
`,
    '3:118 expected "disable" or "require" or "verify-full"',
  ],
  ['a label that is a number', `\
version: 1
targets:
  - { name: shop, protocol: postgres, host: h, database: d, credential: { user: u, password: vault:s }, labels: { tier: 1 } }
`,
    '3:121 expected text, found a number; put it in quotes',
  ],
  ['a name with a space', `\
version: 1
targets:
  - { name: my shop, protocol: postgres, host: h, database: d, credential: { user: u, password: vault:s } }
`,
    '3:13 a name has 1 to 63 letters, digits, ".", "_" or "-", and begins with a letter or digit',
  ],
  ['a mask without a table', `\
version: 1
masks:
  - { name: m, columns: [ssn], method: redact }
`,
    '3:26 expected table.column or schema.table.column',
  ],
  ['an unknown method', `\
version: 1
masks:
  - { name: m, columns: [t.ssn], method: redcat }
`,
    '3:42 expected "redact" or "keep-last" or "null" or "hash"; did you mean "redact"?',
  ],
  ['an empty method', `\
version: 1
masks:
  - name: m
    columns: [t.ssn]
    method:
`,
    '5:12 "method" is empty; write null to mask with nothing',
  ],
  ['keep-last without keep', `\
version: 1
masks:
  - { name: m, columns: [t.ssn], method: keep-last }
`,
    '3:5 "keep" is missing: how many characters keep-last leaves',
  ],
  ['keep with another method', `\
version: 1
masks:
  - { name: m, columns: [t.ssn], method: redact, keep: 4 }
`,
    '3:56 "keep" goes with method keep-last only',
  ],
  ['keep of zero', `\
version: 1
masks:
  - { name: m, columns: [t.ssn], method: keep-last, keep: 0 }
`,
    '3:59 keep is 1 to 64',
  ],
  ['a mask without columns', `\
version: 1
masks:
  - { name: m, columns: [], method: redact }
`,
    '3:25 the list is empty; name a column',
  ],
  ['one column in two masks', `\
version: 1
masks:
  - { name: m, columns: [t.ssn], method: redact }
  - { name: n, columns: [t.id, t.ssn], method: hash }
`,
    '4:32 mask "m" holds for this column already',
  ],
  ['a mask named like a built-in rule', `\
version: 1
masks:
  - { name: masked-field, columns: [t.ssn], method: redact }
`,
    '3:13 "masked-field" is the name of a rule that is built in',
  ],
  ['unless over the operation', `\
version: 1
masks:
  - { name: m, columns: [t.ssn], method: redact, unless: 'operation.readOnly' }
`,
    '3:59 "unless" may use identity, target and session, not operation',
  ],
  ['a rule named like a built-in rule', `\
version: 1
rules:
  - { name: no-rule-matched, then: allow }
`,
    '3:13 "no-rule-matched" is the name of a rule that is built in',
  ],
  ['an unknown effect', `\
version: 1
rules:
  - { name: r, then: alow }
`,
    '3:22 expected "allow" or "deny" or "review"; did you mean "allow"?',
  ],
  ['a rule without effect', `\
version: 1
rules:
  - { name: r }
`,
    '3:5 "then" is missing',
  ],
  ['a rule for an unknown target', `\
version: 1
rules:
  - { name: r, targets: [shop], then: allow }
`,
    '3:26 there is no target "shop"',
  ],
  ['a target named twice', `\
version: 1
targets: [{ name: shop, protocol: postgres, host: h, database: d, credential: { user: u, password: vault:s } }]
rules:
  - { name: r, targets: [shop, shop], then: allow }
`,
    '4:32 named twice',
  ],
  ['an empty list of targets', `\
version: 1
rules:
  - { name: r, targets: [], then: allow }
`,
    '3:25 the list is empty; leave the key out to mean all',
  ],
  ['approvals on a rule that allows', `\
version: 1
rules:
  - { name: r, then: allow, approvals: 2 }
`,
    '3:40 "approvals" goes with then: review only',
  ],
  ['a message on a rule that allows', `\
version: 1
rules:
  - { name: r, then: allow, message: fine }
`,
    '3:38 "message" goes with deny and review only',
  ],
  ['a review that nobody can give', `\
version: 1
rules:
  - { name: r, then: review }
`,
    '3:22 nobody could review this: name "reviewers" here or groups in roles.reviewer',
  ],
  ['a duration without unit', `\
version: 1
rules:
  - { name: r, then: review, reviewers: [dba], expires: 15 }
`,
    '3:57 a duration is a whole number and s, m, h or d, such as 15m',
  ],
  ['a duration in words', `\
version: 1
rules:
  - { name: r, then: review, reviewers: [dba], expires: 15 minutes }
`,
    '3:57 a duration is a whole number and s, m, h or d, such as 15m',
  ],
  ['a condition that does not parse', `\
version: 1
rules:
  - { name: r, when: 'operation.readOnly &&', then: allow }
`,
    '3:44 the condition ends too early',
  ],
  ['a condition with an unknown field', `\
version: 1
rules:
  - name: r
    when: operation.readonly
    then: allow
`,
    '4:21 there is no field "readonly"; did you mean "readOnly"?',
  ],
  ['a condition with an unknown variable', `\
version: 1
rules:
  - { name: r, when: 'true || user.admin', then: allow }
`,
    '3:31 there is no variable "user"',
  ],
  ['a condition that is no bool', `\
version: 1
rules:
  - { name: r, when: 'size(operation.actions)', then: allow }
`,
    '3:23 a condition must be a bool, and this is of type int',
  ],
  ['a condition of wrong types', `\
version: 1
rules:
  - { name: r, when: 'identity.name == 3', then: allow }
`,
    '3:23 no such overload: string == int',
  ],
  ['a condition with a bad pattern', `\
version: 1
rules:
  - { name: r, when: 'identity.name.matches("(")', then: allow }
`,
    '3:45 not an RE2 pattern: error parsing regexp: missing closing ): `(`',
  ],
  ['an unknown role', `\
version: 1
roles: { reviewers: [dba] }
`,
    '2:10 unknown key "reviewers"; did you mean "reviewer"?',
  ],
  ['a role that is no list', `\
version: 1
roles: { reviewer: dba }
`,
    '2:20 expected a list, found text',
  ],
  ['unknown key of the gateway', `\
version: 1
gateway:
  datadir: /var/lib/sallyport
`,
    '3:3 unknown key "datadir"; did you mean "dataDir"?',
  ],
  ['unknown key deep in the gateway', `\
version: 1
gateway:
  limits: { conections: 10 }
`,
    '3:13 unknown key "conections"; did you mean "connections"?',
  ],
  ['two storages', `\
version: 1
gateway:
  storage: { sqlite: a.db, postgres: { host: h, database: d, user: u } }
`,
    '3:12 name either sqlite or postgres',
  ],
  ['no storage named', `\
version: 1
gateway:
  storage: {}
`,
    '3:12 name either sqlite or postgres',
  ],
  ['the password of the database in the clear', `\
version: 1
gateway:
  storage: { postgres: { host: h, database: d, user: u, password: hunter2 } }
`,
    '3:67 expected env:NAME or file:PATH',
  ],
  ['the password of the database in the vault that is in the database', `\
version: 1
gateway:
  storage: { postgres: { host: h, database: d, user: u, password: vault:db } }
`,
    '3:67 expected env:NAME or file:PATH',
  ],
  ['the master key in the clear', `\
version: 1
gateway:
  vault: { masterKey: aHVudGVyMg== }
`,
    '3:23 expected file:PATH or env:NAME',
  ],
  ['a certificate without key', `\
version: 1
gateway:
  tls: { cert: file:tls.crt }
`,
    '3:8 "key" is missing',
  ],
  ['the api beyond loopback without tls', `\
version: 1
gateway:
  api: { host: 0.0.0.0 }
`,
    '3:16 beyond loopback, gateway.tls is needed: tokens would travel in the clear',
  ],
  ['a protocol beyond loopback without tls', `\
version: 1
gateway:
  protocols:
    postgres: { host: "::", port: 5432 }
`,
    '4:23 beyond loopback, gateway.tls is needed: tokens would travel in the clear',
  ],
  ['an unknown protocol to listen for', `\
version: 1
gateway:
  protocols: { postgress: { port: 5432 } }
`,
    '3:16 unknown key "postgress"; did you mean "postgres"?',
  ],
  ['an unknown durability', `\
version: 1
gateway:
  ledger: { durability: paranoid }
`,
    '3:25 expected "batched" or "strict"',
  ],
  ['a timeout of an hour', `\
version: 1
gateway:
  limits: { handshakeTimeout: 1h }
`,
    '3:31 at most 5m',
  ],
  ['a fraction of a connection', `\
version: 1
gateway:
  limits: { connections: 1.5 }
`,
    '3:26 expected a whole number, found a number',
  ],
]
