import { z } from 'zod'
import { jsonReply, type Route, type Scoped } from '../../http/route.ts'
import { sentJson } from '../../http/sent-json.ts'
import { accepts, base, lexiconPath, noStore, whoOf } from './route-parts.ts'
import { entityName } from './schema-schema.ts'
import type { MarkStore } from './store/postgres-mark-store.ts'

const names = z.array(entityName).min(1).max(1_000)
const kind = z.enum(['event', 'event-property'])

// Of what SDKs and the server make itself, the name says what it is.
const mergeable = names.refine((all) => all.every((name) => !name.startsWith('$')), {
  message: 'names that begin with $ cannot be merged',
})

const merge = z
  .strictObject({
    kind,
    names: mergeable,
    into: entityName.refine((name) => !name.startsWith('$'), 'must not begin with $'),
  })
  .refine(({ names: away, into }) => !away.includes(into), {
    path: ['into'],
    message: 'must not be merged into itself',
  })
const unmerge = z.strictObject({ kind, names })

const path = `${lexiconPath}/merges`

/** LEX-07: events, and properties of events, that questions read as another one. What is stored stays as it came. */
export const mergeRoutes = ({ marks }: { readonly marks: MarkStore }): readonly Route[] => [
  {
    ...base,
    method: 'GET',
    path,
    access: { accepts, project: 'path', permission: 'project:read' },
    handle: async ({ scope }: Scoped) => {
      const results = (await marks.list(scope)).flatMap(({ kind: of, name, mergedInto: into }) =>
        into === null ? [] : [{ kind: of, name, into }],
      )
      return jsonReply(200, { status: 'ok', results }, noStore)
    },
  },
  {
    ...base,
    method: 'POST',
    path,
    access: { accepts, project: 'path', permission: 'lexicon:govern' },
    handle: async (request: Scoped) => {
      const wanted = sentJson(merge, request.body)
      await marks.merge(request.scope, wanted, whoOf(request))
      return jsonReply(200, { status: 'ok', results: { merged: wanted.names.length } }, noStore)
    },
  },
  {
    ...base,
    method: 'DELETE',
    path,
    access: { accepts, project: 'path', permission: 'lexicon:govern' },
    handle: async (request: Scoped) => {
      const wanted = sentJson(unmerge, request.body)
      const unmerged = await marks.unmerge(request.scope, wanted.kind, wanted.names, whoOf(request))
      return jsonReply(200, { status: 'ok', results: { unmerged } }, noStore)
    },
  },
]
