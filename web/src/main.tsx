import './ui/tokens.css'
import './ui/base.css'
import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queryClient } from './api/query-client.ts'
import { router } from './routes.tsx'
import { applyTheme, storedTheme } from './shell/theme.ts'
import { LiveRegion } from './ui/live-region.tsx'

applyTheme(storedTheme())

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no element with id root')
createRoot(root).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
        <LiveRegion />
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
)
