import { useState } from 'react'
import { putSso, removeSso, type SsoSettings } from '../../api/access-security.ts'
import { RegionBadge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { DefinitionList } from '../../ui/definition-list.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Checkbox, Field, TextArea } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'
import { Form, Panel } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { UploadField } from '../../ui/upload-field.tsx'
import { useChange } from '../organizations/use-change.ts'

const Copied = ({ text, what }: { readonly text: string; readonly what: string }) => (
  <span className="row">
    <code className="breakable">{text}</code>
    <CopyButton text={text} what={what} size="small" />
  </span>
)

/** What the identity provider has to be told, for each region. */
export const ProviderAddresses = ({ addresses }: { readonly addresses: SsoSettings['service_provider'] }) => (
  <Panel title="Tell your identity provider">
    <p className="muted">
      A sign-in lands in the region whose address it is given. Add one application for each region that you use. The
      attribute <code>email</code> is needed; <code>firstName</code> and <code>lastName</code> are taken if they are
      there.
    </p>
    {addresses.map(({ region, acs_url: acs, entity_id: entity, postback_url: postback }) => (
      <div className="stack" key={region}>
        <div>
          <RegionBadge region={region} />
        </div>
        <DefinitionList
          entries={[
            ['Sign-on (postback) URL', <Copied key="p" text={postback} what={`sign-on URL of ${region}`} />],
            ['ACS, recipient, destination', <Copied key="a" text={acs} what={`ACS URL of ${region}`} />],
            ['Entity id, audience', <Copied key="e" text={entity} what={`entity id of ${region}`} />],
          ]}
        />
      </div>
    ))}
  </Panel>
)

/** The identity provider itself: its issuer, address and certificate; whether it is on, and whether it is the only way. */
export const SsoPanel = ({
  organizationId,
  configuration,
}: {
  readonly organizationId: number
  readonly configuration: SsoSettings['configuration']
}) => {
  const [issuer, setIssuer] = useState(configuration?.issuer ?? '')
  const [signInUrl, setSignInUrl] = useState(configuration?.sign_in_url ?? '')
  const [pem, setPem] = useState(configuration?.certificates.map((one) => one.pem.trim()).join('\n') ?? '')
  const [isOn, setIsOn] = useState(configuration?.enabled ?? true)
  const [isRequired, setIsRequired] = useState(configuration?.required ?? false)
  const [isEnding, setIsEnding] = useState(false)
  const key = ['organizations', organizationId]
  const save = useChange(
    () =>
      putSso(organizationId, {
        issuer,
        sign_in_url: signInUrl,
        certificates: certificatesIn(pem),
        enabled: isOn,
        required: isOn && isRequired,
      }),
    { key, said: 'Single sign-on saved' },
  )
  const end = useChange(() => removeSso(organizationId), { key, said: 'Single sign-on removed' })
  return (
    <Panel title="Identity provider (SAML 2.0)">
      {configuration?.warnings.map((text) => (
        <Note key={text} tone="warn" title={text} />
      ))}
      <Form label="Identity provider" onSend={() => save.mutate(undefined)}>
        <Field
          label="Issuer"
          hint="Also called entity id of the identity provider."
          required
          isMono
          autoComplete="off"
          value={issuer}
          onChange={(event) => setIssuer(event.target.value)}
        />
        <Field
          label="Sign-in URL"
          hint="Where people are sent to sign in."
          type="url"
          required
          isMono
          autoComplete="off"
          value={signInUrl}
          onChange={(event) => setSignInUrl(event.target.value)}
        />
        <TextArea
          label="Certificate"
          hint="X.509 in PEM. Two, one below the other, while the provider changes its key."
          required
          isMono
          rows={6}
          spellCheck={false}
          value={pem}
          onChange={(event) => setPem(event.target.value)}
        />
        <UploadField
          label="Or its file"
          accept=".pem,.cert,.crt,.cer"
          bytesMax={20_000}
          onText={(text) => setPem(text.trim())}
        />
        {configuration?.certificates.map(({ subject, valid_to: end }) => (
          <span className="muted" key={end}>
            {subject.replaceAll('\n', ', ')}: valid until <Time at={end} show="day" />
          </span>
        ))}
        <Checkbox label="On" checked={isOn} onChange={(event) => setIsOn(event.target.checked)} />
        <Checkbox
          label="Required"
          hint="Members sign in by the provider only, and sessions by password end. Owners and admins keep their password. Needs a verified domain."
          disabled={!isOn}
          checked={isOn && isRequired}
          onChange={(event) => setIsRequired(event.target.checked)}
        />
        <ErrorNote error={save.error} />
        <div className="row">
          <Button kind="main" type="submit" isBusy={save.isPending}>
            Save the identity provider
          </Button>
          {configuration?.enabled === true ? (
            <a
              className="button"
              data-kind="plain"
              href={`/security/login/${organizationId}`}
              target="_blank"
              rel="noreferrer"
            >
              Test the sign-in
            </a>
          ) : null}
          {configuration !== null && !configuration.enabled ? (
            <Button kind="danger" onClick={() => setIsEnding(true)}>
              Remove
            </Button>
          ) : null}
        </div>
      </Form>
      <ConfirmDialog
        title="Remove the identity provider"
        consequence="Its settings are gone for good. Domains stay claimed."
        verb="Remove the identity provider"
        isOpen={isEnding}
        isBusy={end.isPending}
        error={end.error}
        onConfirm={() => end.mutate(undefined)}
        onClose={() => setIsEnding(false)}
      />
    </Panel>
  )
}

const certificatesIn = (text: string): readonly string[] =>
  text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [text]
