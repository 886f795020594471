import type { Lethe } from './lethe.ts'

/** Headers of a person who has logged in, and of our own client. */
export const logIn = async (
  lethe: Lethe,
  { email, password }: { readonly email: string; readonly password: string },
): Promise<Readonly<Record<string, string>>> => {
  const { status, text, headers } = await lethe.post('/api/app/login', { body: { email, password } })
  if (status !== 200) throw new Error(`${email} could not log in: ${status} ${text}`)
  const [cookie = ''] = headers['set-cookie'] as readonly string[]
  return { Cookie: cookie.split(';', 1)[0] ?? '', 'X-Lethe-Client': 'test' }
}
