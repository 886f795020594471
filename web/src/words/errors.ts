import { ApiError } from '../api/request.ts'

export interface ErrorWords {
  /** What happened. */
  readonly title: string
  /** What to do. */
  readonly advice: string
}

/** A sentence as the server says it, with a capital and a full stop. */
const sentence = (text: string): string => {
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.?]$/.test(begun) ? begun : `${begun}.`
}

/** The one place that turns errors into words. The server's own sentence says what happened; here is what to do. */
export const wordsOf = (error: unknown): ErrorWords => {
  if (!(error instanceof ApiError)) {
    return { title: 'This page met something that it does not know.', advice: 'Nothing was sent. Reload the page.' }
  }
  return { title: error.status >= 500 ? titleOfFault(error) : sentence(error.message), advice: adviceOf(error) }
}

const titleOfFault = ({ status }: ApiError): string =>
  status === 503 ? 'The server cannot do this right now.' : 'The server met a fault.'

const adviceOf = ({ status, message, retryAfterSeconds }: ApiError): string => {
  if (status === 0) return 'Nothing was changed. Check your connection, then try again.'
  if (/send this request to/.test(message)) return 'Open this project at the host of its region.'
  if (status === 401) return 'Check what you typed, or log in again.'
  if (/not your password/.test(message)) return 'Type it again.'
  if (/requires single sign-on/.test(message)) return 'Go to the login, type your e-mail, and choose single sign-on.'
  if (/^sign in again/.test(message)) return 'Log out, log in again, and come back here.'
  if (status === 403) return 'Ask an owner of the organization if you need this.'
  if (status === 404) return 'It may have been removed. Go back and look at the list.'
  if (status === 409) return 'Nothing was changed. Reload to see what is there now.'
  if (status === 413) return 'Send less at once.'
  if (status === 429) return `Try again in ${retryAfterSeconds ?? 60} seconds.`
  if (status >= 500) return 'Try again. If it stays, give the request id to whoever runs the server.'
  return 'Nothing was changed. Correct it and try again.'
}
