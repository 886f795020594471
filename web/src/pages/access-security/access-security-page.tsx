import '../organizations/organizations.css'
import { useQuery } from '@tanstack/react-query'
import { linkQuery, ssoQuery } from '../../api/access-security.ts'
import { useMe } from '../../api/session.ts'
import { useOrganizationId } from '../../shell/place.ts'
import { AsCurl } from '../../ui/as-curl.tsx'
import { Badge } from '../../ui/badge.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Note } from '../../ui/note.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { NotFoundPage } from '../not-found-page.tsx'
import { isAdmin } from '../organizations/roles.ts'
import { DomainsPanel } from './domains-panel.tsx'
import { ScimPanel } from './scim-panel.tsx'
import { SecondFactorPanel } from './second-factor-panel.tsx'
import { SharedSsoPanel } from './shared-sso-panel.tsx'
import { ProviderAddresses, SsoPanel } from './sso-panel.tsx'

/** How people of the organization sign in: identity provider, domains, SCIM, second factor. */
export const Page = () => {
  const organizationId = useOrganizationId()
  const organization = useMe().organizations[String(organizationId)]
  return isAdmin(organization?.role) ? <AccessSecurity organizationId={organizationId} /> : <NotFoundPage />
}

const AccessSecurity = ({ organizationId }: { readonly organizationId: number }) => {
  const sso = useQuery(ssoQuery(organizationId))
  const link = useQuery(linkQuery(organizationId)).data ?? null
  const configuration = sso.data?.configuration ?? null
  const state = configuration === null ? 'not set up' : configuration.enabled ? 'on' : 'off'
  return (
    <Frame
      title="Access security"
      status={sso.data === undefined ? null : <Badge tone={state === 'on' ? 'good' : 'plain'}>sign-on {state}</Badge>}
      intro="How members sign in. Owners and admins can always log in with their password and put things right."
    >
      <ErrorNote error={sso.error} onRetry={() => sso.refetch()} />
      {sso.isPending ? <SkeletonRows what="Loading the settings" /> : null}
      {link === null ? null : (
        <Note tone="warn" title={`People sign in by organization ${link.admin_organization_id}`}>
          <span>Settings and domains of this organization count for nothing while it is linked.</span>
        </Note>
      )}
      {sso.data === undefined ? null : (
        <>
          <ProviderAddresses addresses={sso.data.service_provider} />
          <SsoPanel key={configuration?.issuer ?? ''} organizationId={organizationId} configuration={configuration} />
        </>
      )}
      <DomainsPanel organizationId={organizationId} />
      <ScimPanel organizationId={organizationId} />
      <SecondFactorPanel organizationId={organizationId} />
      <SharedSsoPanel organizationId={organizationId} link={link} />
      <AsCurl path={`/api/app/organizations/${organizationId}/sso`} />
    </Frame>
  )
}
