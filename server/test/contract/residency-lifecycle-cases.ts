import type { Asked, Sent } from './residency-cases.ts'

const day = () => new Date().toISOString().slice(0, 10)
const deletionId = '9d2f2c1e-2b8e-4e43-9d6a-0c6a3f2b7a11'

/** How the routes of data-lifecycle and classification are asked, by an admin of the project. */
export const lifecycleCases = (
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, (asked: Asked) => Sent>> => {
  const path = ({ home }: Asked, rest: string): string => `/api/app/projects/${home.id}/${rest}`
  const ask =
    (rest: string, body?: (asked: Asked) => object) =>
    (asked: Asked): Sent =>
      body === undefined
        ? { path: `${path(asked, rest)}?note=${asked.canary}`, headers }
        : { path: path(asked, rest), headers, body: body(asked) }
  const deletion = ({ canary }: Asked) => ({
    event: canary,
    from_date: day(),
    to_date: day(),
    filters: [{ property: 'note', values: [canary] }],
  })
  return {
    'GET /api/app/projects/:projectId/retention': ask('retention'),
    'PUT /api/app/projects/:projectId/retention': ask('retention', ({ canary }) => ({
      days: 7_000,
      events: [{ event: canary, days: null }],
    })),
    'GET /api/app/projects/:projectId/event-deletions': ask('event-deletions'),
    'POST /api/app/projects/:projectId/event-deletions': ask('event-deletions', deletion),
    'DELETE /api/app/projects/:projectId/event-deletions/:deletionId': ask(`event-deletions/${deletionId}`),
    'GET /api/app/projects/:projectId/classified-properties': ask('classified-properties'),
    'PUT /api/app/projects/:projectId/classified-properties': ask('classified-properties', ({ canary }) => ({
      event: [canary],
      profile: [],
    })),
  }
}
