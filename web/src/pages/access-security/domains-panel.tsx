import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { claimDomain, domainsQuery, removeDomain, verifyDomain } from '../../api/access-security.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
import { Form, Panel } from '../../ui/page.tsx'
import { Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { useChange } from '../organizations/use-change.ts'

/** Claimed domains, each proved by a TXT record that has to stay. */
export const DomainsPanel = ({ organizationId }: { readonly organizationId: number }) => {
  const domains = useQuery(domainsQuery(organizationId))
  const [domain, setDomain] = useState('')
  const [password, setPassword] = useState('')
  const key = ['organizations', organizationId, 'sso-domains']
  const claim = useChange(() => claimDomain(organizationId, domain, password), {
    key,
    said: 'Domain claimed',
    onDone: () => {
      setDomain('')
      setPassword('')
    },
  })
  const verify = useChange((name: string) => verifyDomain(organizationId, name), { key, said: 'Looked at the record' })
  const remove = useChange((name: string) => removeDomain(organizationId, name), { key, said: 'Domain removed' })
  return (
    <Panel title="Domains">
      <p className="muted">
        Whoever has an address of a verified domain is sent to your identity provider. Put the record into the DNS of
        the domain and leave it there: it is looked at every hour, and the domain is lost a week after it is gone.
      </p>
      <ErrorNote error={domains.error ?? verify.error ?? remove.error} />
      <Table
        caption="Domains"
        rows={domains.data ?? []}
        keyOf={(one) => one.domain}
        empty={<p className="muted">No domain is claimed yet.</p>}
        columns={[
          { name: 'Domain', show: (one) => one.domain },
          {
            name: 'State',
            show: ({ verified }) => (
              <Badge tone={verified ? 'good' : 'warn'}>{verified ? 'verified' : 'waiting'}</Badge>
            ),
          },
          {
            name: 'TXT record',
            show: ({ txt_record: record, domain: name }) => (
              <span className="row">
                <code>{record}</code>
                <CopyButton text={record} what={`TXT record of ${name}`} size="small" />
              </span>
            ),
          },
          {
            name: 'Looked at',
            show: ({ last_checked: at }) => (at === null ? 'not yet' : <Time at={at} show="age" />),
          },
          {
            name: 'Do',
            show: ({ domain: name }) => (
              <span className="row">
                <Button
                  size="small"
                  onClick={() => verify.mutate(name)}
                  aria-label={`Look now at the record of ${name}`}
                >
                  Look now
                </Button>
                <Button
                  size="small"
                  kind="danger"
                  onClick={() => remove.mutate(name)}
                  aria-label={`Remove the domain ${name}`}
                >
                  Remove
                </Button>
              </span>
            ),
          },
        ]}
      />
      <Form label="Claim a domain" onSend={() => claim.mutate(undefined)}>
        <Field
          label="Domain"
          required
          placeholder="example.com"
          autoComplete="off"
          value={domain}
          onChange={(event) => setDomain(event.target.value)}
        />
        <Field
          label="Your password, to claim a domain"
          type="password"
          required
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <ErrorNote error={claim.error} />
        <div>
          <Button type="submit" disabled={domain === '' || password === ''} isBusy={claim.isPending}>
            Claim the domain
          </Button>
        </div>
      </Form>
    </Panel>
  )
}
