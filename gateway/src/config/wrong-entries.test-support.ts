import type { WrongDocument } from './wrong-document.test-support.ts'

export const WRONG_ENTRIES: readonly WrongDocument[] = [
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
  ['the same console client twice', `\
version: 1
issuers:
  - { name: a, issuer: https://x.example, audience: s, console: { clientId: c } }
  - { name: b, issuer: https://x.example, audience: t, console: { clientId: c } }
`,
    '4:77 issuers[0] has the same issuer and console client',
  ],
  ['a client secret in clear', `\
version: 1
issuers:
  - { name: a, issuer: https://x.example, audience: s, console: { clientId: c, clientSecret: hunter2 } }
`,
    '3:94 expected vault:NAME or env:NAME or file:PATH',
  ],
  ['an address of the console with a path, and a session that is idle longer than it lasts', `\
version: 1
gateway:
  console:
    url: https://x.example/console
    idle: 2h
    longest: 1h
`,
    '4:10 expected https, host and port alone, such as https://sallyport.example.com; http only on loopback',
    '5:11 longer than "longest"',
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
    '5:37 a token that is agent "b" by this may be agent "a" too: see line 4',
  ],
  ['an agent whose claims include those of another', `\
version: 1
issuers: [{ name: corp, issuer: https://x.example, audience: s }]
agents:
  - { name: a, issuer: corp, match: { azp: x }, owner: o, purpose: p }
  - { name: b, issuer: corp, match: { azp: x, env: p }, owner: o, purpose: p }
`,
    '5:37 a token that is agent "b" by this may be agent "a" too: see line 4',
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
  ['a number of rows that is none', `\
version: 1
targets:
  - { name: shop, protocol: postgres, host: h, database: d, credential: { user: u, password: vault:s }, record: { rows: 1000 } }
`,
    '3:121 expected all, none, or first and a number, such as first 1000',
  ],
  ['a public key that is none', `\
version: 1
targets:
  - { name: shop, protocol: postgres, host: h, database: d, credential: { user: u, password: vault:s }, record: { originals: { publicKey: file:a } } }
`,
    '3:139 expected a public key, as `sallyport originals new-key` prints it',
  ],
  ['a retention without a unit', `\
version: 1
targets:
  - { name: shop, protocol: postgres, host: h, database: d, credential: { user: u, password: vault:s }, retention: 400 }
`,
    '3:116 a duration is a whole number and s, m, h or d, such as 15m',
  ],
  ['a word of record that there is not', `\
version: 1
targets:
  - { name: shop, protocol: postgres, host: h, database: d, credential: { user: u, password: vault:s }, record: { row: all } }
`,
    '3:115 unknown key "row"; did you mean "rows"?',
  ],
  ['a name with a space', `\
version: 1
targets:
  - { name: my shop, protocol: postgres, host: h, database: d, credential: { user: u, password: vault:s } }
`,
    '3:13 a name has 1 to 63 letters, digits, ".", "_" or "-", and begins with a letter or digit',
  ],
]
