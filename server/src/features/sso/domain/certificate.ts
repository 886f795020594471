import { X509Certificate } from 'node:crypto'
import { InvalidRequest } from '../../../kernel/errors.ts'
import { dayMs } from '../../../kernel/time.ts'

/** What an owner is shown of a certificate. */
export interface CertificateFacts {
  readonly fingerprint256: string
  readonly subject: string
  readonly valid_from: string
  readonly valid_to: string
}

const pemBlock = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/

/** A certificate as pasted (PEM) → PEM in one spelling. Throws InvalidRequest for metadata, keys, weak keys and several at once. */
export const readCertificate = (text: string): string => {
  const pem = pemBlock.exec(text)?.[0]
  if (pem === undefined || text.trim() !== pem.trim()) {
    throw new InvalidRequest('a certificate must be one X.509 certificate in PEM; metadata and keys are not accepted')
  }
  const certificate = parsed(pem)
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey
  if (asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) < 2048) {
    throw new InvalidRequest('the key of the certificate must be RSA with at least 2048 bits')
  }
  return certificate.toString()
}

const parsed = (pem: string): X509Certificate => {
  try {
    return new X509Certificate(pem)
  } catch {
    throw new InvalidRequest('the certificate cannot be read')
  }
}

export const factsOf = (pem: string): CertificateFacts => {
  const { fingerprint256, subject, validFromDate, validToDate } = new X509Certificate(pem)
  return {
    fingerprint256,
    subject,
    valid_from: validFromDate.toISOString(),
    valid_to: validToDate.toISOString(),
  }
}

const warnedBeforeMs = 30 * dayMs

/** Nobody else tells (auth §8): sentences about certificates that end within a month, or have ended. */
export const expiryWarnings = (pems: readonly string[], nowMs: number): readonly string[] =>
  pems.flatMap((pem) => {
    const { fingerprint256, validToDate } = new X509Certificate(pem)
    const leftMs = validToDate.getTime() - nowMs
    if (leftMs > warnedBeforeMs) return []
    const when = validToDate.toISOString().slice(0, 10)
    const name = `the certificate ${fingerprint256.slice(0, 23)}…`
    return [leftMs <= 0 ? `${name} expired on ${when}` : `${name} expires on ${when}; add its successor beside it`]
  })
