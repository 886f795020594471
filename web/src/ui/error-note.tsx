import './notes.css'
import { ApiError } from '../api/request.ts'
import { wordsOf } from '../words/errors.ts'
import { Button } from './button.tsx'

/** What happened, what to do, and the request id. Nothing while there is no error. */
export const ErrorNote = ({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) => {
  if (error === null || error === undefined) return null
  const { title, advice } = wordsOf(error)
  const requestId = error instanceof ApiError ? error.requestId : ''
  return (
    <div className="note" data-tone="danger" role="alert">
      <strong>{title}</strong>
      <span>{advice}</span>
      {requestId === '' ? null : (
        <span className="muted">
          Request <code>{requestId}</code>
        </span>
      )}
      {onRetry === undefined ? null : (
        <div>
          <Button size="small" onClick={onRetry}>
            Try again
          </Button>
        </div>
      )}
    </div>
  )
}
