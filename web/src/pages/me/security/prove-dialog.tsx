import { type ReactNode, useState } from 'react'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { ErrorNote } from '../../../ui/error-note.tsx'
import { Field } from '../../../ui/field.tsx'
import { Form } from '../../../ui/page.tsx'

export interface ProveDialogProps {
  readonly title: string
  /** What will happen. */
  readonly consequence: string
  /** A verb and its object. */
  readonly verb: string
  readonly isDangerous?: boolean
  /** Without a password a login of a few minutes ago is enough; the server says so when it is older. */
  readonly hasPassword: boolean
  readonly isOpen: boolean
  readonly isBusy: boolean
  readonly error: unknown
  /** Fields of the action itself. */
  readonly children?: ReactNode
  readonly onProved: (password: string | undefined) => void
  readonly onClose: () => void
}

/** Before a way in changes: what happens, and the password again. */
export const ProveDialog = (props: ProveDialogProps) => {
  const [password, setPassword] = useState('')
  const close = () => {
    setPassword('')
    props.onClose()
  }
  return (
    <Dialog title={props.title} description={props.consequence} isOpen={props.isOpen} onClose={close}>
      <Form
        label={props.title}
        onSend={() => {
          setPassword('')
          props.onProved(props.hasPassword ? password : undefined)
        }}
      >
        {props.children}
        {props.hasPassword ? (
          <Field
            label="Your password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        ) : null}
        <ErrorNote error={props.error} />
        <div className="dialog-buttons">
          <Button onClick={close}>Cancel</Button>
          <Button kind={props.isDangerous === true ? 'danger' : 'main'} type="submit" isBusy={props.isBusy}>
            {props.verb}
          </Button>
        </div>
      </Form>
    </Dialog>
  )
}
