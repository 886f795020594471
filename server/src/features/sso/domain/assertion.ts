import { SamlRefused } from './refused.ts'

/** An element as node-saml hands out what was signed: `$` attributes, `_` text, children by local name. */
export interface XmlElement {
  readonly $?: Readonly<Record<string, string>>
  readonly _?: string
  readonly [child: string]: unknown
}

export interface ExpectedAssertion {
  readonly issuer: string
  /** True for a URL by which the request came in (Recipient). */
  readonly isOwnAddress: (url: string) => boolean
  readonly isOwnEntityId: (audience: string) => boolean
  readonly nowMs: number
}

/** What a signed assertion says of somebody, once everything about it was found right. */
export interface AssertedPerson {
  readonly email: string
  readonly firstName: string
  readonly lastName: string
  readonly assertionId: string
  readonly inResponseTo: string | null
  /** From then on the times alone refuse the assertion. */
  readonly endsAtMs: number
}

/** Between two clocks (auth §8). */
export const clockSkewMs = 5 * 60_000

const children = (element: XmlElement | undefined, name: string): readonly XmlElement[] => {
  const found = element?.[name]
  // An element with nothing but text comes as a text from some parsers.
  return Array.isArray(found)
    ? found.map((child) => (typeof child === 'string' ? { _: child } : (child as XmlElement)))
    : []
}
const only = (element: XmlElement, name: string): XmlElement => {
  const [first, ...more] = children(element, name)
  if (first === undefined || more.length > 0) throw new SamlRefused(`exactly one ${name} is expected in the assertion`)
  return first
}
const textOf = (element: XmlElement | undefined): string => (element?._ ?? '').trim()

/** The checks that node-saml leaves to its users, and those of time, on what was signed. Throws SamlRefused. */
export const readAssertion = (assertion: XmlElement, expected: ExpectedAssertion): AssertedPerson => {
  if (textOf(only(assertion, 'Issuer')) !== expected.issuer) throw new SamlRefused('it comes from another issuer')
  const assertionId = assertion.$?.['ID'] ?? ''
  if (assertionId === '') throw new SamlRefused('the assertion has no ID')
  if (timeOf(assertion.$, 'IssueInstant') > expected.nowMs + clockSkewMs) {
    throw new SamlRefused('the assertion is of the future')
  }
  const conditions = only(assertion, 'Conditions')
  const conditionsEndAtMs = refuseWrongTime(conditions, expected.nowMs)
  refuseWrongAudience(conditions, expected)
  const subject = only(assertion, 'Subject')
  const { data, endsAtMs } = bearerOf(subject, expected)
  return {
    ...personOf(assertion, subject),
    assertionId,
    inResponseTo: data.$?.['InResponseTo'] ?? null,
    endsAtMs: Math.min(conditionsEndAtMs, endsAtMs) + clockSkewMs,
  }
}

const timeOf = (attributes: Readonly<Record<string, string>> | undefined, name: string): number => {
  const text = attributes?.[name] ?? ''
  const ms = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw new SamlRefused(`${name} must be a UTC time`)
  return ms
}

/** Answers when it ends. An assertion without an end could be kept and shown for ever. */
const refuseWrongTime = (element: XmlElement, nowMs: number): number => {
  const endsAtMs = timeOf(element.$, 'NotOnOrAfter')
  if (endsAtMs <= nowMs - clockSkewMs) throw new SamlRefused('it has expired')
  const startsAtMs = element.$?.['NotBefore'] === undefined ? nowMs : timeOf(element.$, 'NotBefore')
  if (startsAtMs > nowMs + clockSkewMs) throw new SamlRefused('it is not valid yet')
  return endsAtMs
}

const refuseWrongAudience = (conditions: XmlElement, expected: ExpectedAssertion): void => {
  const restrictions = children(conditions, 'AudienceRestriction')
  const isOurs = (restriction: XmlElement): boolean =>
    children(restriction, 'Audience').some((audience) => expected.isOwnEntityId(textOf(audience)))
  if (restrictions.length === 0 || !restrictions.every(isOurs)) {
    throw new SamlRefused('it is meant for another audience')
  }
}

const bearer = 'urn:oasis:names:tc:SAML:2.0:cm:bearer'

const bearerOf = (subject: XmlElement, expected: ExpectedAssertion) => {
  const confirmations = children(subject, 'SubjectConfirmation').filter(({ $ }) => $?.['Method'] === bearer)
  const [confirmation] = confirmations
  if (confirmation === undefined || confirmations.length > 1) {
    throw new SamlRefused('exactly one bearer confirmation is expected')
  }
  const data = only(confirmation, 'SubjectConfirmationData')
  if (!expected.isOwnAddress(data.$?.['Recipient'] ?? '')) throw new SamlRefused('it was sent to another recipient')
  return { data, endsAtMs: refuseWrongTime(data, expected.nowMs) }
}

const personOf = (assertion: XmlElement, subject: XmlElement) => {
  const attributes = children(assertion, 'AttributeStatement').flatMap((statement) => children(statement, 'Attribute'))
  const attributeOf = (name: string): string | null => {
    const named = attributes.filter(({ $ }) => $?.['Name'] === name)
    if (named.length === 0) return null
    const values = named.flatMap((attribute) => children(attribute, 'AttributeValue'))
    if (values.length > 1) throw new SamlRefused(`${name} has several values`)
    return textOf(values[0])
  }
  // auth §8: the name is the e-mail when there is no such attribute.
  const email = (attributeOf('email') ?? textOf(children(subject, 'NameID')[0])).toLowerCase()
  if (!isEmail(email)) throw new SamlRefused('it has no e-mail address: send it as the attribute email')
  const name = (text: string | null): string => (text ?? '').slice(0, 100)
  return { email, firstName: name(attributeOf('firstName')), lastName: name(attributeOf('lastName')) }
}

export const isEmail = (text: string): boolean =>
  text.length <= 254 && /^[^\s@<>"'(),;:\\]+@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]{2,}$/i.test(text)

/** Lower case; the part that an organization claims. */
export const domainOf = (email: string): string => email.slice(email.lastIndexOf('@') + 1).toLowerCase()
