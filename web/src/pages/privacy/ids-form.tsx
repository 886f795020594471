import { type Dispatch, type SetStateAction, useState } from 'react'
import { DefinitionList } from '../../ui/definition-list.tsx'
import { TextArea } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'
import { UploadField } from '../../ui/upload-field.tsx'
import { count, number } from '../../words/numbers.ts'
import { idsMax, type ReadIds, readCsv, readLines } from './read-ids.ts'

/** What is in the form: ids stay in the page, they are in no URL and in no storage. */
export interface IdsInput {
  readonly text: string
  /** Of a CSV file; null: none was chosen. */
  readonly file: { readonly name: string; readonly read: ReadIds } | null
}

export const noIds: IdsInput = { text: '', file: null }

/** Typed ids and those of the file, each once. */
export const idsOf = ({ text, file }: IdsInput): ReadIds => {
  const typed = readLines(text)
  if (file === null) return typed
  const ids = [...new Set([...typed.ids, ...file.read.ids])]
  return {
    ids,
    tooLong: [...typed.tooLong, ...file.read.tooLong],
    duplicateCount:
      typed.duplicateCount + file.read.duplicateCount + typed.ids.length + file.read.ids.length - ids.length,
  }
}

export const isUsable = ({ ids }: ReadIds): boolean => ids.length > 0 && ids.length <= idsMax

/** Who: by typing, pasting, or a CSV file, with what was understood. */
export const IdsForm = ({
  input,
  setInput,
}: {
  readonly input: IdsInput
  readonly setInput: Dispatch<SetStateAction<IdsInput>>
}) => {
  const [isShown, setShown] = useState(false)
  const read = idsOf(input)
  return (
    <>
      <TextArea
        label="distinct_ids"
        hint="One per line, as they stand in your events. Every other id of the same person comes along by itself."
        isMono
        rows={5}
        spellCheck={false}
        autoComplete="off"
        value={input.text}
        onChange={(event) => setInput((now) => ({ ...now, text: event.target.value }))}
        fault={read.ids.length > idsMax ? `At most ${number(idsMax)} ids in one request.` : null}
      />
      <UploadField
        label="CSV file"
        hint={`The column distinct_id, or else the first. At most ${number(idsMax)} ids. It is read here, in the browser.`}
        accept=".csv,.txt,.tsv,text/csv,text/plain"
        bytesMax={4 * 1024 * 1024}
        onText={(text, name) => setInput((now) => ({ ...now, file: { name, read: readCsv(text) } }))}
      />
      {read.ids.length === 0 && read.tooLong.length === 0 ? null : (
        <Note title={`${count(read.ids.length, 'id')} understood`}>
          <DefinitionList
            entries={[
              ...(input.file === null
                ? []
                : [['From the file', `${input.file.name}: ${count(input.file.read.ids.length, 'id')}`] as const]),
              ...(read.duplicateCount === 0 ? [] : [['Named again', count(read.duplicateCount, 'time')] as const]),
              ...(read.tooLong.length === 0
                ? []
                : [['Left out', `${count(read.tooLong.length, 'line')} longer than an id can be`] as const]),
            ]}
          />
          <details open={isShown} onToggle={(event) => setShown(event.currentTarget.open)}>
            <summary>Show them</summary>
            {isShown ? <IdList ids={read.ids} /> : null}
          </details>
        </Note>
      )}
    </>
  )
}

const shownMax = 100

/** The first hundred. */
export const IdList = ({ ids }: { readonly ids: readonly string[] }) => (
  <>
    <ul>
      {ids.slice(0, shownMax).map((id) => (
        <li key={id}>
          <code>{id}</code>
        </li>
      ))}
    </ul>
    {ids.length > shownMax ? <p className="muted">and {number(ids.length - shownMax)} more</p> : null}
  </>
)
