/**
 * Where to go after the login: a page of this host, whatever the query string says. Browsers read tabs, backslashes and
 * two slashes as parts of a host, so the URL is taken apart as they do it, and put together whole.
 */
export const pageOfNext = (next: string | undefined, origin: string): string => {
  const home = `${origin}/`
  if (next === undefined || !next.startsWith('/') || !URL.canParse(next, home)) return home
  const url = new URL(next, home)
  return url.origin === origin ? url.href : home
}
