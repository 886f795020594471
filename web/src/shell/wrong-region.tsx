import { useLocation } from '@tanstack/react-router'
import type { Region } from '../api/regions.ts'
import type { MyProject } from '../api/session.ts'
import { RegionBadge } from '../ui/badge.tsx'
import { CodeBlock } from '../ui/code-block.tsx'
import { Note } from '../ui/note.tsx'
import { Page } from '../ui/page.tsx'
import { regionName } from '../words/regions.ts'

export interface WrongRegionProps {
  readonly project: MyProject
  readonly here: Region
  readonly regions: readonly Region[]
}

/** Explained, never just refused: which host this project lives on, and the line for the SDK. */
export const WrongRegion = ({ project, here, regions }: WrongRegionProps) => {
  const { href } = useLocation()
  const home = regions.find(({ id }) => id === project.region)
  return (
    <Page title={project.name} status={<RegionBadge region={project.region} />}>
      <Note tone="warn" title={`The data of this project is in ${regionName(project.region)}, not here.`}>
        <span>
          You are at a host of {regionName(here.id)}. Data never crosses between regions, so this host cannot show the
          project and did not ask for it.
        </span>
        {home === undefined ? (
          <span>No server of region {project.region} is known here. Ask whoever runs the server for its address.</span>
        ) : (
          <a href={`${home.url}${href}`}>Open this page in region {project.region}</a>
        )}
      </Note>
      {home === undefined ? null : (
        <>
          <p>Clients of this project send to the same region. One line for the browser SDK:</p>
          <CodeBlock
            code={`mixpanel.init('<project token>', { api_host: 'https://${home.api_host}' })`}
            what="SDK host"
          />
        </>
      )}
    </Page>
  )
}
