import { ErrorNote } from '../ui/error-note.tsx'
import { Page } from '../ui/page.tsx'

/** What is shown instead of a page that broke. */
export const BrokenPage = ({ error }: { readonly error: unknown }) => (
  <Page title="This page could not be shown">
    <ErrorNote error={error} onRetry={() => window.location.reload()} />
  </Page>
)
