import './page.css'
import { type ReactNode, useEffect } from 'react'
import { announce } from './live-region.tsx'

export interface PageProps {
  /** The name of what the page shows; also the title of the window. */
  readonly title: string
  /** Badges beside the title. */
  readonly status?: ReactNode
  readonly intro?: ReactNode
  /** Buttons of the whole page. */
  readonly actions?: ReactNode
  readonly children?: ReactNode
}

/** One heading, and what is below it. */
export const Page = ({ title, status, intro, actions, children }: PageProps) => {
  usePageTitle(title)
  return (
    <div className="page">
      <header className="page-head">
        <div className="stack">
          <div className="page-title">
            <h1 tabIndex={-1}>{title}</h1>
            {status}
          </div>
          {intro === undefined ? null : <div className="page-intro">{intro}</div>}
        </div>
        {actions === undefined ? null : <div className="row">{actions}</div>}
      </header>
      {children}
    </div>
  )
}

export const usePageTitle = (title: string): void => {
  useEffect(() => {
    const isNext = document.title !== ownTitle
    document.title = `${title} · ${ownTitle}`
    // A browser reads out the title of the first page by itself; of the next ones it knows nothing.
    if (isNext) announce(title)
  }, [title])
}

/** As in index.html. */
const ownTitle = 'Lethe'

/** A part of a page with a heading of its own. `danger`: what takes things away. */
export const Panel = ({
  title,
  tone,
  children,
}: {
  readonly title: string
  readonly tone?: 'danger'
  readonly children: ReactNode
}) => (
  <section className="panel" data-tone={tone} aria-label={title}>
    <h2>{title}</h2>
    {children}
  </section>
)

/** One column; Enter sends it. */
export const Form = ({
  label,
  onSend,
  children,
}: {
  readonly label: string
  readonly onSend: () => void
  readonly children: ReactNode
}) => (
  <form
    className="form"
    aria-label={label}
    onSubmit={(event) => {
      event.preventDefault()
      onSend()
    }}
  >
    {children}
  </form>
)
