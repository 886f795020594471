import { useState } from 'react'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { ErrorNote } from './error-note.tsx'
import { Field } from './field.tsx'

export interface ConfirmDialogProps {
  readonly title: string
  /** What will happen, spelled out. */
  readonly consequence: string
  /** A verb and its object: "Revoke the token". */
  readonly verb: string
  /** Has to be typed first, for what cannot be taken back. */
  readonly typed?: string
  readonly typedLabel?: string
  readonly isOpen: boolean
  readonly isBusy: boolean
  readonly error: unknown
  readonly onConfirm: () => void
  readonly onClose: () => void
}

/** Asks before something is taken away. */
export const ConfirmDialog = (props: ConfirmDialogProps) => {
  const [sent, setSent] = useState('')
  const isRight = props.typed === undefined || sent.trim() === props.typed
  const close = () => {
    setSent('')
    props.onClose()
  }
  return (
    <Dialog
      title={props.title}
      description={props.consequence}
      isOpen={props.isOpen}
      onClose={close}
      buttons={
        <>
          <Button onClick={close}>Keep</Button>
          <Button kind="danger" disabled={!isRight} isBusy={props.isBusy} onClick={props.onConfirm}>
            {props.verb}
          </Button>
        </>
      }
    >
      {props.typed === undefined ? null : (
        <Field
          label={props.typedLabel ?? `Type ${props.typed} to confirm`}
          value={sent}
          autoComplete="off"
          onChange={(event) => setSent(event.target.value)}
        />
      )}
      <ErrorNote error={props.error} />
    </Dialog>
  )
}
