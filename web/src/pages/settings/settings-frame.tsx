import '../../ui/tabs.css'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type MyProject, useMe } from '../../api/session.ts'
import { type PageName, pathTo } from '../../page-paths.ts'
import { useProjectId } from '../../shell/place.ts'
import { RegionBadge } from '../../ui/badge.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { NotFoundPage } from '../not-found-page.tsx'

type SettingsPage = Extract<PageName, `settings${string}`>

/** Pages of settings, and what a member must hold to open one. */
const pages: readonly (readonly [SettingsPage, string, string | null])[] = [
  ['settings', 'Overview', null],
  ['settingsKeys', 'Access keys', 'access-keys:read'],
  ['settingsData', 'Data', 'data-settings:write'],
  ['settingsRules', 'Privacy rules', 'data-rules:write'],
  ['settingsDanger', 'Danger zone', 'project:own'],
]

export interface SettingsFrameProps {
  readonly page: SettingsPage
  readonly children: (project: MyProject) => ReactNode
}

/** RPT-14: the heading of every page of settings, and the way to the others. */
export const SettingsFrame = ({ page, children }: SettingsFrameProps) => {
  const projectId = useProjectId()
  const project = useMe().projects[String(projectId)]
  if (project === undefined) return <NotFoundPage />
  const open = pages.filter(([, , permission]) => permission === null || project.permissions.includes(permission))
  const here = open.find(([name]) => name === page)
  if (here === undefined) return <NotFoundPage />
  return (
    <Frame title={`Settings of ${project.name}`} status={<RegionBadge region={project.region} />}>
      <nav className="tabs" aria-label="Settings">
        {open.map(([name, label]) => (
          <Link
            key={name}
            to={pathTo(name, { projectId })}
            className="tab"
            activeOptions={{ exact: true, includeSearch: false }}
          >
            {label}
          </Link>
        ))}
      </nav>
      {children(project)}
    </Frame>
  )
}
