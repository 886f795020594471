import './code-block.css'
import type { ReactNode } from 'react'
import { CopyButton } from './copy-button.tsx'

/** A secret that is shown this once: the server keeps its hash only. */
export const SecretOnce = ({ what, secret, note }: { what: string; secret: string; note?: ReactNode }) => (
  <section className="secret" aria-label={what}>
    <h3>{what}</h3>
    <p>It is shown this once. Copy it to where you keep secrets before you leave this page.</p>
    <div className="row">
      <code>{secret}</code>
      <CopyButton text={secret} what={what} />
    </div>
    {note}
  </section>
)
