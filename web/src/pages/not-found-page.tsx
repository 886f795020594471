import { ButtonLink } from '../ui/button.tsx'
import { Page } from '../ui/page.tsx'

export const NotFoundPage = () => (
  <main>
    <Page title="There is no such page" intro="The address may be mistyped, or what it showed was removed.">
      <div>
        <ButtonLink to="/">Go to your projects</ButtonLink>
      </div>
    </Page>
  </main>
)
