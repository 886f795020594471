import './security.css'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  beginFactor,
  confirmFactor,
  type FactorSetUp,
  removeFactor,
  renewCodes,
  type Security,
} from '../../../api/sign-in.ts'
import { Badge } from '../../../ui/badge.tsx'
import { Button } from '../../../ui/button.tsx'
import { CopyButton } from '../../../ui/copy-button.tsx'
import { ErrorNote } from '../../../ui/error-note.tsx'
import { Field } from '../../../ui/field.tsx'
import { Form, Panel } from '../../../ui/page.tsx'
import { count } from '../../../words/numbers.ts'
import { ProveDialog } from './prove-dialog.tsx'

type Asked = 'set-up' | 'remove' | 'codes'

/** An authenticator app, and the recovery codes that stand in for it. */
export const FactorPanel = ({
  security,
  onCodes,
}: {
  readonly security: Security
  readonly onCodes: (codes: readonly string[]) => void
}) => {
  const client = useQueryClient()
  const [asked, setAsked] = useState<Asked | null>(null)
  const done = () => {
    setAsked(null)
    return client.invalidateQueries({ queryKey: ['me'] })
  }
  const begin = useMutation({ mutationFn: beginFactor, onSuccess: () => setAsked(null) })
  const remove = useMutation({ mutationFn: removeFactor, onSuccess: done })
  const renew = useMutation({
    mutationFn: renewCodes,
    onSuccess: ({ recovery_codes }) => {
      onCodes(recovery_codes)
      return done()
    },
  })
  const ask = (what: Asked) => {
    for (const one of [begin, remove, renew]) one.reset()
    setAsked(what)
  }
  const shared = { hasPassword: security.has_password, onClose: () => setAsked(null) }
  const isRecoverable = security.second_factor || security.passkeys.length > 0
  return (
    <Panel title="Authenticator app">
      <div className="row">
        {security.second_factor ? <Badge tone="good">On</Badge> : <Badge>Off</Badge>}
        <span>
          {security.second_factor
            ? 'A code of your app is asked for after the password.'
            : 'An app on your phone shows a code that is asked for after the password.'}
        </span>
      </div>
      {begin.data === undefined || security.second_factor ? null : (
        <SetUp
          started={begin.data}
          onCodes={(codes) => {
            onCodes(codes)
            begin.reset()
            return done()
          }}
        />
      )}
      {isRecoverable ? (
        <p className={security.recovery_codes_left < 3 ? '' : 'muted'}>
          {count(security.recovery_codes_left, 'recovery code')} left.
          {security.recovery_codes_left < 3 ? ' Make new ones before they are used up.' : ''}
        </p>
      ) : null}
      <div className="row">
        {security.second_factor ? (
          <Button onClick={() => ask('remove')}>Remove the app</Button>
        ) : begin.data === undefined ? (
          <Button onClick={() => ask('set-up')}>Set up an app</Button>
        ) : null}
        {isRecoverable ? <Button onClick={() => ask('codes')}>Make new recovery codes</Button> : null}
      </div>
      <ProveDialog
        {...shared}
        title="Set up an authenticator app"
        consequence="From then on a code of the app is asked for whenever you log in with a password or a link."
        verb="Go on"
        isOpen={asked === 'set-up'}
        isBusy={begin.isPending}
        error={begin.error}
        onProved={(password) => begin.mutate(password)}
      />
      <ProveDialog
        {...shared}
        title="Remove the authenticator app"
        consequence="Your password alone will do then. Your other sessions end."
        verb="Remove the app"
        isDangerous
        isOpen={asked === 'remove'}
        isBusy={remove.isPending}
        error={remove.error}
        onProved={(password) => remove.mutate(password)}
      />
      <ProveDialog
        {...shared}
        title="Make new recovery codes"
        consequence="The old ones work no longer."
        verb="Make new codes"
        isOpen={asked === 'codes'}
        isBusy={renew.isPending}
        error={renew.error}
        onProved={(password) => renew.mutate(password)}
      />
    </Panel>
  )
}

/** The picture to scan, and the first code. */
const SetUp = ({
  started,
  onCodes,
}: {
  readonly started: FactorSetUp
  readonly onCodes: (codes: readonly string[]) => unknown
}) => {
  const [code, setCode] = useState('')
  const confirm = useMutation({
    mutationFn: () => confirmFactor(code.trim()),
    onSuccess: ({ recovery_codes }) => onCodes(recovery_codes),
  })
  return (
    <Form label="First code" onSend={() => confirm.mutate()}>
      <p>Scan this with your authenticator app, or type the key into it. Then type the code that the app shows.</p>
      <img
        className="qr-code"
        alt="QR code of the key below"
        src={`data:image/svg+xml,${encodeURIComponent(started.qr_svg)}`}
      />
      <div className="row">
        <code className="factor-secret">{started.secret}</code>
        <CopyButton text={started.secret} what="key" size="small" />
      </div>
      <Field
        label="Code of the app"
        inputMode="numeric"
        autoComplete="one-time-code"
        isMono
        required
        maxLength={6}
        value={code}
        onChange={(event) => setCode(event.target.value)}
      />
      <ErrorNote error={confirm.error} />
      <div>
        <Button kind="main" type="submit" isBusy={confirm.isPending}>
          Switch it on
        </Button>
      </div>
    </Form>
  )
}
