import type { LexiconItem } from '../../api/lexicon.ts'
import { Button } from '../../ui/button.tsx'
import { Select } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'

export interface MergeFieldProps {
  readonly item: LexiconItem
  readonly others: readonly LexiconItem[]
  readonly isAllowed: boolean
  /** '' for none. */
  readonly value: string
  readonly onChange: (into: string) => void
  readonly isBusy: boolean
  readonly onUnmerge: () => void
}

/** LEX-07: read as another name, or as itself again. */
export const MergeField = ({ item, others, isAllowed, value, onChange, isBusy, onUnmerge }: MergeFieldProps) => {
  if (item.merged_into !== null && item.merged_into !== undefined) {
    return (
      <Note title={`Questions read it as ${item.merged_into}`}>
        What is stored keeps its name.
        {isAllowed ? (
          <div>
            <Button size="small" isBusy={isBusy} onClick={onUnmerge}>
              Take it apart again
            </Button>
          </div>
        ) : null}
      </Note>
    )
  }
  if (item.name.startsWith('$')) return null
  const targets = others.filter(
    ({ name, merged_into: into }) => name !== item.name && !name.startsWith('$') && (into ?? null) === null,
  )
  return (
    <Select
      label="Merge into"
      hint="Questions then read it as the other one. What is stored keeps its name. For owners."
      value={value}
      disabled={!isAllowed}
      onChange={(event) => onChange(event.target.value)}
      choices={[{ value: '', label: 'None' }, ...targets.map(({ name }) => ({ value: name, label: name }))]}
    />
  )
}
