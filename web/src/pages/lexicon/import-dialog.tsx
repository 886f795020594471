import { useState } from 'react'
import { importLexicon, lexiconKey } from '../../api/lexicon.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { UploadField } from '../../ui/upload-field.tsx'
import { useSave } from '../settings/use-save.ts'

/** LEX-08: a file with the columns of the one that is downloaded. */
export const ImportDialog = ({
  projectId,
  isOpen,
  onClose,
}: {
  readonly projectId: number
  readonly isOpen: boolean
  readonly onClose: () => void
}) => {
  const [file, setFile] = useState<{ readonly name: string; readonly text: string } | null>(null)
  const save = useSave((text: string) => importLexicon(projectId, text), [lexiconKey(projectId)], 'Imported')
  const close = () => {
    setFile(null)
    save.reset()
    onClose()
  }
  return (
    <Dialog
      title="Import the lexicon"
      description="Rows overwrite what is said about the names in them; other names stay as they are. An empty cell takes away."
      isOpen={isOpen}
      onClose={close}
      buttons={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button
            kind="main"
            disabled={file === null}
            isBusy={save.isPending}
            onClick={() => (file === null ? undefined : save.mutate(file.text, { onSuccess: close }))}
          >
            Import {file?.name ?? 'the file'}
          </Button>
        </>
      }
    >
      <UploadField
        label="CSV file"
        hint="The columns of the file that is downloaded here"
        accept=".csv,text/csv"
        bytesMax={16 * 1_024 * 1_024}
        onText={(text, name) => setFile({ name, text })}
      />
      <ErrorNote error={save.error} />
    </Dialog>
  )
}
