import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { projectsQuery } from '../../api/organizations.ts'
import { changeProject, type ProjectChanges } from '../../api/project-settings.ts'
import { type Project, projectQuery } from '../../api/projects.ts'
import { useRegions } from '../../api/regions.ts'
import type { MyProject } from '../../api/session.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { Button } from '../../ui/button.tsx'
import { DefinitionList } from '../../ui/definition-list.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field, RadioGroup, Select } from '../../ui/field.tsx'
import { Form, Panel } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Time } from '../../ui/time.tsx'
import { regionName } from '../../words/regions.ts'
import { SettingsFrame } from './settings-frame.tsx'
import { useSave } from './use-save.ts'

export const Page = () => <SettingsFrame page="settings">{(mine) => <Overview mine={mine} />}</SettingsFrame>

const zones = Intl.supportedValuesOf('timeZone')

const Overview = ({ mine }: { readonly mine: MyProject }) => {
  const project = useQuery(projectQuery(mine.id))
  return (
    <>
      <ErrorNote error={project.error} onRetry={() => project.refetch()} />
      {project.data === undefined ? <SkeletonRows what="Loading the settings" /> : null}
      {project.data === undefined ? null : (
        <>
          <Facts project={project.data} />
          {mine.permissions.includes('settings:write') ? <Change key={project.data.id} project={project.data} /> : null}
        </>
      )}
      <AsCurl path={`/api/app/projects/${mine.id}`} />
    </>
  )
}

const Facts = ({ project }: { readonly project: Project }) => {
  const listed = useQuery(projectsQuery(project.organization_id)).data?.find(({ id }) => id === project.id)
  const home = useRegions().find(({ id }) => id === project.region)
  return (
    <DefinitionList
      entries={[
        ['Project id', project.id],
        ['Region', `${regionName(project.region)}, for good`],
        ['Cluster', project.cluster],
        ['Made', listed === undefined ? '' : <Time key="made" at={listed.created} show="day" />],
        ['Address', home?.url ?? ''],
        ['Time zone', project.timezone],
        ['Raw exports', project.project_time ? 'by the clock of that zone' : 'by UTC'],
        ['Identity', identityWords[project.identity]],
      ]}
    />
  )
}

const identityWords: Readonly<Record<Project['identity'], string>> = {
  simplified: 'Simplified: events name the device and the user',
  original: 'Original: identify, alias and merge join ids',
  legacy: 'Legacy: one alias for each id',
}

const Change = ({ project }: { readonly project: Project }) => {
  const [changes, setChanges] = useState<ProjectChanges>({})
  const save = useSave(
    (sent: ProjectChanges) => changeProject(project.id, sent),
    [['projects', project.id], ['organizations', project.organization_id], ['me']],
  )
  const { name, timezone, identity } = { ...project, ...changes }
  const isChanged = Object.entries(changes).some(([key, value]) => project[key as keyof Project] !== value)
  return (
    <Panel title="Name, time zone and identity">
      <Form label="Settings" onSend={() => save.mutate(changes, { onSuccess: () => setChanges({}) })}>
        <Field
          label="Name"
          maxLength={255}
          autoComplete="off"
          value={name}
          onChange={(event) => setChanges({ ...changes, name: event.target.value })}
        />
        <Select
          label="Time zone"
          hint="Days, weeks and hours of reports begin by its clock. What is stored stays as it is."
          value={timezone}
          choices={[...new Set([timezone, 'UTC', ...zones])].map((zone) => ({ value: zone, label: zone }))}
          onChange={(event) => setChanges({ ...changes, timezone: event.target.value })}
        />
        <RadioGroup
          label="Identity"
          hint="How ids become one person. It can be changed while the project has no data."
          name="identity"
          value={identity}
          onChange={(value) => setChanges({ ...changes, identity: value as Project['identity'] })}
          choices={(['simplified', 'original', 'legacy'] as const).map((value) => ({
            value,
            label: identityWords[value],
          }))}
        />
        <ErrorNote error={save.error} />
        <div>
          <Button kind="main" type="submit" disabled={!isChanged} isBusy={save.isPending}>
            Save the settings
          </Button>
        </div>
      </Form>
    </Panel>
  )
}
