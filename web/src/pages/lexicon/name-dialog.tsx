import { useState } from 'react'
import {
  changeLexicon,
  type LexiconItem,
  type LexiconList,
  lexiconKey,
  mergeNames,
  unmergeNames,
} from '../../api/lexicon.ts'
import type { MyProject } from '../../api/session.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Checkbox, Field, TextArea } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'
import { useSave } from '../settings/use-save.ts'
import { wordsIn } from './matching.ts'
import { MergeField } from './merge-field.tsx'

export interface NameDialogProps {
  readonly mine: MyProject
  readonly list: LexiconList
  readonly item: LexiconItem
  /** All of the list: what it can be merged into. */
  readonly others: readonly LexiconItem[]
  readonly onClose: () => void
}

/** One name: what it is called and means, who owns it, and what becomes of it. */
export const NameDialog = ({ mine, list, item, others, onClose }: NameDialogProps) => {
  const isEvent = list === 'events'
  const mayWrite = mine.permissions.includes('lexicon:write')
  const mayGovern = mine.permissions.includes('lexicon:govern')
  const [shown, setShown] = useState(item.display_name ?? '')
  const [description, setDescription] = useState(item.description ?? '')
  const [tags, setTags] = useState((item.tags ?? []).join(', '))
  const [owners, setOwners] = useState((item.contacts ?? []).join(', '))
  const [isHidden, setHidden] = useState(item.status === 'pending' ? false : item.hidden)
  const [isBlocked, setBlocked] = useState(item.blocked)
  const [isVerified, setVerified] = useState(item.verified !== null && item.verified !== undefined)
  const [into, setInto] = useState('')
  const kind = isEvent ? ('event' as const) : ('event-property' as const)
  const save = useSave(async () => {
    const set = {
      display_name: shown === '' ? null : shown,
      description: description === '' ? null : description,
      hidden: isHidden,
      ...(isEvent ? { tags: wordsIn(tags), contacts: wordsIn(owners), verified: isVerified } : {}),
      ...(isBlocked === item.blocked ? {} : { blocked: isBlocked }),
    }
    await changeLexicon(mine.id, list, { names: [item.name], set })
    if (into !== '') await mergeNames(mine.id, kind, [item.name], into)
  }, [lexiconKey(mine.id)])
  const unmerge = useSave(() => unmergeNames(mine.id, kind, [item.name]), [lexiconKey(mine.id)], 'Taken apart')
  const done = { onSuccess: onClose }
  return (
    <Dialog
      title={item.display_name ?? item.name}
      description={<code>{item.name}</code>}
      isOpen
      onClose={onClose}
      buttons={
        <>
          <Button onClick={onClose}>Close</Button>
          {mayWrite ? (
            <Button kind="main" isBusy={save.isPending} onClick={() => save.mutate(undefined, done)}>
              Save
            </Button>
          ) : null}
        </>
      }
    >
      {item.status === 'pending' ? (
        <Note tone="warn" title="Waits for approval">
          It is stored, and in no list. Saving it approves it.
        </Note>
      ) : null}
      <Field
        label="Display name"
        value={shown}
        disabled={!mayWrite}
        onChange={(event) => setShown(event.target.value)}
      />
      <TextArea
        label="Description"
        rows={3}
        value={description}
        disabled={!mayWrite}
        onChange={(event) => setDescription(event.target.value)}
      />
      {isEvent ? (
        <>
          <Field
            label="Tags"
            hint="With commas between them"
            value={tags}
            disabled={!mayWrite}
            onChange={(event) => setTags(event.target.value)}
          />
          <Field
            label="Owners"
            hint="E-mails of members, with commas between them"
            value={owners}
            disabled={!mayWrite}
            onChange={(event) => setOwners(event.target.value)}
          />
          <Checkbox
            label="Verified"
            hint="You vouch for it."
            checked={isVerified}
            disabled={!mayWrite}
            onChange={(event) => setVerified(event.target.checked)}
          />
        </>
      ) : null}
      <Checkbox
        label="Hidden"
        hint="In no menu and not in “any event”. It is stored, and answered when it is asked for."
        checked={isHidden}
        disabled={!mayWrite}
        onChange={(event) => setHidden(event.target.checked)}
      />
      {list === 'profile-properties' ? null : (
        <Checkbox
          label="Blocked"
          hint={`From now on ${isEvent ? 'it is not stored' : 'it is taken out of events'}. What is stored stays. For owners.`}
          checked={isBlocked}
          disabled={!mayGovern}
          onChange={(event) => setBlocked(event.target.checked)}
        />
      )}
      {list === 'profile-properties' ? null : (
        <MergeField
          item={item}
          others={others}
          isAllowed={mayGovern}
          value={into}
          onChange={setInto}
          isBusy={unmerge.isPending}
          onUnmerge={() => unmerge.mutate(undefined, done)}
        />
      )}
      <ErrorNote error={save.error ?? unmerge.error} />
    </Dialog>
  )
}
