import { Button, Center, Paper, Stack, Text, Title } from '@mantine/core'
import { useProviders } from '../api/queries.ts'
import { Empty, Pending } from '../parts/pending.tsx'

/** Leads to a provider, and back to where somebody wanted to go. */
export function Login() {
  const providers = useProviders()
  const next = encodeURIComponent(`${window.location.pathname}${window.location.search}`)
  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder p="xl" w="100%" maw={400}>
        <Stack>
          <div>
            <Title order={1} size="h2">Sallyport</Title>
            <Text c="dimmed" size="sm">Log in to review, watch, replay and prove what agents do.</Text>
          </div>
          <Pending of={providers}>
            {({ providers: found }) => found.length === 0
              ? <Empty title="Nobody can log in here yet">Give an issuer a <code>console</code> client in the policy document, or add a SAML provider.</Empty>
              : found.map(({ name, kind, login }) => (
                <Button key={`${kind} ${name}`} component="a" href={`${login}?next=${next}`} size="md">
                  Log in with {name}{kind === 'saml' ? ' (SAML)' : ''}
                </Button>
              ))}
          </Pending>
        </Stack>
      </Paper>
    </Center>
  )
}
