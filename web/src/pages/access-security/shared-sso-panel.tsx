import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { linksQuery, linkTo, makeLinkCode, type OwnLink, releaseLink, unlink } from '../../api/access-security.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
import { Form, Panel } from '../../ui/page.tsx'
import { SecretOnce } from '../../ui/secret-once.tsx'
import { Table } from '../../ui/table.tsx'
import { useChange } from '../organizations/use-change.ts'

/** One identity provider for several organizations: this one lends its own, or uses another one's. */
export const SharedSsoPanel = ({
  organizationId,
  link,
}: {
  readonly organizationId: number
  readonly link: OwnLink | null
}) => {
  const links = useQuery(linksQuery(organizationId)).data ?? []
  const [code, setCode] = useState('')
  const [made, setMade] = useState<string | null>(null)
  const key = ['organizations', organizationId]
  const join = useChange(() => linkTo(organizationId, code), { key, said: 'Linked', onDone: () => setCode('') })
  const leave = useChange(() => unlink(organizationId), { key, said: 'Unlinked' })
  const make = useChange(() => makeLinkCode(organizationId), {
    key,
    said: 'Linking code made',
    onDone: ({ code: text }) => setMade(text),
  })
  const release = useChange((id: number) => releaseLink(organizationId, id), { key, said: 'Unlinked' })
  return (
    <Panel title="Shared single sign-on">
      <p className="muted">
        Several organizations can sign in by the identity provider and domains of one, the admin organization, which has
        no projects of its own.
      </p>
      <ErrorNote error={join.error ?? leave.error ?? make.error ?? release.error} />
      {links.length === 0 ? null : (
        <Table
          caption="Linked organizations"
          rows={links}
          keyOf={({ organization_id: id }) => id}
          columns={[
            { name: 'Organization', show: ({ name }) => name },
            { name: 'SCIM name', show: ({ scim_name: name }) => name },
            {
              name: 'Do',
              show: ({ organization_id: id, name }) => (
                <Button size="small" kind="danger" onClick={() => release.mutate(id)} aria-label={`Unlink ${name}`}>
                  Unlink
                </Button>
              ),
            },
          ]}
        />
      )}
      {made === null ? null : (
        <SecretOnce what="Linking code" secret={made} note={<p>It is good once, for a day.</p>} />
      )}
      {link === null ? (
        <>
          <div>
            <Button onClick={() => make.mutate(undefined)} isBusy={make.isPending}>
              Make a linking code
            </Button>
          </div>
          <Form label="Link this organization" onSend={() => join.mutate(undefined)}>
            <Field
              label="Linking code of another organization"
              isMono
              autoComplete="off"
              value={code}
              onChange={(event) => setCode(event.target.value)}
            />
            <div>
              <Button type="submit" disabled={code === ''} isBusy={join.isPending}>
                Link this organization
              </Button>
            </div>
          </Form>
        </>
      ) : (
        <div>
          <Button kind="danger" onClick={() => leave.mutate(undefined)} isBusy={leave.isPending}>
            Unlink this organization
          </Button>
        </div>
      )}
    </Panel>
  )
}
