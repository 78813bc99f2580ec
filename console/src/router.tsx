import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { FailedScreen } from './parts/failed-screen.tsx'
import { Shell } from './parts/shell.tsx'

const root = createRootRoute({ component: Shell, notFoundComponent: lazyRouteComponent(() => import('./screens/not-found.tsx'), 'NotFound') })

const at = <Path extends string>(path: Path, load: () => Promise<Record<string, unknown>>, name: string) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load as () => Promise<Record<string, () => React.ReactNode>>, name) })

/** Every screen, one line each. */
const routes = [
  at('/', () => import('./screens/home.tsx'), 'Home'),
  at('/reviews', () => import('./screens/reviews.tsx'), 'Reviews'),
  at('/sessions', () => import('./screens/sessions.tsx'), 'Sessions'),
  at('/sessions/$session', () => import('./screens/session.tsx'), 'Session'),
  at('/agents', () => import('./screens/agents.tsx'), 'Agents'),
  at('/targets', () => import('./screens/targets.tsx'), 'Targets'),
  at('/targets/add', () => import('./screens/add-target.tsx'), 'AddTarget'),
  at('/policy', () => import('./screens/policy.tsx'), 'Policy'),
  at('/ledger', () => import('./screens/ledger.tsx'), 'Ledger'),
  at('/settings', () => import('./screens/settings.tsx'), 'Settings'),
  at('/api', () => import('./screens/api-reference.tsx'), 'ApiReference'),
]

export const router = createRouter({ routeTree: root.addChildren(routes), basepath: '/console', defaultPreload: 'intent', defaultErrorComponent: FailedScreen })
