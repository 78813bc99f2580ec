import { Paper, Table, Text, Title } from '@mantine/core'
import type { IssuerStatus, SamlCertificate } from '@sallyport/contract'
import { useGateways, useIssuers } from '../api/queries.ts'
import { State } from '../parts/badges.tsx'
import { Moment } from '../parts/moment.tsx'
import { Pending } from '../parts/pending.tsx'
import { plainText } from '../parts/plain-text.ts'

const KINDS = { oidc: 'OpenID Connect', saml: 'SAML 2.0' } as const

/** Who vouches for identities, and whether this gateway can ask them. */
export function Issuers() {
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h4">Issuers</Title>
      <Pending of={useIssuers()}>
        {({ issuers }) => issuers.length === 0 ? <Text size="sm">None: nobody can log in. Name one in the policy document under <code>issuers</code>.</Text> : (
          <Table.ScrollContainer type="native" minWidth={560} tabIndex={0} role="region" aria-label="issuers">
            <Table verticalSpacing={4}>
              <Table.Thead><Table.Tr><Table.Th>Name</Table.Th><Table.Th>Address</Table.Th><Table.Th>Kind</Table.Th><Table.Th>People log in at</Table.Th><Table.Th>Keys</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {issuers.map((one) => (
                  <Table.Tr key={`${one.kind} ${one.name}`}>
                    <Table.Td>{one.name}</Table.Td><Table.Td className="anywhere">{plainText(one.issuer)}</Table.Td><Table.Td>{KINDS[one.kind]}</Table.Td>
                    <Table.Td>{one.logins.join(', ') || 'nowhere'}</Table.Td><Table.Td className="anywhere"><Keys of={one} /></Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Pending>
    </Paper>
  )
}

function Keys({ of: { keys, certificates } }: { readonly of: IssuerStatus }) {
  if (keys === null) return certificates.map((one, at) => <Certificate key={at} of={one} />)
  const { state, fetchedAt, failure } = keys
  if (state === 'not-asked') return 'not asked yet'
  return <><State word={state} /> {fetchedAt === null ? 'never had' : <>had <Moment at={fetchedAt} /></>}{failure !== null && `: ${plainText(failure)}`}</>
}

/** This long before its end a certificate is said to end soon. */
const SOON_MS = 30 * 24 * 3_600_000

function Certificate({ of: { use, from, endsAt, failure } }: { readonly of: SamlCertificate }) {
  const leftMs = endsAt === null ? 0 : Date.parse(endsAt) - Date.now()
  return (
    <div>
      <State word={failure !== null ? 'failing' : leftMs <= 0 ? 'ended' : leftMs < SOON_MS ? 'ends soon' : 'ok'} /> {use === 'own' ? 'our certificate' : 'certificate'} {plainText(from)}
      {endsAt !== null && <> {leftMs <= 0 ? 'ended' : 'ends'} <Moment at={endsAt} />{leftMs <= 0 && ', its key still counts'}</>}{failure !== null && `: ${plainText(failure)}`}
    </div>
  )
}

/** Those that share the state. */
export function Gateways() {
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h4">Gateways</Title>
      <Pending of={useGateways()}>
        {({ gateways, policyVersion }) => (
          <Table.ScrollContainer type="native" minWidth={560} tabIndex={0} role="region" aria-label="gateways">
            <Table verticalSpacing={4}>
              <Table.Thead><Table.Tr><Table.Th>Gateway</Table.Th><Table.Th>State</Table.Th><Table.Th>Started</Table.Th><Table.Th>Version</Table.Th><Table.Th>Policy</Table.Th><Table.Th>Open sessions</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {gateways.map((one) => (
                  <Table.Tr key={one.id}>
                    <Table.Td title={one.id}>{plainText(one.host)} ({one.id.slice(0, 8)}){one.self && ', this one'}</Table.Td>
                    <Table.Td><State word={one.state} />{one.state !== 'running' && <> last heard of <Moment at={one.seenAt} /></>}</Table.Td>
                    <Table.Td><Moment at={one.startedAt} /></Table.Td><Table.Td>{one.version}</Table.Td>
                    <Table.Td>version {one.policyVersion}{one.state === 'running' && one.policyVersion < policyVersion && ', not the newest'}</Table.Td>
                    <Table.Td>{one.openSessions}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Pending>
    </Paper>
  )
}
