import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiError } from './request.ts'

/** A session that ended while a page was open: the page says so, by going to the login and coming back. */
const onError = (error: unknown): void => {
  if (!(error instanceof ApiError)) return
  const { pathname, search } = window.location
  // Whose organization waits for a second factor may set one up, and nothing else.
  if (error.status === 403 && error.message.includes('/me/security') && pathname !== '/me/security') {
    window.location.assign('/me/security')
  }
  if (error.status !== 401) return
  if (pathname.startsWith('/login') || pathname === '/setup' || pathname === '/invitation') return
  queryClient.clear()
  window.location.assign(`/login?next=${encodeURIComponent(`${pathname}${search}`)}`)
}

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // Only what may pass by itself is asked again.
      retry: (count, error) =>
        count < 2 && error instanceof ApiError && (error.status === 0 || error.status === 502 || error.status === 503),
    },
  },
})
