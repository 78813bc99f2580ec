import type { WrongDocument } from './wrong-document.test-support.ts'

const targets = 'targets: [{ name: shop, protocol: postgres, host: h, database: d, credential: { user: u, password: vault:s } }]'

export const WRONG_DETECTORS: readonly WrongDocument[] = [
  ['a mask of nothing', `\
version: 1
masks:
  - { name: m, method: redact }
`,
    '3:5 "columns" is missing, or "detect" or "patterns" for text streams',
  ],
  ['a mask of columns and of text streams', `\
version: 1
masks:
  - { name: m, columns: [t.ssn], detect: [us-ssn], method: redact }
`,
    '3:42 "detect" is for text streams, "columns" for tables: write two masks',
  ],
  ['a detector that there is not', `\
version: 1
masks:
  - { name: m, detect: [email, credit-card, us-sssn], method: redact }
`,
    '3:32 expected "email" or "payment-card" or "us-ssn" or "iban" or "phone" or "ip-address" or "private-key" or "jwt" or "aws-access-key" or "github-token" or "api-token" or "bearer-token" or "url-password" or "password-assignment"',
    '3:45 expected "email" or "payment-card" or "us-ssn" or "iban" or "phone" or "ip-address" or "private-key" or "jwt" or "aws-access-key" or "github-token" or "api-token" or "bearer-token" or "url-password" or "password-assignment"; did you mean "us-ssn"?',
  ],
  ['a detector named twice', `\
version: 1
masks:
  - { name: m, detect: [email, email], method: redact }
`,
    '3:32 named twice',
  ],
  ['no detector', `\
version: 1
masks:
  - { name: m, detect: [], method: redact }
`,
    '3:24 the list is empty; name a detector',
  ],
  ['part of a text as null', `\
version: 1
masks:
  - { name: m, detect: [email], method: null }
`,
    '3:41 part of a text cannot be null: use redact, keep-last or hash',
  ],
  ['a pattern that is none', `\
version: 1
masks:
  - { name: m, patterns: ["ACME-[0-9"], method: redact }
`,
    '3:27 not a pattern in RE2 syntax: missing closing ]',
  ],
  ['a pattern that looks back, which RE2 does not', `\
version: 1
masks:
  - { name: m, patterns: ['(?<=x)y'], method: redact }
`,
    '3:27 not a pattern in RE2 syntax: invalid named capture',
  ],
  ['a pattern that matches everywhere', `\
version: 1
masks:
  - { name: m, patterns: ["x*"], method: redact }
`,
    '3:27 this matches the empty text',
  ],
  ['one detector in two masks', `\
version: 1
masks:
  - { name: m, detect: [email, iban], method: redact }
  - { name: n, detect: [phone, email], method: hash }
`,
    '4:32 mask "m" has this detector already',
  ],
  ['detectors where no target has text streams', `\
version: 1
${targets}
masks:
  - { name: m, detect: [email], method: redact }
`,
    '4:5 detectors look at text streams, and no target here has any: name columns instead',
  ],
  ['detectors for a target without text streams', `\
version: 1
${targets}
masks:
  - { name: m, patterns: [ACME], method: redact, targets: [shop] }
`,
    '4:60 detectors look at text streams, and postgres targets have none: name columns instead',
  ],
]
