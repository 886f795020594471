import { archivePath, type PrivacyRequestDetail, type Progress } from '../../api/privacy.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { DefinitionList } from '../../ui/definition-list.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Panel } from '../../ui/page.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { number } from '../../words/numbers.ts'
import { holderWord } from '../../words/privacy.ts'

type ProgressRow = Progress['holders'][number]

const columns: readonly Column<ProgressRow>[] = [
  { name: 'Holder', show: ({ holder }) => holderWord(holder) },
  { name: 'Rows done', align: 'number', show: ({ rows_written: rows }) => number(rows) },
  {
    name: 'Of rows held',
    align: 'number',
    show: ({ rows_held: rows }) => (rows === null ? <span className="muted">not counted</span> : number(rows)),
  },
  {
    name: 'Progress',
    show: ({ holder, rows_written: done, rows_held: held }) =>
      held === null || held === 0 ? (
        ''
      ) : (
        <progress aria-label={`${holderWord(holder)} done`} max={Math.max(held, done)} value={done} />
      ),
  },
]

const contents = {
  DATA: 'events.json (events as raw export writes them), people.json (profiles), manifest.json (what was asked and counted)',
  CATEGORIES: 'categories.json (names of events and properties, no values), manifest.json',
  SOURCES: 'sources.json (how the data was collected), manifest.json',
} as const

/** What is in it, how far it is, where to get it, and who did. */
export const RetrievalPanels = ({ request }: { readonly request: PrivacyRequestDetail }) => {
  const { progress, archive, status } = request
  return (
    <>
      <Panel title="Archive">
        <DefinitionList
          entries={[
            ['Holds', contents[request.disclosure_type]],
            [
              'Of',
              request.compliance_type === 'GDPR'
                ? 'everything of the people, with all their ids'
                : 'the 365 days before the request, with all ids of the people',
            ],
            ...(archive?.kept_until ? [['Kept until', <Time key="kept" at={archive.kept_until} />] as const] : []),
          ]}
        />
        {archive === null ? (
          <p className="muted">{status === 'SUCCESS' ? 'The archive is no longer kept.' : 'There is none yet.'}</p>
        ) : (
          <>
            <div className="row">
              <a
                className="button"
                data-kind="main"
                href={archivePath(request.project_id, request.tracking_id)}
                download={`retrieval-${request.tracking_id}.zip`}
              >
                Download the archive
              </a>
              <CopyButton text={archive.link} what="link" label="Copy a link" />
            </div>
            <p className="muted">
              The copied link opens the archive without a login, for {number(archive.link_days)} days from now.
            </p>
          </>
        )}
      </Panel>
      {progress === null ? null : (
        <Panel title="Rows">
          <Table
            caption="Progress by holder"
            columns={columns}
            rows={progress.holders}
            keyOf={({ holder }) => holder}
          />
        </Panel>
      )}
      {status === 'SUCCESS' ? <Downloads request={request} /> : null}
    </>
  )
}

type DownloadRow = PrivacyRequestDetail['downloads'][number] & { readonly at: string }

const downloadColumns: readonly Column<DownloadRow>[] = [
  { name: 'Who', show: ({ by }) => by ?? 'whoever had the link' },
  { name: 'When', show: ({ at }) => <Time at={at} /> },
]

const Downloads = ({ request: { downloads } }: { readonly request: PrivacyRequestDetail }) => (
  <Panel title="Who downloaded it">
    <Table
      caption="Downloads"
      columns={downloadColumns}
      rows={downloads}
      keyOf={({ at }) => at}
      empty={
        <EmptyState title="Nobody yet">
          <p>Each download shows here and in the audit log.</p>
        </EmptyState>
      }
    />
  </Panel>
)
