/** Documents that tests run the gateway under. Each is the part of `sallyport.yaml` from `masks` on. */

/** Nothing is refused, nothing masked: through it the gateway must not be noticeable. */
export const ALLOW_ALL = `
masks: []
rules:
  - { name: everything, then: allow }
`

/** As the demo's: agents read with masks, writes want a review, destruction is refused. Nobody is held: a ticket comes at once. */
export const SHOP_POLICY = `
masks:
  - { name: card, columns: [payments.card_number], method: keep-last, keep: 4 }
  - { name: personal, columns: [customers.email, customers.ssn], method: redact, unless: '"privacy" in identity.groups' }
rules:
  - { name: reads, when: operation.readOnly, then: allow }
  - name: destructive
    when: 'operation.actions.exists(a, a in ["drop", "truncate"])'
    then: deny
    message: destructive statements are never run by agents
  - name: unbounded
    when: 'operation.actions.exists(a, a in ["delete", "update"]) && !operation.filtered'
    then: deny
    message: add a WHERE clause
  - { name: writes, when: '!operation.readOnly', then: review, reviewers: [dba], approvals: 1, expires: 15m, hold: 0s, preview: none }
`

/** Masks, and writes that run: what cannot be masked must be refused on every way that a write opens. */
export const MASKED_WRITES = `
masks:
  - { name: card, columns: [payments.card_number], method: keep-last, keep: 4 }
  - { name: personal, columns: [customers.email, customers.ssn], method: redact }
rules:
  - { name: everything, then: allow }
`
