import type { Asked, Sent } from './residency-cases.ts'

/** How the routes of people are asked, by an admin of the project. */
export const peopleCases = (
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, (asked: Asked) => Sent>> => {
  const project = '/api/app/projects/:projectId'
  const path = ({ home }: Asked, rest: string): string => `/api/app/projects/${home.id}/${rest}`
  const get =
    (rest: string) =>
    (asked: Asked): Sent => ({ path: path(asked, `${rest}?search=${asked.canary}`), headers })
  const ofPerson =
    (body?: (asked: Asked) => object) =>
    (asked: Asked): Sent => ({
      path: path(asked, `person?distinct_id=${encodeURIComponent(`id ${asked.canary}`)}`),
      headers,
      ...(body === undefined ? {} : { body: body(asked) }),
    })
  return {
    [`GET ${project}/events`]: get('events'),
    [`GET ${project}/events/csv`]: get('events/csv'),
    [`GET ${project}/people`]: get('people'),
    [`GET ${project}/people/csv`]: get('people/csv'),
    [`POST ${project}/people`]: (asked) => ({
      path: path(asked, 'people'),
      headers,
      body: { distinct_id: `id ${asked.canary}`, properties: { note: asked.canary } },
    }),
    [`POST ${project}/people/import`]: (asked) => ({
      path: path(asked, `people/import?columns=${encodeURIComponent('["$distinct_id","note"]')}`),
      headers: { ...headers, 'Content-Type': 'text/csv' },
      body: `id ${asked.canary},${asked.canary}\n`,
    }),
    [`GET ${project}/person`]: ofPerson(),
    [`PATCH ${project}/person`]: ofPerson(({ canary }) => ({ set: { note: canary } })),
    [`DELETE ${project}/person`]: ofPerson(),
  }
}
