import { useQuery } from '@tanstack/react-query'
import { lookupTablesQuery } from '../../api/project-settings.ts'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Panel } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'

/** ING-25: tables that add columns to a property. */
export const LookupTablesPanel = ({ projectId }: { readonly projectId: number }) => {
  const tables = useQuery(lookupTablesQuery(projectId))
  return (
    <Panel title="Lookup tables">
      <ErrorNote error={tables.error} onRetry={() => tables.refetch()} />
      {tables.isPending ? <SkeletonRows rows={2} what="Loading the lookup tables" /> : null}
      {tables.data === undefined ? null : (
        <Table
          caption="Lookup tables"
          columns={[
            { name: 'Name', show: ({ name }) => name },
            { name: 'Id', show: ({ id }) => <code>{id}</code> },
          ]}
          rows={tables.data}
          keyOf={({ id }) => id}
          empty={
            <EmptyState title="No lookup tables">
              <p>
                A table of a CSV file whose first column is a property, such as <code>sku</code>. It is made by the API
                and filled by <code>PUT /lookup-tables/…</code>.
              </p>
            </EmptyState>
          }
        />
      )}
    </Panel>
  )
}
