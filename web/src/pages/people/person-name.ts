import type { Properties } from '../../api/people.ts'

/** What a person is called: by a name, an e-mail address, or the id. */
export const personName = (distinctId: string, properties: Properties): string => {
  const { $name: name, $email: email, $first_name: first, $last_name: last } = properties
  const both = [first, last].filter((part) => typeof part === 'string' && part !== '').join(' ')
  const known = [name, both, email].find((text) => typeof text === 'string' && text !== '')
  return typeof known === 'string' ? known : distinctId
}
