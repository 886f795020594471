import './notes.css'
import type { ReactNode } from 'react'

/** Teaches: what this page will show, and the one thing that fills it. */
export const EmptyState = ({ title, children, action }: { title: string; children: ReactNode; action?: ReactNode }) => (
  <section className="empty" aria-label={title}>
    <h2>{title}</h2>
    <div>{children}</div>
    {action}
  </section>
)
