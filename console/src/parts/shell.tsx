import { AppShell, Badge, Burger, Button, Center, Group, Loader, NavLink, Text, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { useDisclosure, useHotkeys } from '@mantine/hooks'
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { useFollowReviews, useLiveReviews } from '../api/open-reviews.ts'
import { useSession } from '../api/queries.ts'
import { ask } from '../api/client.ts'
import { Login } from '../screens/login.tsx'
import { ProblemAlert } from './problem-alert.tsx'
import type { WebSession } from '@sallyport/contract'

/** The screens, with who has use of them: others would only be told that they may not. */
const SCREENS: readonly { readonly path: string; readonly label: string; readonly key: string; readonly roles?: readonly string[] }[] = [
  { path: '/', label: 'Home', key: 'h' },
  { path: '/reviews', label: 'Reviews', key: 'r' },
  { path: '/sessions', label: 'Sessions', key: 's' },
  { path: '/agents', label: 'Agents', key: 'a' },
  { path: '/targets', label: 'Targets', key: 't' },
  { path: '/policy', label: 'Policy', key: 'p', roles: ['reviewer', 'auditor', 'operator', 'administrator'] },
  { path: '/ledger', label: 'Ledger', key: 'l' },
  { path: '/settings', label: 'Settings', key: 'e' },
  { path: '/api', label: 'API', key: 'i' },
]

/** Whoever is not logged in sees the login, wherever they came to. */
export function Shell() {
  const session = useSession()
  if (session.error !== null && session.data === undefined) return <Center h="100vh" p="md"><ProblemAlert error={session.error} /></Center>
  if (session.data === undefined) return <Center h="100vh"><Loader aria-label="loading" /></Center>
  return session.data === null ? <Login /> : <Inside session={session.data} />
}

function Inside({ session }: { readonly session: WebSession }) {
  const [opened, { toggle, close }] = useDisclosure(false)
  const { pathname } = useLocation()
  const navigate = useNavigate()
  useFollowReviews(({ id }) => void navigate({ to: '/reviews', hash: id }))
  const open = useLiveReviews().filter(({ state, mayAnswer }) => state === 'open' && mayAnswer).length
  const screens = SCREENS.filter(({ roles }) => roles === undefined || roles.some((role) => session.roles.includes(role)))
  useHotkeys(screens.map(({ path, key }) => [`alt+${key}`, () => void navigate({ to: path })]))
  return (
    <AppShell header={{ height: 52 }} navbar={{ width: 200, breakpoint: 'sm', collapsed: { mobile: !opened } }} padding="md">
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="menu" />
            <Text fw={700}>Sallyport</Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Text size="sm" visibleFrom="xs" title={`${session.issuer}; groups: ${session.groups.join(', ') || 'none'}; roles: ${session.roles.join(', ') || 'none'}`}>{session.name}</Text>
            <ColourScheme />
            <Button variant="default" size="xs" onClick={() => void logout()}>Log out</Button>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="screens">
        {screens.map(({ path, label, key }) => (
          <NavLink
            key={path} renderRoot={(props) => <Link to={path} {...props} />} label={label} onClick={close} title={`Alt+${key.toUpperCase()}`}
            active={path === '/' ? pathname === '/' : pathname.startsWith(path)} color="harbour" variant="light"
            rightSection={path === '/reviews' && open > 0 ? <Badge size="sm" circle aria-label={`${open} wait for you`}>{open}</Badge> : undefined}
          />
        ))}
      </AppShell.Navbar>
      <AppShell.Main><Outlet /></AppShell.Main>
    </AppShell>
  )
}

function ColourScheme() {
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light')
  const other = scheme === 'light' ? 'dark' : 'light'
  return <Button variant="default" size="xs" onClick={() => setColorScheme(other)} aria-label={`show in ${other} colours`}>{scheme === 'light' ? '☾' : '☀'}</Button>
}

async function logout(): Promise<void> {
  const { location } = await ask<{ location: string | null }>('/auth/logout', { method: 'POST' })
  window.location.assign(location ?? '/console/')
}
