import type { WrongDocument } from './wrong-document.test-support.ts'

export const WRONG_RULES: readonly WrongDocument[] = [
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
    '3:40 "approvals" goes with then: review or during: access-review only',
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
]
