import '../events/events.css'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type ImportOutcome, importPeople } from '../../api/people.ts'
import { useMe } from '../../api/session.ts'
import { pathTo } from '../../page-paths.ts'
import { useProjectId } from '../../shell/place.ts'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Checkbox } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { Table } from '../../ui/table.tsx'
import { UploadField } from '../../ui/upload-field.tsx'
import { count, number } from '../../words/numbers.ts'
import { NotFoundPage } from '../not-found-page.tsx'
import { firstRows } from './first-rows.ts'

const bytesMax = 200 * 1_024 * 1_024
const shownRowCount = 5

interface Chosen {
  readonly text: string
  readonly name: string
  readonly rows: readonly (readonly string[])[]
}

/** RPT-05: profiles from a CSV file: preview, names of the columns, and then the import. */
export const Page = () => {
  const projectId = useProjectId()
  const mine = useMe().projects[String(projectId)]
  if (mine === undefined || !mine.permissions.includes('profiles:write')) return <NotFoundPage />
  return <ImportPeople projectId={projectId} />
}

const ImportPeople = ({ projectId }: { readonly projectId: number }) => {
  const client = useQueryClient()
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const [hasHeader, setHasHeader] = useState(true)
  const [columns, setColumns] = useState<readonly string[]>([])
  const upload = useMutation({
    mutationFn: () => importPeople(projectId, { text: chosen?.text ?? '', columns, hasHeader }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['projects', projectId] }),
  })
  const take = (text: string, name: string) => {
    const rows = firstRows(text, shownRowCount + 1)
    setChosen({ text, name, rows })
    setColumns(rows[0] ?? [])
    upload.reset()
  }
  const idColumn = columns.includes('$distinct_id') ? '$distinct_id' : columns.includes('$email') ? '$email' : null
  return (
    <Frame
      title="Import people"
      intro="A CSV file with a person in each row and a property in each column; up to 1,000,000 rows."
      actions={<ButtonLink to={pathTo('people', { projectId })}>Back to the users</ButtonLink>}
    >
      <UploadField
        label="CSV file"
        hint="The column named $distinct_id says who; without it $email does; without both everybody is somebody new."
        accept=".csv,text/csv"
        bytesMax={bytesMax}
        onText={take}
      />
      {chosen === null ? null : (
        <>
          <Checkbox
            label="The first line names the columns"
            checked={hasHeader}
            onChange={(event) => {
              setHasHeader(event.target.checked)
              setColumns((chosen.rows[0] ?? []).map((name) => (event.target.checked ? name : '')))
            }}
          />
          <Preview
            chosen={chosen}
            hasHeader={hasHeader}
            columns={columns}
            onName={(at, name) => setColumns(columns.map((one, place) => (place === at ? name : one)))}
          />
          <Note tone={idColumn === null ? 'warn' : 'plain'}>
            {idColumn === null
              ? 'No column is named $distinct_id or $email: every row makes a new person.'
              : `People are found by ${idColumn}. Properties that they have are set anew; others stay.`}
          </Note>
          <ErrorNote error={upload.error} />
          {upload.data === undefined ? (
            <div>
              <Button kind="main" isBusy={upload.isPending} onClick={() => upload.mutate()}>
                Import {chosen.name}
              </Button>
            </div>
          ) : (
            <Outcome outcome={upload.data} />
          )}
        </>
      )}
    </Frame>
  )
}

interface PreviewProps {
  readonly chosen: Chosen
  readonly hasHeader: boolean
  readonly columns: readonly string[]
  readonly onName: (at: number, name: string) => void
}

const Preview = ({ chosen, hasHeader, columns, onName }: PreviewProps) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
  <section className="table-frame" aria-label="The first rows" tabIndex={0}>
    <table className="table">
      <caption className="for-screen-readers">The first rows of {chosen.name}</caption>
      <thead>
        <tr>
          {columns.map((name, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place
            <th scope="col" key={at}>
              <input
                className="input"
                aria-label={`Property of column ${at + 1}`}
                placeholder="left out"
                value={name}
                onChange={(event) => onName(at, event.target.value)}
              />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {chosen.rows.slice(hasHeader ? 1 : 0).map((row, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
          <tr key={place}>
            {columns.map((_, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place
              <td key={at}>{row[at] ?? ''}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </section>
)

const Outcome = ({ outcome }: { readonly outcome: ImportOutcome }) => (
  <>
    <Note tone={outcome.failed === 0 ? 'good' : 'warn'}>
      {count(outcome.imported, 'row')} of {number(outcome.rows)} imported
      {outcome.failed === 0 ? '.' : `, ${number(outcome.failed)} refused.`}
    </Note>
    {outcome.failed === 0 ? null : (
      <Table
        caption="Refused rows"
        columns={[
          { name: 'Row', align: 'number', show: ({ row }) => number(row) },
          { name: 'Why', show: ({ error }) => error },
        ]}
        rows={outcome.failed_rows}
        keyOf={({ row }) => row}
      />
    )}
  </>
)
