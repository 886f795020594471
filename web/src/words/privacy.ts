import type { PrivacyRequest, RequestKind, RequestState, WaitingFor } from '../api/privacy.ts'
import type { Tone } from '../ui/badge.tsx'
import { timeOf } from './dates.ts'

export const kindWords: Readonly<Record<RequestKind, string>> = { retrieval: 'Export', deletion: 'Deletion' }

export const stateTones: Readonly<Record<RequestState, Tone>> = {
  PENDING: 'accent',
  STAGING: 'accent',
  STARTED: 'accent',
  SUCCESS: 'good',
  FAILURE: 'danger',
  REVOKED: 'plain',
}

/** What stores rows of people, in words. */
const holderWords: Readonly<Record<string, string>> = {
  events: 'Events',
  profiles: 'Profiles (with their earlier versions)',
  'ledger of duplicates': 'Ledger of duplicates',
  'cohort members': 'Saved members of cohorts',
  'pages of profiles': 'Lists of profiles that are being read',
  'identity links': 'Links between ids',
  'privacy requests': 'Earlier requests and archives that name them',
}

export const holderWord = (name: string): string => holderWords[name] ?? name

const waitingWords: Readonly<Record<WaitingFor, string>> = {
  grace: 'Waits for its grace to end. Until then it can be taken back, and nothing is touched.',
  worker: 'Waits for its turn: other requests of this region are worked on.',
  retry: 'The last attempt did not end well. It is tried again by itself, and nothing is said to be done before it is.',
  erasing: 'Hidden from every read. The rows are being removed and looked for again, until none is found.',
  collecting: 'The rows are being collected into an archive.',
  ending: 'Nothing is left to find. The receipt is being signed.',
}

/** What a request waits for, as a sentence; empty once it has ended. */
export const waitingSentence = ({ waiting }: Pick<PrivacyRequest, 'waiting'>): string => {
  if (waiting === null) return ''
  return waiting.until === null
    ? waitingWords[waiting.for]
    : `${waitingWords[waiting.for]} Until ${timeOf(waiting.until)}.`
}

/** Why a request cannot be taken back; null: it can. */
export const whyNotCancelable = ({ status, kind }: Pick<PrivacyRequest, 'status' | 'kind'>): string | null => {
  switch (status) {
    case 'PENDING':
    case 'STAGING':
      return null
    case 'STARTED':
      return kind === 'deletion'
        ? 'It has begun, and rows may be gone already: it can no longer be taken back.'
        : 'It has begun: it can no longer be taken back.'
    case 'SUCCESS':
      return 'It is done.'
    case 'FAILURE':
      return 'It has failed. A new request is safe.'
    case 'REVOKED':
      return 'It was taken back.'
  }
}
