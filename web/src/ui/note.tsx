import './notes.css'
import type { ReactNode } from 'react'

/** Something to know before going on. */
export const Note = ({
  tone = 'plain',
  title,
  children,
}: {
  readonly tone?: 'plain' | 'warn' | 'danger' | 'good'
  readonly title?: string
  readonly children?: ReactNode
}) => (
  <div className="note" data-tone={tone}>
    {title === undefined ? null : <strong>{title}</strong>}
    {children}
  </div>
)
