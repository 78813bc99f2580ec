import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Journey, startJourney } from '../support/endpoints.ts'
import { cstring, errorFields, execute, frame, int16, int32, letters, openNegotiatedTls, SYNC } from '../support/raw-client.ts'
import { domain } from '../tables/evasion-setups.ts'

/** The target makes parameters of the types that a Parse names by number, beside its text: their code runs though no statement names it. */
let journey: Journey

before(async () => {
  journey = await startJourney('masks: []\nrules:\n  - { name: reads, when: operation.readOnly, then: allow }\n')
  for (const sql of [...domain, 'create domain over_checked as checked_number', 'create type holder as (n checked_number)', "create type mood as enum ('fine', 'poor')"]) {
    await journey.server.query(sql, [], 'shop')
  }
})
after(() => journey.stop())

async function run(type: string, value: string): Promise<{ answer: string; code: string | undefined }> {
  const [row] = await journey.server.query('select $1::regtype::oid::int as oid', [type], 'shop')
  const endpoint = await journey.endpoint('gateway')
  const client = await openNegotiatedTls(endpoint)
  await client.logIn({ user: endpoint.user, database: endpoint.database }, endpoint.password)
  const bytes = Buffer.from(value)
  client.send(
    frame('P', cstring(''), cstring('select $1'), int16(1), int32(Number(row?.['oid']))),
    frame('B', cstring(''), cstring(''), int16(0), int16(1), int32(bytes.length), bytes, int16(0)), execute(), SYNC,
  )
  const messages = await client.receiveUntil('Z')
  client.end()
  return { answer: letters(messages), code: errorFields(messages.find((message) => message.type === 'E'))['C'] }
}

for (const [type, value] of [['checked_number', '1'], ['checked_number[]', '{1}'], ['over_checked', '1'], ['holder', '(1)']] as const) {
  test(`a parameter of type ${type}, whose check runs code, makes a statement unknown`, async () => {
    const before = await journey.shop.fingerprint()
    assert.equal((await run(type, value)).code, '42501')
    assert.equal(await journey.shop.fingerprint(), before)
  })
}

for (const [type, value] of [['integer', '1'], ['mood', 'fine'], ['mood[]', '{fine,poor}'], ['customers', '(1,,,,,,)']] as const) {
  test(`a parameter of type ${type} is as good as any`, async () => {
    assert.equal((await run(type, value)).answer, '1 2 D C ZI')
  })
}
