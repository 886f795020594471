import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { askAgainMs, feedQuery } from '../../api/events.ts'
import { accessKeysQuery } from '../../api/projects.ts'
import { regionHere, useRegions } from '../../api/regions.ts'
import { type MyProject, useMe } from '../../api/session.ts'
import { pathTo } from '../../page-paths.ts'
import { useProjectId } from '../../shell/place.ts'
import { RegionBadge } from '../../ui/badge.tsx'
import { ButtonLink } from '../../ui/button.tsx'
import { CodeBlock } from '../../ui/code-block.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { DefinitionList } from '../../ui/definition-list.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Select } from '../../ui/field.tsx'
import { announce } from '../../ui/live-region.tsx'
import { Note } from '../../ui/note.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Time } from '../../ui/time.tsx'
import { NotFoundPage } from '../not-found-page.tsx'
import { snippetsOf } from './snippets.ts'

const pollMs = 2_000
const noToken = 'YOUR_PROJECT_TOKEN'

/** The line for each SDK, with this project's host and token; turns green on the first event. */
export const Page = () => {
  const projectId = useProjectId()
  const mine = useMe().projects[String(projectId)]
  return mine === undefined ? <NotFoundPage /> : <Connect project={mine} />
}

const Connect = ({ project }: { readonly project: MyProject }) => {
  const navigate = useNavigate()
  const { sdk } = useSearch({ strict: false }) as { readonly sdk?: string }
  const mayReadToken = project.permissions.includes('access-keys:read')
  const keys = useQuery({ ...accessKeysQuery(project.id), enabled: mayReadToken })
  const url = useTargetUrl(project)
  const token = keys.data?.token ?? noToken
  const snippets = snippetsOf({ url, token })
  const shown = snippets.find(({ id }) => id === sdk) ?? snippets[0]
  return (
    <Frame
      title="Connect"
      status={<RegionBadge region={project.region} />}
      intro="Mixpanel’s own libraries send to this server. Nothing else of your application changes."
    >
      {project.permissions.includes('people:read') ? <Arrival projectId={project.id} /> : null}
      <ErrorNote error={keys.error} />
      {mayReadToken && keys.isPending ? <SkeletonRows what="Loading the token" rows={2} /> : null}
      {mayReadToken && keys.data === undefined ? null : (
        <>
          <DefinitionList
            entries={[
              [
                'Host',
                <span className="row" key="host">
                  <code>{url}</code>
                  <CopyButton text={url} what="host" size="small" />
                </span>,
              ],
              [
                'Project token',
                mayReadToken ? (
                  <span className="row" key="token">
                    <code>{token}</code>
                    <CopyButton text={token} what="project token" size="small" />
                  </span>
                ) : (
                  'Ask an owner or admin of the project for it.'
                ),
              ],
            ]}
          />
          <Select
            label="Library"
            value={shown?.id ?? ''}
            choices={snippets.map(({ id, label }) => ({ value: id, label }))}
            onChange={(event) =>
              navigate({ to: '.', search: { sdk: event.target.value }, replace: true }).catch(() => undefined)
            }
          />
          {shown === undefined ? null : (
            <div className="stack">
              {shown.install === '' ? null : <CodeBlock code={shown.install} what="Install" />}
              <CodeBlock code={shown.code} what={shown.label} />
            </div>
          )}
        </>
      )}
    </Frame>
  )
}

/** Where clients of the project send to: the host of its region, or this one where a single host reaches all. */
const useTargetUrl = ({ region }: MyProject): string => {
  const regions = useRegions()
  const home = regions.find(({ id }) => id === region)
  return regionHere(regions) === null || home === undefined ? window.location.origin : home.url
}

/** Waits for the first event, and says so when it is there. */
const Arrival = ({ projectId }: { readonly projectId: number }) => {
  const feed = useInfiniteQuery({ ...feedQuery(projectId, { limit: 1 }), refetchInterval: askAgainMs(pollMs) })
  const [latest] = feed.data?.pages[0]?.events ?? []
  const hasEvents = latest !== undefined
  useEffect(() => {
    if (hasEvents) announce('Connected: the first event is here')
  }, [hasEvents])
  if (feed.data === undefined) return <ErrorNote error={feed.error} />
  if (latest === undefined) {
    return (
      <Note title="Waiting for the first event">
        <span role="status">This turns green by itself as soon as an event arrives.</span>
      </Note>
    )
  }
  return (
    <Note tone="good" title="Connected">
      <span>
        The latest event is <strong>{latest.event}</strong>, received <Time at={latest.received} show="age" />.
      </span>
      <div>
        <ButtonLink to={pathTo('events', { projectId })}>See it in Events</ButtonLink>
      </div>
    </Note>
  )
}
