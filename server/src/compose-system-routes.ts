import type { Received, Route } from './http/route.ts'
import { jsonReply } from './http/route.ts'
import { Forbidden } from './kernel/errors.ts'

/** A store that a request may need. */
export interface Reachable {
  readonly name: string
  ping(): Promise<void>
}

export interface SystemRouteDeps {
  readonly stores: readonly Reachable[]
  readonly isStopping: () => boolean
  readonly metricsText: () => Promise<string>
  /** Otherwise loopback callers only. */
  readonly openMetrics: boolean
}

const base = { surface: 'system', method: 'GET', hostFamily: 'web', bodyBytesMax: 1024 } as const
const open = { accepts: 'none' } as const

/** For whoever runs the server: is the process up, do the stores answer, what does it count. */
export const systemRoutes = (deps: SystemRouteDeps): readonly Route[] => [
  { ...base, path: '/healthz', access: open, handle: async () => jsonReply(200, { status: 'ok' }) },
  { ...base, path: '/readyz', access: open, handle: () => ready(deps) },
  {
    ...base,
    path: '/metrics',
    access: open,
    handle: async (request: Received) => {
      if (!deps.openMetrics && !isLocalCaller(request)) {
        throw new Forbidden('metrics are for loopback callers; LETHE_METRICS=true opens them')
      }
      const headers = { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }
      return { status: 200, headers, body: await deps.metricsText() }
    },
  },
]

const ready = async (deps: SystemRouteDeps) => {
  const states = await Promise.all(
    deps.stores.map(async ({ name, ping }) => {
      try {
        await ping()
        return [name, 'ok'] as const
      } catch {
        // Why it does not answer is in the log of the store's supervisor; callers only need to know that.
        return [name, 'unavailable'] as const
      }
    }),
  )
  const isReady = !deps.isStopping() && states.every(([, state]) => state === 'ok')
  const status = deps.isStopping() ? 'stopping' : isReady ? 'ready' : 'unavailable'
  return jsonReply(isReady ? 200 : 503, { status, stores: Object.fromEntries(states) })
}

// Behind a proxy on the same machine everybody comes from loopback: then the proxy's header tells.
const isLocalCaller = ({ clientIp, headers }: Received): boolean =>
  headers['x-forwarded-for'] === undefined && /^(127\.|::1$|::ffff:127\.)/.test(clientIp)
