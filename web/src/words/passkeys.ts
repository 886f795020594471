import { ApiError } from '../api/request.ts'

/** What browsers say of passkeys, in our words; answers of the server as they are. */
export const wordsOfPasskey = (error: unknown): unknown => {
  if (!(error instanceof Error) || error instanceof ApiError) return error
  return new ApiError(400, sentenceOf(error), '')
}

const sentenceOf = ({ name, message }: Error): string => {
  if (/not supported/i.test(message)) return 'this browser has no passkeys, or this page is not at a secure address'
  if (name === 'InvalidStateError') return 'this device holds a passkey of yours for this host already'
  if (name === 'SecurityError') return 'passkeys do not work at this address: it is no host name, or not secure'
  return 'no passkey was used: it was cancelled, took too long, or there is none for this host'
}
