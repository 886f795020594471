import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { lexiconCsvPath } from '../../api/lexicon.ts'
import type { MyProject } from '../../api/session.ts'
import { useMe } from '../../api/session.ts'
import { useProjectId } from '../../shell/place.ts'
import { Button } from '../../ui/button.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { NotFoundPage } from '../not-found-page.tsx'
import { ImportDialog } from './import-dialog.tsx'
import { type LexiconSearch, type LexiconTab, lexiconSearch } from './lexicon-search.ts'
import { NameList } from './name-list.tsx'
import { Notices } from './notices.tsx'
import { SettingsPanel } from './settings-panel.tsx'

/** LEX-06: the events and properties of a project, and what people say about them. */
export const Page = () => {
  const mine = useMe().projects[String(useProjectId())]
  return mine === undefined ? <NotFoundPage /> : <Lexicon mine={mine} />
}

const lists = [
  ['events', 'Events'],
  ['event-properties', 'Event properties'],
  ['profile-properties', 'Profile properties'],
] as const

const Lexicon = ({ mine }: { readonly mine: MyProject }) => {
  const navigate = useNavigate()
  const search = lexiconSearch(useSearch({ strict: false }))
  const { list = 'events' } = search
  const [isImporting, setImporting] = useState(false)
  const show = (changed: { [Name in keyof LexiconSearch]: LexiconSearch[Name] | undefined }) =>
    navigate({ to: '.', search: lexiconSearch({ ...search, ...changed }), replace: true }).catch(() => undefined)
  const mayWrite = mine.permissions.includes('lexicon:write')
  return (
    <Frame
      title="Lexicon"
      intro="What the names in this project mean, and which of them are used."
      actions={
        <>
          {mine.permissions.includes('lexicon:export') ? (
            <a className="button" href={lexiconCsvPath(mine.id)} download>
              Download CSV
            </a>
          ) : null}
          {mayWrite ? <Button onClick={() => setImporting(true)}>Import CSV</Button> : null}
        </>
      }
    >
      <Notices projectId={mine.id} />
      <Tabs
        label="Parts of the lexicon"
        value={list}
        onChange={(next) => show({ list: next as LexiconTab, open: undefined, status: undefined })}
        tabs={[
          ...lists.map(([value, label]) => ({
            value,
            label,
            panel: <NameList key={value} mine={mine} list={value} search={search} onShow={show} />,
          })),
          { value: 'settings', label: 'Standards', panel: <SettingsPanel projectId={mine.id} mayWrite={mayWrite} /> },
        ]}
      />
      <ImportDialog projectId={mine.id} isOpen={isImporting} onClose={() => setImporting(false)} />
    </Frame>
  )
}
