import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { createProject, type MadeProject } from '../../api/organizations.ts'
import { useRegions } from '../../api/regions.ts'
import { useMe } from '../../api/session.ts'
import { pathTo } from '../../page-paths.ts'
import { useOrganizationId } from '../../shell/place.ts'
import { RegionBadge } from '../../ui/badge.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { DefinitionList } from '../../ui/definition-list.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field, RadioGroup, Select } from '../../ui/field.tsx'
import { Form, Page as Frame } from '../../ui/page.tsx'
import { SecretOnce } from '../../ui/secret-once.tsx'
import { regionName } from '../../words/regions.ts'
import { NotFoundPage } from '../not-found-page.tsx'

const here = Intl.DateTimeFormat().resolvedOptions().timeZone
const zones = [...new Set(['UTC', here, ...Intl.supportedValuesOf('timeZone')])]

/** Name, region for good, time zone; then the keys, once. */
export const Page = () => {
  const organizationId = useOrganizationId()
  const organization = useMe().organizations[String(organizationId)]
  const [made, setMade] = useState<MadeProject | null>(null)
  if (organization === undefined) return <NotFoundPage />
  return made === null ? <Ask organizationId={organizationId} onMade={setMade} /> : <Made project={made} />
}

const Ask = ({ organizationId, onMade }: { organizationId: number; onMade: (project: MadeProject) => void }) => {
  const regions = useRegions()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [region, setRegion] = useState('')
  const [timezone, setTimezone] = useState(here)
  const create = useMutation({
    mutationFn: () => createProject(organizationId, { name, region, timezone }),
    onSuccess: async (project) => {
      await Promise.all([
        client.invalidateQueries({ queryKey: ['me'] }),
        client.invalidateQueries({ queryKey: ['organizations', organizationId] }),
      ])
      onMade(project)
    },
  })
  return (
    <Frame title="Create a project" intro="One application, in one region.">
      <Form label="Create a project" onSend={() => create.mutate()}>
        <Field
          label="Name"
          required
          maxLength={255}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <RadioGroup
          label="Region"
          hint="Where the data of its people is stored and read, for good. It cannot be changed later."
          name="region"
          value={region}
          onChange={setRegion}
          choices={regions.map(({ id, api_host }) => ({
            value: id,
            label: `${regionName(id)} (${id})`,
            hint: `Clients send to ${api_host}`,
          }))}
        />
        <Select
          label="Time zone"
          hint="Days of its reports begin at midnight there."
          value={timezone}
          onChange={(event) => setTimezone(event.target.value)}
          choices={zones.map((zone) => ({ value: zone, label: zone }))}
        />
        <ErrorNote error={create.error} />
        <div className="row">
          <Button kind="main" type="submit" disabled={name.trim() === '' || region === ''} isBusy={create.isPending}>
            {region === '' ? 'Create the project' : `Create the project in ${region}`}
          </Button>
          <ButtonLink to={pathTo('organization', { organizationId })}>Back to the projects</ButtonLink>
        </div>
      </Form>
    </Frame>
  )
}

const Made = ({ project }: { readonly project: MadeProject }) => (
  <Frame title={`${project.name} is made`} status={<RegionBadge region={project.region} />}>
    <DefinitionList
      entries={[
        ['Region', `${regionName(project.region)}, for good`],
        ['Project id', project.id],
        ['Project token', <code key="token">{project.token}</code>],
      ]}
    />
    <SecretOnce
      what="Project secret"
      secret={project.secret}
      note={
        <p className="muted">
          It imports and exports events of this project. The token is no secret: clients carry it.
        </p>
      }
    />
    <div>
      <ButtonLink kind="main" to={pathTo('project', { projectId: project.id })}>
        Open {project.name}
      </ButtonLink>
    </div>
  </Frame>
)
