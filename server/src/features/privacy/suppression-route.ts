import { jsonReply, type Route, type Scoped } from '../../http/route.ts'
import type { ControlDb } from '../../platform/postgres/control-db.ts'

/** PRIV-31: how many ids of a project may not come back. Which ones, nobody can tell: the list holds keyed hashes. */
export const suppressionRoutes = (control: ControlDb): readonly Route[] => [
  {
    surface: 'app',
    method: 'GET',
    path: '/api/app/projects/:projectId/suppression',
    hostFamily: 'web',
    bodyBytesMax: 1_024,
    access: { accepts: ['service-account', 'session'], project: 'path', permission: 'data-rules:write' },
    handle: async ({ project }: Scoped) => {
      const [row] = await control.rows<{ count: number }>(
        'SELECT count(*)::int AS count FROM suppressed_id WHERE project_id = $1',
        [project.id],
      )
      const results = { suppress_erased: project.suppressErased, count: row?.count ?? 0 }
      return jsonReply(200, { status: 'ok', results }, { 'Cache-Control': 'no-store' })
    },
  },
]
