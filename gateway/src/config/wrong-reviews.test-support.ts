import type { WrongDocument } from './wrong-document.test-support.ts'

export const WRONG_REVIEWS: readonly WrongDocument[] = [
  ['a rule for review that is to hold during an access review', `\
version: 1
rules:
  - { name: r, then: review, reviewers: [dba], during: access-review }
`,
    '3:56 "during" goes with then: allow only',
  ],
  ['a rule that denies during an access review', `\
version: 1
rules:
  - { name: r, then: deny, during: access-review }
`,
    '3:36 "during" goes with then: allow only',
  ],
  ['during something else', `\
version: 1
rules:
  - { name: r, then: allow, during: acces-review, reviewers: [dba] }
`,
    '3:37 expected "access-review"; did you mean "access-review"?',
  ],
  ['access that nobody can grant', `\
version: 1
rules:
  - { name: r, then: allow, during: access-review }
`,
    '3:37 nobody could review this: name "reviewers" here or groups in roles.reviewer',
  ],
  ['reviewers of a rule that denies', `\
version: 1
rules:
  - { name: r, then: deny, reviewers: [dba] }
`,
    '3:39 "reviewers" goes with then: review or during: access-review only',
  ],
  ['expires on a rule that allows', `\
version: 1
rules:
  - { name: r, then: allow, expires: 15m }
`,
    '3:38 "expires" goes with then: review or during: access-review only',
  ],
  ['break glass for a rule that denies', `\
version: 1
rules:
  - { name: r, then: deny, breakGlass: [on-call] }
`,
    '3:40 "breakGlass" goes with then: review or during: access-review only',
  ],
  ['break glass for a rule that allows anyway', `\
version: 1
rules:
  - { name: r, then: allow, breakGlass: [on-call] }
`,
    '3:41 "breakGlass" goes with then: review or during: access-review only',
  ],
  ['hold on a rule that allows', `\
version: 1
rules:
  - { name: r, then: allow, hold: 60s }
`,
    '3:35 "hold" goes with then: review only',
  ],
  ['hold of an access review', `\
version: 1
rules:
  - { name: r, then: allow, during: access-review, reviewers: [dba], hold: 60s }
`,
    '3:76 "hold" goes with then: review only',
  ],
  ['transactionHold of an access review', `\
version: 1
rules:
  - { name: r, then: allow, during: access-review, reviewers: [dba], transactionHold: 5s }
`,
    '3:87 "transactionHold" goes with then: review only',
  ],
  ['preview of an access review', `\
version: 1
rules:
  - { name: r, then: allow, during: access-review, reviewers: [dba], preview: count }
`,
    '3:79 "preview" goes with then: review only',
  ],
  ['a message for an access review', `\
version: 1
rules:
  - { name: r, then: allow, during: access-review, reviewers: [dba], message: ask }
`,
    '3:79 "message" goes with deny and review only',
  ],
  ['a longest window of an operation', `\
version: 1
rules:
  - { name: r, then: review, reviewers: [dba], longest: 1h }
`,
    '3:57 "longest" goes with during: access-review only',
  ],
  ['a longest window of a rule that allows', `\
version: 1
rules:
  - { name: r, then: allow, longest: 1h }
`,
    '3:38 "longest" goes with during: access-review only',
  ],
  ['a window longer than a week', `\
version: 1
rules:
  - { name: r, then: allow, during: access-review, reviewers: [dba], longest: 8d }
`,
    '3:79 at most 7d',
  ],
  ['a window of seconds', `\
version: 1
rules:
  - { name: r, then: allow, during: access-review, reviewers: [dba], longest: 59s }
`,
    '3:79 at least 1m',
  ],
  ['a window of no time', `\
version: 1
rules:
  - { name: r, then: allow, during: access-review, reviewers: [dba], longest: 0s }
`,
    '3:79 a duration is a whole number and s, m, h or d, such as 15m',
  ],
  ['a request that stays open for longer than a week', `\
version: 1
rules:
  - { name: r, then: allow, during: access-review, reviewers: [dba], expires: 169h }
`,
    '3:79 at most 7d',
  ],
  ['a hold for longer than ten minutes', `\
version: 1
rules:
  - { name: r, then: review, reviewers: [dba], hold: 11m }
`,
    '3:54 at most 10m',
  ],
  ['a hold in words', `\
version: 1
rules:
  - { name: r, then: review, reviewers: [dba], hold: one minute }
`,
    '3:54 a duration is a whole number and s, m, h or d, such as 15m or 0s',
  ],
  ['a hold of zero minutes', `\
version: 1
rules:
  - { name: r, then: review, reviewers: [dba], hold: 0m }
`,
    '3:54 a duration is a whole number and s, m, h or d, such as 15m or 0s',
  ],
  ['a hold in a transaction that is longer than outside', `\
version: 1
rules:
  - { name: r, then: review, reviewers: [dba], hold: 30s, transactionHold: 31s }
`,
    '3:76 at most as long as "hold", 30s',
  ],
  ['a hold in a transaction that is longer than usual outside', `\
version: 1
rules:
  - { name: r, then: review, reviewers: [dba], transactionHold: 61s }
`,
    '3:65 at most as long as "hold", by default 60s',
  ],
  ['a hold in a transaction where nobody is held', `\
version: 1
rules:
  - { name: r, then: review, reviewers: [dba], hold: 0s, transactionHold: 1s }
`,
    '3:75 at most as long as "hold", 0s',
  ],
  ['a preview that does not exist', `\
version: 1
rules:
  - { name: r, then: review, reviewers: [dba], preview: rehearsal }
`,
    '3:57 expected "rehearse" or "count" or "none"; did you mean "rehearse"?',
  ],
  ['no approvals at all', `\
version: 1
rules:
  - { name: r, then: review, reviewers: [dba], approvals: 0 }
`,
    '3:59 approvals is 1 to 10',
  ],
  ['break glass for nobody', `\
version: 1
rules:
  - { name: r, then: review, reviewers: [dba], breakGlass: [] }
`,
    '3:60 the list is empty; leave the key out to mean nobody',
  ],
  ['break glass for a group twice', `\
version: 1
rules:
  - { name: r, then: review, reviewers: [dba], breakGlass: [on-call, on-call] }
`,
    '3:70 named twice',
  ],
  ['break glass for an agent', `\
version: 1
rules:
  - { name: r, then: review, reviewers: [dba], breakGlass: ["agent:checker"] }
`,
    '3:61 agents break no glass; name a group of people',
  ],
  ['reviewers that are nobody', `\
version: 1
rules:
  - { name: r, then: review, reviewers: [] }
`,
    '3:41 the list is empty; name a group',
  ],
  ['an agent as reviewer that is not registered', `\
version: 1
issuers: [{ name: corp, issuer: https://x.example, audience: s }]
agents:
  - { name: checker, issuer: corp, match: { azp: a }, owner: o, purpose: p }
rules:
  - { name: r, then: review, reviewers: [dba, "agent:cheker"] }
`,
    '6:54 there is no agent "cheker"; did you mean "checker"?',
  ],
  ['an agent as reviewer without a name', `\
version: 1
issuers: [{ name: corp, issuer: https://x.example, audience: s }]
agents:
  - { name: checker, issuer: corp, match: { azp: a }, owner: o, purpose: p }
rules:
  - { name: r, then: review, reviewers: ["agent:"] }
`,
    '6:49 there is no agent ""',
  ],
  ['more approvals than agents that can give them', `\
version: 1
issuers: [{ name: corp, issuer: https://x.example, audience: s }]
agents:
  - { name: checker, issuer: corp, match: { azp: a }, owner: o, purpose: p }
rules:
  - { name: r, then: review, reviewers: ["agent:checker"], approvals: 2 }
`,
    '6:71 more than can approve: "reviewers" names one agent and no group',
  ],
  ['an agent as reviewer by its role', `\
version: 1
roles: { reviewer: [dba, "agent:checker"] }
`,
    '2:26 agents hold no role; "reviewers" of a rule may name one',
  ],
  ['an agent that is not registered as reviewer of access', `\
version: 1
rules:
  - { name: r, then: allow, during: access-review, reviewers: ["agent:checker"] }
`,
    '3:71 there is no agent "checker"',
  ],
  ['keys of a review on a rule that denies, all at once', `\
version: 1
rules:
  - name: r
    then: deny
    approvals: 1
    preview: none
    hold: 1s
    longest: 1h
`,
    '5:16 "approvals" goes with then: review or during: access-review only',
    '6:14 "preview" goes with then: review only',
    '7:11 "hold" goes with then: review only',
    '8:14 "longest" goes with during: access-review only',
  ],
  ['a mistyped key of a review', `\
version: 1
rules:
  - { name: r, then: review, reviewers: [dba], transactionhold: 5s }
`,
    '3:48 unknown key "transactionhold"; did you mean "transactionHold"?',
  ],
]
