import type { Asked, Sent } from './residency-cases.ts'

type Cases = Readonly<Record<string, (asked: Asked) => Sent>>

/** Merging is for owners. */
const ownersMerge = ({ home, canary, session }: Asked): Sent => ({
  path: `/api/app/projects/${home.id}/lexicon/merges?note=${canary}`,
  headers: session,
  body: { kind: 'event', names: [canary], into: 'Other' },
})

// RES-06: how the lexicon of a project is asked for.

/** `appCases(methods, pattern, path)`: about a project, below `/api/app/projects/`. */
export const lexiconCases = (
  appCases: (methods: readonly string[], pattern: string, path: string) => Cases,
): Cases => ({
  ...appCases(['GET', 'POST', 'PATCH', 'DELETE'], 'schemas', 'schemas'),
  ...appCases(['GET', 'DELETE'], 'schemas/:entityType', 'schemas/event'),
  ...appCases(['GET', 'POST', 'PATCH', 'DELETE'], 'schemas/:entityType/:name', 'schemas/event/some%20event'),
  ...appCases(['GET'], 'lexicon/merges', 'lexicon/merges'),
  ...Object.fromEntries(
    ['POST', 'DELETE'].map((method) => [`${method} /api/app/projects/:projectId/lexicon/merges`, ownersMerge]),
  ),
  ...appCases(['GET', 'PATCH'], 'lexicon/events', 'lexicon/events'),
  ...appCases(['GET', 'PATCH'], 'lexicon/event-properties', 'lexicon/event-properties'),
  ...appCases(['GET', 'PATCH'], 'lexicon/profile-properties', 'lexicon/profile-properties'),
  ...appCases(['GET', 'PUT'], 'lexicon/settings', 'lexicon/settings'),
  ...appCases(['GET'], 'lexicon/notices', 'lexicon/notices'),
  ...appCases(['GET', 'POST'], 'lexicon/csv', 'lexicon/csv'),
})
