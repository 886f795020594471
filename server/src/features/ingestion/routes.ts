import type { OpenRoute, Route, ScopedRoute } from '../../http/route.ts'

export interface IngestionHandlers {
  readonly track: OpenRoute['handle']
  readonly engage: OpenRoute['handle']
  readonly groups: OpenRoute['handle']
  readonly import: ScopedRoute['handle']
}

// A batch of 10 MB, the documented bound of /import, as base64 and percent-encoded is at most twice that.
export const trackBytesMax = 20 * 1_024 * 1_024
export const importBytesMax = 10 * 1_024 * 1_024

/**
 * ING-01…10, ING-17…23. `/track`, `/engage` and `/groups` take no credential: a Basic header there is another call's,
 * left behind by client libraries, and is ignored. For `/import` a secret or token names its project itself; a service account
 * names it by `project_id` in the query.
 */
export const ingestionRoutes = (handlers: IngestionHandlers): readonly Route[] =>
  (['GET', 'POST'] as const).flatMap((method): readonly Route[] => [
    {
      surface: 'ingest',
      method,
      path: '/track',
      hostFamily: 'api',
      bodyBytesMax: trackBytesMax,
      access: { accepts: 'none' },
      handle: handlers.track,
    },
    {
      surface: 'ingest',
      method,
      path: '/engage',
      hostFamily: 'api',
      bodyBytesMax: trackBytesMax,
      access: { accepts: 'none' },
      handle: handlers.engage,
    },
    {
      surface: 'ingest',
      method,
      path: '/groups',
      hostFamily: 'api',
      bodyBytesMax: trackBytesMax,
      access: { accepts: 'none' },
      handle: handlers.groups,
    },
    {
      surface: 'import',
      method,
      path: '/import',
      hostFamily: 'api',
      bodyBytesMax: importBytesMax,
      access: {
        accepts: ['service-account', 'project-secret', 'project-token'],
        project: 'project_id-query-or-form',
        permission: 'events:import',
      },
      handle: handlers.import,
    },
  ])
