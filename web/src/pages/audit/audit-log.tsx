import '../organizations/organizations.css'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import {
  type AuditAsked,
  type AuditOwner,
  type AuditRecord,
  auditPath,
  auditQuery,
  auditTypesQuery,
} from '../../api/audit.ts'
import { projectsQuery } from '../../api/organizations.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { Button } from '../../ui/button.tsx'
import { RawJson } from '../../ui/code-block.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'

/** Who did what, when. The log only grows; it names nobody of the data. */
export const AuditLog = ({ owner }: { readonly owner: AuditOwner }) => {
  const asked = useSearch({ strict: false }) as AuditAsked
  const log = useInfiniteQuery(auditQuery(owner, asked))
  const [shown, setShown] = useState<AuditRecord | null>(null)
  const records = log.data?.pages.flatMap(({ results }) => results) ?? []
  return (
    <Frame
      title="Audit log"
      intro="Who did what, newest first. Entries cannot be changed; they name nobody of your data."
      actions={
        <>
          <a className="button" data-kind="plain" download href={auditPath(owner, asked, 'csv')}>
            Download CSV
          </a>
          <a className="button" data-kind="plain" download href={auditPath(owner, asked, 'ndjson')}>
            Download NDJSON
          </a>
        </>
      }
    >
      <Filters owner={owner} asked={asked} />
      <ErrorNote error={log.error} onRetry={() => log.refetch()} />
      {log.isPending ? <SkeletonRows what="Loading the log" /> : null}
      {log.data === undefined ? null : (
        <Table
          caption="Audit log"
          rows={records}
          keyOf={({ id }) => id}
          empty={
            <EmptyState title="Nothing here">
              <p>No entry is like this. Widen the filters.</p>
            </EmptyState>
          }
          columns={[
            { name: 'What', show: ({ display_name: name }) => name },
            { name: 'Who', show: ({ actor }) => actor.name ?? actor.type },
            { name: 'When', show: ({ occurred_at: at }) => <Time at={at} /> },
            { name: 'On', show: ({ target }) => target?.name ?? target?.id ?? '' },
            {
              name: 'Entry',
              show: (record) => (
                <Button
                  size="small"
                  onClick={() => setShown(record)}
                  aria-label={`Show the entry ${record.display_name}, number ${record.id}`}
                >
                  Show
                </Button>
              ),
            },
          ]}
        />
      )}
      {log.hasNextPage ? (
        <div>
          <Button onClick={() => log.fetchNextPage()} isBusy={log.isFetchingNextPage}>
            Load older entries
          </Button>
        </div>
      ) : null}
      <Dialog
        title={shown?.display_name ?? ''}
        isOpen={shown !== null}
        onClose={() => setShown(null)}
        buttons={<Button onClick={() => setShown(null)}>Close</Button>}
      >
        {shown === null ? null : <RawJson value={shown} />}
      </Dialog>
      <AsCurl path={auditPath(owner, asked)} />
    </Frame>
  )
}

const Filters = ({ owner, asked }: { readonly owner: AuditOwner; readonly asked: AuditAsked }) => {
  const navigate = useNavigate()
  const types = useQuery(auditTypesQuery).data ?? []
  const isOfOrganization = owner.kind === 'organizations'
  const projects = useQuery({ ...projectsQuery(owner.id), enabled: isOfOrganization }).data ?? []
  const set = (change: AuditAsked) => {
    const search = Object.fromEntries(Object.entries({ ...asked, ...change }).filter(([, value]) => value))
    navigate({ to: '.', search, replace: true }).catch(() => undefined)
  }
  const sorted = types.toSorted((a, b) => a.display_name.localeCompare(b.display_name))
  return (
    <search className="filters" aria-label="Filters of the log">
      <Select
        label="What"
        value={asked.type ?? ''}
        choices={[
          { value: '', label: 'Everything' },
          ...sorted.map(({ event_type: value, display_name: label }) => ({ value, label })),
        ]}
        onChange={(event) => set({ type: event.target.value })}
      />
      <Field
        label="Who"
        placeholder="e-mail or user name"
        autoComplete="off"
        defaultValue={asked.actor ?? ''}
        onBlur={(event) => set({ actor: event.target.value.trim() })}
        onKeyDown={(event) => (event.key === 'Enter' ? set({ actor: event.currentTarget.value.trim() }) : undefined)}
      />
      {isOfOrganization ? (
        <Select
          label="Project"
          value={asked.project ?? ''}
          choices={[
            { value: '', label: 'All, and none' },
            ...projects.map(({ id, name }) => ({ value: String(id), label: name })),
          ]}
          onChange={(event) => set({ project: event.target.value })}
        />
      ) : null}
      <Field
        label="From"
        type="date"
        value={asked.from ?? ''}
        onChange={(event) => set({ from: event.target.value })}
      />
      <Field label="To" type="date" value={asked.to ?? ''} onChange={(event) => set({ to: event.target.value })} />
    </search>
  )
}
