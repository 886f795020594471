import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { addPasskey, type Passkey, removePasskey, renamePasskey, type Security } from '../../../api/sign-in.ts'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { ErrorNote } from '../../../ui/error-note.tsx'
import { Field } from '../../../ui/field.tsx'
import { Form, Panel } from '../../../ui/page.tsx'
import { Table } from '../../../ui/table.tsx'
import { Time } from '../../../ui/time.tsx'
import { wordsOfPasskey } from '../../../words/passkeys.ts'
import { ProveDialog } from './prove-dialog.tsx'

/** Passkeys: of this computer, a phone, or a key. They stand for password and second factor. */
export const PasskeysPanel = ({
  security,
  onCodes,
}: {
  readonly security: Security
  readonly onCodes: (codes: readonly string[]) => void
}) => {
  const client = useQueryClient()
  const [asked, setAsked] = useState<'add' | { readonly remove: Passkey } | { readonly rename: Passkey } | null>(null)
  const [name, setName] = useState('')
  const done = () => {
    setAsked(null)
    return client.invalidateQueries({ queryKey: ['me'] })
  }
  const add = useMutation({
    mutationFn: (password: string | undefined) => addPasskey(name.trim(), password),
    onSuccess: ({ recovery_codes }) => {
      setName('')
      if (recovery_codes !== null) onCodes(recovery_codes)
      return done()
    },
  })
  const removed = asked !== null && typeof asked === 'object' && 'remove' in asked ? asked.remove : null
  const renamed = asked !== null && typeof asked === 'object' && 'rename' in asked ? asked.rename : null
  const remove = useMutation({
    mutationFn: (password: string | undefined) => removePasskey(removed?.id ?? '', password),
    onSuccess: done,
  })
  const rename = useMutation({ mutationFn: () => renamePasskey(renamed?.id ?? '', name.trim()), onSuccess: done })
  const close = () => setAsked(null)
  const nameField = (
    <Field
      label="Name"
      hint="What you will know it by: Work laptop, say."
      required
      maxLength={100}
      value={name}
      onChange={(event) => setName(event.target.value)}
    />
  )
  return (
    <Panel title="Passkeys">
      <p>A passkey logs in without a password: this device asks for your finger, face or PIN. It is for this host.</p>
      <Table
        caption="Passkeys"
        rows={security.passkeys}
        keyOf={({ id }) => id}
        empty={<p className="muted">You have none yet.</p>}
        columns={[
          { name: 'Name', show: (passkey) => passkey.name },
          { name: 'Host', show: (passkey) => <code>{passkey.host}</code> },
          { name: 'Made', show: (passkey) => <Time at={passkey.created} show="day" /> },
          {
            name: 'Last used',
            show: ({ last_used }) => (last_used === null ? 'never' : <Time at={last_used} show="age" />),
          },
          {
            name: 'Change',
            show: (passkey) => (
              <div className="row">
                <Button
                  size="small"
                  aria-label={`Rename ${passkey.name}`}
                  onClick={() => {
                    rename.reset()
                    setName(passkey.name)
                    setAsked({ rename: passkey })
                  }}
                >
                  Rename
                </Button>
                <Button
                  size="small"
                  aria-label={`Remove ${passkey.name}`}
                  onClick={() => {
                    remove.reset()
                    setAsked({ remove: passkey })
                  }}
                >
                  Remove
                </Button>
              </div>
            ),
          },
        ]}
      />
      <div>
        <Button
          onClick={() => {
            add.reset()
            setName('')
            setAsked('add')
          }}
        >
          Add a passkey
        </Button>
      </div>
      <ProveDialog
        title="Add a passkey"
        consequence="Your browser asks where to keep it. Your other sessions end."
        verb="Add the passkey"
        hasPassword={security.has_password}
        isOpen={asked === 'add'}
        isBusy={add.isPending}
        error={wordsOfPasskey(add.error)}
        onProved={(password) => add.mutate(password)}
        onClose={close}
      >
        {nameField}
      </ProveDialog>
      <ProveDialog
        title={`Remove ${removed?.name ?? 'the passkey'}`}
        consequence="It logs in no longer. Remove it from the device, too: browsers go on showing it there."
        verb="Remove the passkey"
        isDangerous
        hasPassword={security.has_password}
        isOpen={removed !== null}
        isBusy={remove.isPending}
        error={remove.error}
        onProved={(password) => remove.mutate(password)}
        onClose={close}
      />
      <Dialog title={`Rename ${renamed?.name ?? 'the passkey'}`} isOpen={renamed !== null} onClose={close}>
        <Form label="Rename the passkey" onSend={() => rename.mutate()}>
          {nameField}
          <ErrorNote error={rename.error} />
          <div className="dialog-buttons">
            <Button onClick={close}>Cancel</Button>
            <Button kind="main" type="submit" isBusy={rename.isPending}>
              Rename
            </Button>
          </div>
        </Form>
      </Dialog>
    </Panel>
  )
}
