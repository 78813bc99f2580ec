import type { WrongDocument } from './wrong-document.test-support.ts'

export const WRONG_FORM: readonly WrongDocument[] = [
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
    '2:1 unknown key "frobnicate"; known here: version, gateway, issuers, saml, agents, targets, masks, rules, roles',
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
  ['an anchor that is nothing', `\
version: 1
gateway:
  ledger: { anchors: [{ every: 1m }] }
`,
    '3:23 name either file or webhook',
  ],
  ['an anchor that is both', `\
version: 1
gateway:
  ledger: { anchors: [{ file: /a, webhook: https://a.example, secret: env:A }] }
`,
    '3:23 name either file or webhook',
  ],
  ['an unsigned webhook', `\
version: 1
gateway:
  ledger: { anchors: [{ webhook: https://a.example }] }
`,
    '3:23 a webhook needs a secret to be signed with',
  ],
  ['a webhook in the clear', `\
version: 1
gateway:
  ledger: { anchors: [{ webhook: "http://a.example", secret: env:A }] }
`,
    '3:34 expected an https URL without user, password or fragment; http only on loopback',
  ],
  ['a webhook with a password in it', `\
version: 1
gateway:
  ledger: { anchors: [{ webhook: "https://a:b@a.example", secret: env:A }] }
`,
    '3:34 expected an https URL without user, password or fragment; http only on loopback',
  ],
  ['a secret of a webhook in the clear', `\
version: 1
gateway:
  ledger: { anchors: [{ webhook: https://a.example, secret: whsec_hunter2 }] }
`,
    '3:61 expected vault:NAME or env:NAME or file:PATH',
  ],
  ['files without end', `\
version: 1
gateway:
  ledger: { anchors: [{ file: a }, { file: b }, { file: c }] }
`,
    '3:22 at most 2 files',
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
