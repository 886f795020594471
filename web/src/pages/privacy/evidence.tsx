import { useMutation } from '@tanstack/react-query'
import type { Evidence, PrivacyRequestDetail } from '../../api/privacy.ts'
import { checkReceipt, receiptKeysPath } from '../../api/receipt.ts'
import { Button } from '../../ui/button.tsx'
import { CodeBlock } from '../../ui/code-block.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { DefinitionList } from '../../ui/definition-list.tsx'
import { DownloadText } from '../../ui/download-text.tsx'
import { Note } from '../../ui/note.tsx'
import { Panel } from '../../ui/page.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { count, number } from '../../words/numbers.ts'
import { holderWord } from '../../words/privacy.ts'

type HolderRow = Evidence['holders'][number]

const columns: readonly Column<HolderRow>[] = [
  { name: 'Held in', show: ({ holder }) => holderWord(holder) },
  { name: 'Rows before', align: 'number', show: ({ rows_before: rows }) => number(rows) },
  {
    name: 'Rows after',
    align: 'number',
    show: ({ rows_after: rows }) => (rows === null ? <span className="muted">not looked yet</span> : number(rows)),
  },
  { name: 'Partitions', align: 'number', show: ({ partitions_before: all }) => number(all.length) },
]

/** What was counted before, and found after. */
export const EvidencePanel = ({ evidence }: { readonly evidence: Evidence }) => (
  <Panel title="Counts">
    <DefinitionList
      entries={[
        ['Ids asked for', number(evidence.ids_requested)],
        ['With all other ids of the same people', number(evidence.ids_in_clusters)],
        ['Of which nothing was held', number(evidence.ids_unknown)],
        ...(evidence.retired_parts_removed === null
          ? []
          : [['Files removed from the disk', number(evidence.retired_parts_removed)] as const]),
        ...(evidence.attempts === 0 ? [] : [['Attempts', number(evidence.attempts)] as const]),
      ]}
    />
    <Table caption="Counts by holder" columns={columns} rows={evidence.holders} keyOf={({ holder }) => holder} />
  </Panel>
)

/** The signed receipt, and how to check it without believing this page. */
export const ReceiptPanel = ({ request, receipt }: { request: PrivacyRequestDetail; receipt: string }) => {
  const check = useMutation({ mutationFn: () => checkReceipt(receipt) })
  return (
    <Panel title="Receipt">
      <p>
        Signed by this installation: what was asked, what was counted before and after, and when the look found nothing.
        It holds no id of anybody.
      </p>
      <div className="row">
        <Button isBusy={check.isPending} onClick={() => check.mutate()}>
          Check the signature here
        </Button>
        <CopyButton text={receipt} what="receipt" label="Copy the receipt" />
        <DownloadText text={receipt} name={`receipt-${request.tracking_id}.jws`} label="Download the receipt" />
      </div>
      <div role="status">
        {check.data ? (
          <Note tone="good" title="The signature is right">
            <span>
              Key <code>{check.data.keyId}</code>, finished at {String(check.data.claims['finished_at'])}.
            </span>
          </Note>
        ) : null}
        {check.data === null ? (
          <Note tone="danger" title="The signature is not right">
            <span>The receipt was changed, or the key of this installation is another than when it was signed.</span>
          </Note>
        ) : null}
        {check.error === null ? null : (
          <Note tone="warn" title="This browser cannot check it here">
            <span>Use the commands below.</span>
          </Note>
        )}
      </div>
      <HowToCheck request={request} />
    </Panel>
  )
}

const HowToCheck = ({ request }: { readonly request: PrivacyRequestDetail }) => {
  const rows = request.evidence?.holders.reduce((sum, { rows_before: before }) => sum + before, 0) ?? 0
  return (
    <details>
      <summary>How to check this yourself</summary>
      <div className="stack">
        <ol>
          <li>
            The signature: the keys are open to all at <code>{receiptKeysPath}</code>. Keep a copy of them, so that a
            later key proves nothing about an earlier receipt.
          </li>
          <li>
            The data: ask for an export of the same ids. Its manifest says <code>nothing_held</code> (unless they came
            back since). This erasure began with {count(rows, 'row')}.
          </li>
          <li>
            The disk: where you run the engine yourself, look for the ids in its files; the erasure waited until the
            files that held them were gone.
          </li>
        </ol>
        <CodeBlock
          what="Check the signature with Node"
          code={`// npm install jose, save the receipt as receipt.jws, then: node check.mjs
import { readFileSync } from 'node:fs'
import { compactVerify, createRemoteJWKSet } from 'jose'
const keys = createRemoteJWKSet(new URL('${window.location.origin}${receiptKeysPath}'))
const { payload } = await compactVerify(readFileSync('receipt.jws', 'utf8').trim(), keys)
console.log(JSON.parse(new TextDecoder().decode(payload)))`}
        />
        <p className="muted">It proves that this server said so, and that nothing of it was changed since.</p>
      </div>
    </details>
  )
}
