import '@mantine/core/styles.css'
import './console.css'
import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Problem } from './api/problem.ts'
import { router } from './router.tsx'
import { theme, variables } from './theme.ts'

/** What the caller may not have, or asked wrongly, does not get better by asking again. */
const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 2_000, retry: (count, error) => count < 2 && !(error instanceof Problem && error.status < 500) } },
})

/** The gateway's nonce, without which the strict policy of its answers lets no style of the page's own through. */
const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? ''

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no place for the console')
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
