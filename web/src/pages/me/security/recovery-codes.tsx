import './security.css'
import { useEffect, useRef } from 'react'
import { Button } from '../../../ui/button.tsx'
import { CopyButton } from '../../../ui/copy-button.tsx'

/** Shown this once. */
export const RecoveryCodes = ({
  codes,
  onKept,
}: {
  readonly codes: readonly string[]
  readonly onKept: () => void
}) => {
  const heading = useRef<HTMLHeadingElement>(null)
  // They stand at the top of the page, which may be out of sight.
  useEffect(() => heading.current?.focus(), [])
  return (
    <section className="secret" aria-label="Recovery codes">
      <h3 ref={heading} tabIndex={-1}>
        Recovery codes
      </h3>
      <p>
        They are shown this once. Each stands in for your authenticator app or passkey, once. Keep them where you can
        reach them without your phone.
      </p>
      <ul className="recovery-codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className="row">
        <CopyButton text={codes.join('\n')} what="recovery codes" />
        <Button kind="main" onClick={onKept}>
          I have kept them
        </Button>
      </div>
    </section>
  )
}
